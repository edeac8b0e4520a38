/**
 * The guidance heatmap: an answer whose tokens are shaded by how far the teacher's distribution is from the student's, in one colour or,
 * where the criteria of the rubric are told apart, in that of the criterion that moves the student most. A token is underlined where the teacher's most likely token is another one, and a table lists the strongest
 * corrections, so that nothing depends on seeing colours.
 */

import type { TokenScores } from '../../../method/scoring/guidance';
import { seriesStyles } from '../../figures/palette';
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
  const colors = criterionColors(guidance);
  const words = Array.from({ length: count }, (_, index) => tokenSpan(guidance, index, { strongest, colors }));
  const hidden = guidance.tokens.length - count;
  const legend = `${caption}; full shade = ${compactNumber(strongest)} nats.`;
  const underlined = hasFavourites(guidance) ? ' Underlined: the teacher’s favourite is another token.' : '';
  return (
    `<section aria-label="Teacher's guidance on an answer" style="${CARD}">` +
    `<div style="white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,monospace;line-height:1.9">${words.join('')}</div>` +
    `${hidden > 0 ? `<div style="${NOTE}">… and ${hidden} more tokens</div>` : ''}` +
    `<div style="${NOTE}">${escapeText(legend + underlined, 600)}</div>` +
    `${criterionLegend(guidance, { count, colors })}` +
    `${correctionTable(guidance, { count, rows: corrections })}</section>`
  );
}

/** The heatmap in words, for viewers without HTML: the answer and its strongest corrections. */
export function guidanceText(guidance: Guidance, rows = 6): string {
  const lines = strongestTokens(guidance, guidance.tokens.length, rows).map((index) => {
    const favourite = guidance.topTeacher[index]?.[0]?.token;
    const instead = favourite === undefined ? '' : ` -> ${JSON.stringify(favourite)}`;
    const by = strongestCriterion(guidance, index).map((name) => `, ${name}`);
    return `${JSON.stringify(guidance.tokens[index])}${instead} (${compactNumber(finite(guidance.divergence[index]))} nats${by})`;
  });
  return visibleText([guidance.tokens.join(''), ...lines].join('\n'), 3000);
}

const ONE_COLOR = '#d55e00';

/** A colour for each criterion, in their order; none where criteria are not told apart. */
const criterionColors = ({ criteria = [] }: Guidance): string[] =>
  seriesStyles(criteria.map((_, k) => String(k + 1))).map(({ color }) => color);

/** A criterion as it is called beside the answer: its number in the rubric, and its title. */
function criterionName({ criteria = [] }: Guidance, k: number): string {
  return `${k + 1} ${visibleText(criteria[k] ?? '', 80)}`;
}

/** Which colour is which criterion, with the number of tokens at which it moves the student most. */
function criterionLegend(
  guidance: Guidance,
  { count, colors }: { readonly count: number; readonly colors: readonly string[] },
): string {
  if (colors.length === 0) return '';
  const own = guidance.criterion?.slice(0, count) ?? [];
  const entries = colors.map((color, k) => {
    const tokens = own.filter((each) => each === k).length;
    const text = escapeText(`${criterionName(guidance, k)}: ${tokens} ${tokens === 1 ? 'token' : 'tokens'}`, 200);
    return `<span style="white-space:nowrap;margin-right:1.2em"><span style="${shade(color, 0.62)};padding:0 .5em">&nbsp;</span> ${text}</span>`;
  });
  return `<div style="${NOTE}">Colour: the criterion that alone moves the student most. ${entries.join(' ')}</div>`;
}

/** A background of `#rrggbb` over whatever is there. */
function shade(color: string, opacity: number): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return `background:rgba(${channels.join(',')},${opacity.toFixed(3)});border-radius:3px`;
}

function tokenSpan(
  guidance: Guidance,
  index: number,
  { strongest, colors }: { readonly strongest: number; readonly colors: readonly string[] },
): string {
  const token = guidance.tokens[index] ?? '';
  const divergence = finite(guidance.divergence[index]);
  // The square root makes small divergences visible; most tokens are near zero.
  const opacity = Math.sqrt(Math.max(0, divergence) / strongest) * 0.62;
  const color = colors[guidance.criterion?.[index] ?? 0] ?? ONE_COLOR;
  const other = differs(guidance, index) ? ';text-decoration:underline wavy 1px;text-underline-offset:4px' : '';
  const style = `${shade(color, opacity)};padding:2px 0${other}`;
  return `<span style="${style}" title="${escapeText(tooltip(guidance, index), 600)}">${escapeText(token, 200)}</span>`;
}

function tooltip(guidance: Guidance, index: number): string {
  const favourites = (guidance.topTeacher[index] ?? [])
    .slice(0, 5)
    .map(({ token, logprob }) => `${JSON.stringify(visibleText(token, 40))} ${percent(Math.exp(logprob))}`);
  return [
    `divergence ${compactNumber(finite(guidance.divergence[index]))} nats`,
    `student ${probability(guidance.studentLogprobs[index])}, teacher ${probability(guidance.teacherLogprobs[index])}`,
    ...strongestCriterion(guidance, index).map((name) => `criterion: ${name}`),
    ...(favourites.length > 0 ? [`teacher's favourites: ${favourites.join(', ')}`] : []),
  ].join('\n');
}

/** The name of the criterion that moves the student most at a token, where criteria are told apart. */
function strongestCriterion(guidance: Guidance, index: number): string[] {
  const k = guidance.criterion?.[index];
  return k === undefined ? [] : [criterionName(guidance, k)];
}

function correctionTable(guidance: Guidance, bounds: { count: number; rows: number }): string {
  const rows = strongestTokens(guidance, bounds.count, bounds.rows).map((index) => ({
    token: quoted(guidance.tokens[index]),
    ...(hasFavourites(guidance) && { 'teacher prefers': quoted(guidance.topTeacher[index]?.[0]?.token) }),
    'student p': probability(guidance.studentLogprobs[index]),
    'teacher p': probability(guidance.teacherLogprobs[index]),
    ...(guidance.criterion && { criterion: strongestCriterion(guidance, index).join() }),
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
