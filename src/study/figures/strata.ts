/** The second part at a glance: which strata each signal moves. */
import { cellHeatmap, type NamedCell } from '../../results/figures/cells';
import type { Figure } from '../../results/figures/figure';
import { HEAT_SCALE } from '../../results/figures/palette';
import { percent } from '../../results/figures/text';
import { CONTROLS, DISTILLED, METHODS } from '../cells';
import { underDecoding } from '../row';
import { ROTATED, stratumLevel } from '../strataAnalysis';
import { CARD, TOLD_ROLLOUTS, WITHOUT_SILENT } from '../strataCells';
import type { StudyRows } from '../tables/parts';

const { none, filler, placebo, wrong, lawOnly, penalty } = CONTROLS;
const { reference, learned, direct, released, opsd } = DISTILLED;
const { sft, terse, rejection, majority, ssd, grpo, judged, rubrics } = METHODS;

/** The cells by what their signal holds: nothing about the question, a reward, its rule in words, and a part of the rules. */
const BY_SIGNAL = [
  none,
  filler,
  placebo,
  penalty,
  majority,
  ssd,
  terse,
  ...[rejection, judged, rubrics, grpo],
  ...[reference, lawOnly, learned, opsd, released, sft, ...Object.values(TOLD_ROLLOUTS)],
  ...[direct, WITHOUT_SILENT, CARD],
  wrong,
];

/** Greedy share of answers that state the right rule: a line for each student, a column for each stratum. */
export function strataFigure(open: StudyRows): Figure | undefined {
  const lines = [
    { name: 'untrained', rows: open.of('strata-contexts', 'none') },
    ...BY_SIGNAL.map(({ label }) => ({ name: label, rows: open.of('strata', label) })),
  ];
  const cells = lines.flatMap(({ name, rows }) =>
    ROTATED.flatMap((stratum): NamedCell[] => {
      const level = stratumLevel(underDecoding(rows, 'greedy'), stratum);
      return level ? [{ row: name, column: stratum, value: level.value }] : [];
    }),
  );
  if (cells.length === 0) return undefined;
  return cellHeatmap(cells, {
    title: 'Greedy answers that state the right rule, by how likely the base is to use it untold',
    name: 'right rule',
    range: [0, 1],
    colorscale: HEAT_SCALE,
    show: (value) => percent(value),
  });
}
