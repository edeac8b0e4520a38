/**
 * The guidance heatmap: an answer whose tokens are shaded by how far the teacher's distribution is from the student's.
 * A token is underlined where the teacher's most likely token is another one, and a table lists the strongest
 * corrections, so that nothing depends on seeing colours.
 */

import type { TokenScores } from '../../../method/scoring/guidance';
import { compactNumber, escapeText, percent, visibleText } from '../../figures/text';
import { CARD, NOTE } from './style';
import { tableHtml } from './table';

/** One answer, token by token. */
export type Guidance = TokenScores;

export interface GuidanceOptions {
  readonly caption?: string;
  /** How many tokens are shown, default 1,500. */
  readonly maxTokens?: number;
  /** Rows of the table of strongest corrections, default 6; 0 leaves the table out. */
  readonly corrections?: number;
}

/**
 * An HTML card. Hovering over a token shows both probabilities, the divergence and the teacher's most likely tokens.
 */
export function guidanceHeatmap(guidance: Guidance, options: GuidanceOptions = {}): string {
  const {
    caption = 'Shading: how far the teacher is from the student at this token',
    maxTokens = 1500,
    corrections = 6,
  } = options;
  const count = Math.min(guidance.tokens.length, maxTokens);
  // A loop, because spreading thousands of values into Math.max overflows the stack.
  const strongest = guidance.divergence.slice(0, count).reduce((most, value) => Math.max(most, finite(value)), 1e-9);
  const words = Array.from({ length: count }, (_, index) => tokenSpan(guidance, index, strongest));
  const hidden = guidance.tokens.length - count;
  const legend = `${caption}; full shade = ${compactNumber(strongest)} nats.`;
  const underlined = hasFavourites(guidance) ? ' Underlined: the teacher’s favourite is another token.' : '';
  return (
    `<section aria-label="Teacher's guidance on an answer" style="${CARD}">` +
    `<div style="white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,monospace;line-height:1.9">${words.join('')}</div>` +
    `${hidden > 0 ? `<div style="${NOTE}">… and ${hidden} more tokens</div>` : ''}` +
    `<div style="${NOTE}">${escapeText(legend + underlined, 600)}</div>` +
    `${correctionTable(guidance, { count, rows: corrections })}</section>`
  );
}

/** The heatmap in words, for viewers without HTML: the answer and its strongest corrections. */
export function guidanceText(guidance: Guidance, rows = 6): string {
  const lines = strongestTokens(guidance, guidance.tokens.length, rows).map((index) => {
    const favourite = guidance.topTeacher[index]?.[0]?.token;
    const instead = favourite === undefined ? '' : ` -> ${JSON.stringify(favourite)}`;
    return `${JSON.stringify(guidance.tokens[index])}${instead} (${compactNumber(finite(guidance.divergence[index]))} nats)`;
  });
  return visibleText([guidance.tokens.join(''), ...lines].join('\n'), 3000);
}

function tokenSpan(guidance: Guidance, index: number, strongest: number): string {
  const token = guidance.tokens[index] ?? '';
  const divergence = finite(guidance.divergence[index]);
  // The square root makes small divergences visible; most tokens are near zero.
  const shade = Math.sqrt(Math.max(0, divergence) / strongest) * 0.62;
  const other = differs(guidance, index) ? ';text-decoration:underline wavy 1px;text-underline-offset:4px' : '';
  const style = `background:rgba(213,94,0,${shade.toFixed(3)});border-radius:3px;padding:2px 0${other}`;
  return `<span style="${style}" title="${escapeText(tooltip(guidance, index), 600)}">${escapeText(token, 200)}</span>`;
}

function tooltip(guidance: Guidance, index: number): string {
  const favourites = (guidance.topTeacher[index] ?? [])
    .slice(0, 5)
    .map(({ token, logprob }) => `${JSON.stringify(visibleText(token, 40))} ${percent(Math.exp(logprob))}`);
  return [
    `divergence ${compactNumber(finite(guidance.divergence[index]))} nats`,
    `student ${probability(guidance.studentLogprobs[index])}, teacher ${probability(guidance.teacherLogprobs[index])}`,
    ...(favourites.length > 0 ? [`teacher's favourites: ${favourites.join(', ')}`] : []),
  ].join('\n');
}

function correctionTable(guidance: Guidance, bounds: { count: number; rows: number }): string {
  const rows = strongestTokens(guidance, bounds.count, bounds.rows).map((index) => ({
    token: quoted(guidance.tokens[index]),
    ...(hasFavourites(guidance) && { 'teacher prefers': quoted(guidance.topTeacher[index]?.[0]?.token) }),
    'student p': probability(guidance.studentLogprobs[index]),
    'teacher p': probability(guidance.teacherLogprobs[index]),
    nats: finite(guidance.divergence[index]),
  }));
  return rows.length === 0 ? '' : tableHtml(rows, { caption: 'Where they differ most' });
}

/** The places of largest divergence, without those below a twentieth of the largest. */
function strongestTokens(guidance: Guidance, count: number, rows: number): number[] {
  const at = (index: number) => finite(guidance.divergence[index]);
  const order = Array.from({ length: count }, (_, index) => index).sort((a, b) => at(b) - at(a));
  const least = at(order[0] ?? 0) / 20;
  return order.filter((index) => at(index) > least).slice(0, rows);
}

function hasFavourites(guidance: Guidance): boolean {
  return guidance.topTeacher.some((favourites) => favourites.length > 0);
}

function quoted(token = ''): string {
  return visibleText(JSON.stringify(token), 40);
}

/**
 * Whether the teacher's most likely token is another one. Decided by probability, because the text of a token in the
 * answer may contain the space before it.
 */
function differs(guidance: Guidance, index: number): boolean {
  const favourite = guidance.topTeacher[index]?.[0];
  const own = guidance.teacherLogprobs[index];
  return favourite !== undefined && own !== undefined && favourite.logprob > own + 1e-4;
}

function probability(logprob: number | undefined): string {
  return logprob === undefined ? '–' : percent(Math.exp(logprob));
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}
