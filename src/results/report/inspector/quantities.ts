/** What a token of an answer can be coloured by, and how: pure functions of its scores, for page and notebook alike. */
import type { StageSettings } from '../../../base/config/configs';
import type { NextToken } from '../../../base/records/rows';
import type { TokenScores } from '../../../method/scoring/guidance';
import { seriesStyles } from '../../figures/palette';

/** How the loss that compared the two sides was cut. */
export type ClipSettings = Pick<StageSettings, 'clip' | 'clip_mode' | 'loss_temperature'>;

/** One number for each token of an answer. */
export interface Quantity {
  readonly key: 'criterion' | 'divergence' | 'ratio' | 'entropy' | 'teacher_entropy' | 'clip' | 'weight';
  readonly label: string;
  readonly unit: string;
  /** Whether it can be below zero, so that it needs two colours. */
  readonly signed: boolean;
  readonly values: readonly number[];
}

/** The quantities that the scores have, the one to begin with first. */
export function quantitiesOf(scores: TokenScores): Quantity[] {
  const { divergence, studentLogprobs, teacherLogprobs, details, weight, criterion } = scores;
  const nats = { unit: 'nats', signed: false } as const;
  const ratio = divergence.map((_, t) => (teacherLogprobs[t] ?? 0) - (studentLogprobs[t] ?? 0));
  return [
    ...(criterion
      ? [{ key: 'criterion', label: 'divergence, by criterion', ...nats, values: divergence } as const]
      : []),
    { key: 'divergence', label: 'divergence', ...nats, values: divergence },
    { key: 'ratio', label: 'log p(teacher) − log p(student)', unit: 'nats', signed: true, values: ratio },
    ...(details
      ? ([
          { key: 'entropy', label: 'entropy of the student', ...nats, values: details.entropy },
          { key: 'teacher_entropy', label: 'entropy of the teacher', ...nats, values: details.teacher_entropy },
        ] as const)
      : []),
    ...(details?.clipped
      ? [
          {
            key: 'clip',
            label: 'taken away by the clip',
            ...nats,
            values: divergence.map((own, t) => own - (details.clipped?.[t] ?? own)),
          } as const,
        ]
      : []),
    ...(weight
      ? [{ key: 'weight', label: 'weight in the loss', unit: '', signed: true, values: weight } as const]
      : []),
  ];
}

const POSITIVE = '#d55e00';
const NEGATIVE = '#0072b2';

/** A number, or 0 in place of one that is missing or not finite. */
export const finite = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) ? value : 0;

/** The largest size among a quantity's first `count` values. */
export const strongestOf = ({ values }: Quantity, count: number): number =>
  values.slice(0, count).reduce((most, value) => Math.max(most, Math.abs(finite(value))), 1e-9);

/** A colour for each criterion, in their order. */
export const criterionColors = (criteria: readonly string[]): string[] =>
  seriesStyles(criteria.map((_, k) => String(k + 1))).map(({ color }) => color);

/** The background of a token, over whatever is behind it. Its square root makes small values visible, for most are near zero. */
export function shadeOf(quantity: Quantity, t: number, look: { strongest: number; color?: string }): string {
  const value = finite(quantity.values[t]);
  const opacity = Math.sqrt(Math.abs(value) / look.strongest) * 0.6;
  const color = look.color ?? (value < 0 ? NEGATIVE : POSITIVE);
  return shade(color, opacity);
}

/** `#rrggbb` at an opacity. */
export function shade(color: string, opacity: number): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return `rgba(${channels.join(',')},${opacity.toFixed(3)})`;
}

/** The places of largest divergence, the largest first, without those below a twentieth of it. */
export function strongestTokens({ divergence }: TokenScores, count: number, most: number): number[] {
  const at = (t: number) => finite(divergence[t]);
  const order = Array.from({ length: count }, (_, t) => t).sort((a, b) => at(b) - at(a));
  const least = at(order[0] ?? 0) / 20;
  return order.filter((t) => at(t) > least).slice(0, most);
}

/** What the teacher would rather have written at a place; undefined where it agrees, or its favourites were not kept. */
export function preferredToken({ details, ids }: TokenScores, t: number): NextToken | undefined {
  const [first] = details?.next[t] ?? [];
  return first && ids && first[0] !== ids[t] ? first : undefined;
}

/** One entry of a token's distributions; probabilities are at the loss's temperature, terms in nats. */
export interface EntryRow {
  readonly token: string;
  readonly teacher: number;
  readonly student: number;
  readonly term: number;
  /** What a clip of single entries leaves of the term. */
  readonly kept: number;
  readonly written: boolean;
}

/** The likeliest next tokens of both sides at a place, and the rest of the vocabulary as one entry. */
export function entryRows(scores: TokenScores, t: number, clip?: ClipSettings): { rows: EntryRow[]; rest: EntryRow } {
  const limit = clip && clip.clip_mode === 'entry' && clip.clip > 0 ? clip.clip : Number.POSITIVE_INFINITY;
  const rows = (scores.details?.next[t] ?? []).map(([id, token, student, teacher, term]) => ({
    token,
    teacher: Math.exp(teacher),
    student: Math.exp(student),
    term,
    kept: Math.min(term, limit),
    written: id === scores.ids?.[t],
  }));
  const sum = (of: (row: EntryRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const divergence = finite(scores.divergence[t]);
  const clipped = scores.details?.clipped?.[t];
  const term = divergence - sum((row) => row.term);
  const entryClip = Number.isFinite(limit) && clipped !== undefined;
  return {
    rows,
    rest: {
      token: '',
      teacher: Math.max(0, 1 - sum((row) => row.teacher)),
      student: Math.max(0, 1 - sum((row) => row.student)),
      term,
      kept: entryClip ? clipped - sum((row) => row.kept) : term,
      written: false,
    },
  };
}
