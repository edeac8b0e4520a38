/** Figures over random worlds: in how many of them an ordering holds, and how effects depend on the content uplift. */
import { type DotRow, dotPlot } from '../../results/figures/dots';
import type { Figure } from '../../results/figures/figure';
import { type LineSeries, linesFigure } from '../../results/figures/lines';
import { shareOfWorlds } from '../analysis';
import type { StudyRows } from '../row';
import { drawnAt, rowsOf } from '../tables/parts';
import { gapsOf, ORDERINGS, OUTCOMES, PREDICTORS, worldLines } from '../tables/worlds';

/** The share of worlds in which each ordering holds, with Wilson's interval. */
export function orderingsFigure(open: StudyRows): Figure | undefined {
  const lines = worldLines(open);
  const rows = ORDERINGS.flatMap((ordering): DotRow[] => {
    const gaps = gapsOf(lines, ordering);
    return gaps.length > 0
      ? [{ name: `${ordering.join(' > ')} (${gaps.length})`, values: [shareOfWorlds(gaps.map((gap) => gap > 0))] }]
      : [];
  });
  if (rows.length === 0) return undefined;
  return dotPlot(`In what share of random worlds does an ordering hold? (${drawnAt(rowsOf(open, 'worlds'))})`, [
    {
      title: 'students (worlds)',
      axis: "share of worlds, Wilson's 95 % interval",
      series: ['share'],
      rows,
      range: [0, 1],
      shares: true,
      lines: [{ label: 'chance', value: 0.5 }],
    },
  ]);
}

const AGAINST = 'content uplift in context (reference − placebo)';

/** Results of the students over the content uplift of their world, one point for each world. */
export function upliftFigure(open: StudyRows): Figure | undefined {
  const lines = worldLines(open);
  const uplift = PREDICTORS[AGAINST];
  const panels = Object.entries(OUTCOMES).flatMap(([title, outcome]) => {
    const series = lines.flatMap((line): LineSeries[] => {
      const [x, value] = [uplift?.(line), outcome(line)];
      if (x === undefined || value === undefined) return [];
      return [{ name: 'a world', x: [x], y: [value] }];
    });
    const joined: LineSeries = { name: 'a world', x: series.flatMap(({ x }) => x), y: series.flatMap(({ y }) => y) };
    return series.length > 0
      ? [{ title, axis: 'reference − placebo in context', points: true, shares: true, series: [joined] }]
      : [];
  });
  return panels.length > 0
    ? linesFigure(
        `Results of the students over the content uplift of their world, one point each (${drawnAt(rowsOf(open, 'worlds'))})`,
        panels,
      )
    : undefined;
}
