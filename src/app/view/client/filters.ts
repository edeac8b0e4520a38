/** Which answers the list shows, and in which order. */
import type { Answer } from './store';

export interface Filters {
  readonly search: string;
  /** Empty for all runs. */
  readonly run: string;
  readonly label: string;
  readonly verdict: string;
  readonly flaw: string;
  readonly stratum: string;
  readonly task: string;
  readonly from: string;
  readonly to: string;
  readonly order: 'file' | 'divergence' | 'longest' | 'question';
}

export const NO_FILTERS: Filters = {
  ...{ search: '', run: '', label: '', verdict: '', flaw: '', stratum: '', task: '', from: '', to: '' },
  order: 'file',
};

/** The answers that fit, in order. */
export function filtered(answers: readonly Answer[], filters: Filters): readonly Answer[] {
  const { search, run, label, verdict, flaw, stratum, task, from, to, order } = filters;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const [first, last] = [from === '' ? -Infinity : Number(from), to === '' ? Infinity : Number(to)];
  const stepped = from !== '' || to !== '';
  const found = answers.filter(
    (own) =>
      (run === '' || own.run === Number(run)) &&
      (label === '' || own.label === label) &&
      (verdict === '' || own.verdict === verdict) &&
      (flaw === '' || (flaw === 'truncated' ? own.truncated : flaw === 'unparsed' ? own.unparsed : own.details)) &&
      (stratum === '' || own.stratum === stratum) &&
      (task === '' || own.task === task) &&
      (!stepped || (own.step !== null && own.step >= first && own.step <= last)) &&
      words.every((word) => own.searched.includes(word)),
  );
  if (order === 'divergence') return found.sort((a, b) => (b.divergence ?? -1) - (a.divergence ?? -1));
  if (order === 'longest') return found.sort((a, b) => b.tokens - a.tokens);
  if (order === 'question')
    return found.sort((a, b) => (a.question < b.question ? -1 : a.question > b.question ? 1 : 0));
  return found;
}
