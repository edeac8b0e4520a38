/** Sums up an audit: what each context's guidance is worth, over all places and by stratum and kind of token. */
import type { Estimate } from '../../results/evaluation/intervals';
import { clusteredMean, clusteredShare } from '../../results/evaluation/statistics';
import { type AuditRow, type Credit, creditOf } from './audit';

/** One context over some places; intervals are over questions. */
export interface ContextCredit {
  readonly context: string;
  readonly places: number;
  /** Change of the share of right answers that following the context brings at a place: the mean of G. */
  readonly gain: Estimate;
  /** Share of the places at which following it helps (G above 0), of those where it makes a difference. */
  readonly helps: Estimate;
  /** Cosine between the guidance and the ideal one over all places of an answer, as one long vector. */
  readonly cosine: Estimate;
}

/** All contexts of an audit, in their order. */
export const contextsIn = (rows: readonly AuditRow[]): string[] => [
  ...new Set(rows.flatMap(({ places }) => places.flatMap(({ told }) => Object.keys(told)))),
];

/** What a context is worth at the places of some rows; undefined where it shows none of their questions. */
export function contextCredit(rows: readonly AuditRow[], context: string): ContextCredit | undefined {
  const questions = rows.map(({ places }) => {
    const answers = new Map<number, Credit[]>();
    for (const place of places) {
      const credit = creditOf(place, context);
      if (credit) answers.set(place.sample, [...(answers.get(place.sample) ?? []), credit]);
    }
    return [...answers.values()];
  });
  const places = questions.map((answers) => answers.flat());
  if (places.flat().length === 0) return undefined;
  return {
    context,
    places: places.flat().length,
    gain: clusteredMean(places.map((own) => own.map(({ gain }) => gain))),
    helps: clusteredShare(places.map((own) => own.flatMap(({ gain }) => (gain === 0 ? [] : [Number(gain > 0)])))),
    cosine: clusteredMean(questions.map((answers) => answers.flatMap(cosineOf))),
  };
}

/** Empty for an answer without a direction: no token is better than another, or the context changes nothing. */
function cosineOf(places: readonly Credit[]): number[] {
  const total = (name: keyof Credit): number => places.reduce((sum, own) => sum + own[name], 0);
  const length = Math.sqrt(total('guidance') * total('ideal'));
  return length > 0 ? [total('inner') / length] : [];
}

/** A property of a place or its question by which credit is shown. */
export type CreditGroup = 'stratum' | 'class' | 'template';

/** The rows with the places of one group alone, by group. */
function grouped(rows: readonly AuditRow[], by: CreditGroup): Map<string, AuditRow[]> {
  const groups = new Map<string, AuditRow[]>();
  for (const row of rows) {
    const names = by === 'class' ? row.places.map((place) => place.class) : [row[by]];
    for (const name of new Set(names)) {
      if (name === null) continue;
      const places = by === 'class' ? row.places.filter((place) => place.class === name) : row.places;
      groups.set(name, [...(groups.get(name) ?? []), { ...row, places }]);
    }
  }
  return groups;
}

/** A cell for each context and group. */
export const creditBy = (rows: readonly AuditRow[], by: CreditGroup): (ContextCredit & { readonly group: string })[] =>
  contextsIn(rows).flatMap((context) =>
    [...grouped(rows, by)].flatMap(([group, own]) => {
      const credit = contextCredit(own, context);
      return credit ? [{ ...credit, group }] : [];
    }),
  );
