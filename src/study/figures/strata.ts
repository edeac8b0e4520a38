/** The second part at a glance: which strata each signal moves. */
import { cellHeatmap, type NamedCell } from '../../results/figures/cells';
import type { Figure } from '../../results/figures/figure';
import { HEAT_SCALE } from '../../results/figures/palette';
import { type Cell, CONTROLS, DISTILLED, METHODS } from '../cells';
import { type StudyRows, underDecoding } from '../row';
import { ROTATED, stratumLevel } from '../strataAnalysis';
import { TOLD_ROLLOUTS, WITHOUT_SILENT } from '../strataCells';

const { none, filler, placebo, wrong, lawOnly, penalty } = CONTROLS;
const { reference, learned, direct, released, opsd } = DISTILLED;
const { sft, terse, rejection, majority, ssd, grpo, judged, rubrics } = METHODS;

/**
 * The cells by what their signal holds. The card of the silent rules is left out: the base reads any list of rules as a request
 * for the right one (docs/strata.md), so that cell says nothing about content.
 */
const BY_SIGNAL: Readonly<Record<string, readonly Cell[]>> = {
  'no content': [none, filler, placebo, penalty, majority, ssd, terse],
  reward: [rejection, judged, rubrics, grpo],
  told: [reference, lawOnly, learned, released, opsd, sft, ...Object.values(TOLD_ROLLOUTS)],
  'partly told': [direct, WITHOUT_SILENT],
  'told wrongly': [wrong],
};

/** Greedy share of answers that state the right rule: a line for each student, a column for each stratum. */
export function strataFigure(open: StudyRows): Figure | undefined {
  const lines = [
    { name: 'untrained', rows: open.of('strata-contexts', 'none') },
    ...Object.entries(BY_SIGNAL).flatMap(([signal, cells]) =>
      cells.map(({ label }) => ({ name: `${signal} | ${label}`, rows: open.of('strata', label) })),
    ),
  ];
  const cells = lines.flatMap(({ name, rows }) =>
    ROTATED.flatMap((stratum): NamedCell[] => {
      const level = stratumLevel(underDecoding(rows, 'greedy'), stratum);
      return level ? [{ row: name, column: stratum, value: level.value }] : [];
    }),
  );
  if (cells.length === 0) return undefined;
  const bases = new Set(lines.flatMap(({ rows }) => rows.map(({ base }) => base))).size;
  return cellHeatmap(cells, {
    title: `Greedy answers that state the right rule, by how likely the base is to use it untold (${bases === 1 ? 'one base' : `${bases} bases`})`,
    name: 'right rule',
    range: [0, 1],
    colorscale: HEAT_SCALE,
    show: (value) => `${Math.round(100 * value)} %`,
  });
}
