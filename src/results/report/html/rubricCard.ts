/**
 * Shows a rubric beside its question: criteria with weights and importance, pitfalls marked in words, and where the
 * rubric came from.
 */

import type { Question } from '../../../base/records/question';
import type { Criterion, Importance, Polarity, Rubric } from '../../../base/records/rubric';
import { compactNumber, escapeText } from '../../figures/text';
import { CARD, LINE, NOTE } from './style';

const COLORS: Readonly<Record<Importance, string>> = {
  essential: '#d55e00',
  important: '#0072b2',
  optional: '#009e73',
  pitfall: '#c0699b',
};

/** The most criteria shown; a rubric that a model wrote may be very long. */
const MOST_CRITERIA = 40;

/** An HTML card. Whether meeting a criterion is a merit or a fault is said in words, not by colour alone. */
export function rubricCard(rubric: Rubric, question?: Question): string {
  const shown = rubric.criteria.slice(0, MOST_CRITERIA);
  const hidden = rubric.criteria.length - shown.length;
  const from = [`source: ${rubric.source}`, `question: ${rubric.questionId}`];
  if (rubric.seed !== undefined) from.push(`seed: ${rubric.seed}`);
  return (
    `<section aria-label="Rubric" style="${CARD}">${question ? questionHead(question) : ''}` +
    `<ol style="list-style:none;margin:8px 0;padding:0">${shown.map(criterionItem).join('')}</ol>` +
    `${hidden > 0 ? `<div style="${NOTE}">… and ${hidden} more criteria</div>` : ''}` +
    `${shown.length === 0 ? '<p>This rubric has no criteria.</p>' : ''}` +
    `<div style="${NOTE}">${escapeText(from.join(' · '), 300)}</div></section>`
  );
}

function questionHead(question: Question): string {
  const choices = (question.choices ?? []).slice(0, 26).map((choice) => `<li>${escapeText(choice, 400)}</li>`);
  const list = choices.length > 0 ? `<ol type="A" style="margin:4px 0">${choices.join('')}</ol>` : '';
  return `<div><strong>Question.</strong> ${escapeText(question.question, 1500)}</div>${list}`;
}

function criterionItem(criterion: Criterion): string {
  const { importance, polarity, weight } = criterion;
  // A rubric that was read from a file may contain any word here.
  const color = (importance && COLORS[importance]) ?? '#6e7781';
  const pitfall = importance === 'pitfall';
  const label = `${pitfall ? '&#9888; ' : ''}${escapeText(importance ?? 'no class given', 40)}`;
  const sign = weight > 0 ? '+' : weight < 0 ? '−' : '';
  const border = `border-left:5px ${pitfall ? 'dashed' : 'solid'} ${color};border-bottom:${LINE}`;
  return (
    `<li style="${border};padding:6px 10px;margin:0">` +
    `<strong style="float:right;padding-left:1em;font-variant-numeric:tabular-nums" title="weight">` +
    `${sign}${compactNumber(Math.abs(weight))}</strong><strong>${escapeText(criterion.title, 200)}</strong> ` +
    `<span style="font-size:.8em;border:1px solid ${color};border-radius:1em;padding:0 .6em;white-space:nowrap">${label}</span> ` +
    `<span style="font-size:.86em;opacity:.8">${polarityWords(pitfall, polarity)}</span><br>` +
    `${escapeText(criterion.description, 1000)}</li>`
  );
}

/** Said only where a reader could misunderstand: at pitfalls, and where meeting the criterion is a fault. */
function polarityWords(pitfall: boolean, polarity: Polarity | null): string {
  if (polarity === 'satisfied is bad') return 'a fault if met';
  return pitfall && polarity === 'satisfied is good' ? 'a merit if met' : '';
}
