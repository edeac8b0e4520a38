/** What docs/strata.md predicted for each cell, before the runs, and whether it came. */
import { type Cell, CONTROLS, DISTILLED, METHODS } from './cells';
import type { StudyRow } from './row';
import { type Contrast, effectIn, ROTATED } from './strataAnalysis';
import { CARD, TOLD_ROLLOUTS, WITHOUT_SILENT } from './strataCells';

/** The direction in which a true-rule share moves, against the untrained base. */
export type Sign = '+' | '0' | '−';

/** Predicted signs in modal, minority, gated and silent. */
type Signs = readonly [Sign, Sign, Sign, Sign];

const SHARPENS: Signs = ['+', '0', '0', '0'];
const REACHES_SAMPLED: Signs = ['+', '+', '0', '0'];
const ALL_BUT_SILENT: Signs = ['+', '+', '+', '0'];
const ALL: Signs = ['+', '+', '+', '+'];

const { none, filler, placebo, wrong, lawOnly, penalty } = CONTROLS;
const { reference, learned, direct, released, opsd } = DISTILLED;
const { sft, terse, rejection, majority, ssd, grpo, judged, rubrics } = METHODS;

const named = (signs: Signs, ...labels: readonly string[]): [string, Signs][] => labels.map((label) => [label, signs]);
const signed = (signs: Signs, ...cells: readonly Cell[]): [string, Signs][] =>
  named(signs, ...cells.map(({ label }) => label));

/** By the label of a cell of the experiments `strata` and `relatives`. */
export const PREDICTED: ReadonlyMap<string, Signs> = new Map([
  ...signed(SHARPENS, none, filler, placebo, penalty, majority, ssd),
  ...signed(REACHES_SAMPLED, grpo, rejection, judged, rubrics),
  ...signed(ALL_BUT_SILENT, direct, WITHOUT_SILENT),
  ...signed(ALL, reference, lawOnly, learned, opsd, released, sft, ...Object.values(TOLD_ROLLOUTS)),
  ...signed(['0', '0', '0', '+'], CARD),
  ...signed(['0', '0', '0', '0'], terse),
  ...signed(['−', '−', '0', '0'], wrong),
  ...named(ALL, 'CriPO', 'GRPO + OPSD', 'GRPO + RCSD', "RCSD, teacher's top 5", 'RCSD, union of top 5'),
  ...named(REACHES_SAMPLED, 'CriPO, flips alone', 'sampled tokens, reference rubrics', 'IW-OPD, reference rubrics'),
  ...named(REACHES_SAMPLED, "RCSD, student's top 5", 'RLSD', 'RLSD, reference rubrics', 'CoRT, untold policy'),
  ...named(SHARPENS, CONTROLS.sameFamily.label, 'OPSA', 'OPSA, fixed advantage'),
  ...named(['0', '0', '0', '0'], 'CoRT'),
]);

/** Effects below this are no movement, however narrow their interval: the bound of P2 and P3. */
const LEAST = 0.05;

/** `+` or `−` where the interval excludes zero and the effect is at least 5 points. */
export const signOf = ({ value, low, high }: Contrast): Sign => {
  if (Math.abs(value) < LEAST || (low <= 0 && high >= 0)) return '0';
  return value > 0 ? '+' : '−';
};

/** The signs by which a cell's runs moved off their own bases, by stratum; undefined where no base has a row. */
export function movements(rows: readonly StudyRow[], untrained: readonly StudyRow[]): readonly (Sign | undefined)[] {
  const before = rows.flatMap(({ base, seed }) =>
    untrained.flatMap((row) => (row.base === base ? { ...row, seed } : [])),
  );
  return ROTATED.map((stratum) => {
    const effect = effectIn(rows, before, stratum);
    return effect && signOf(effect);
  });
}
