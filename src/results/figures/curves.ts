/** Draws training curves: one panel for each metric, one line for each run. */

import { type Axis, type Figure, panelSuffix, type ScatterTrace } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';
import { visibleText } from './text';

/** One line of metrics.jsonl: `step` and any number of named numbers. */
export interface CurveRow {
  readonly [metric: string]: unknown;
}

/** The metrics of one run, in the order of its steps. */
export interface RunCurves {
  readonly name: string;
  readonly metrics: readonly CurveRow[];
}

/** One panel: a metric's name in metrics.jsonl and the title above the panel. */
export interface CurvePanel {
  readonly metric: string;
  readonly label: string;
}

/** The metrics worth watching in a distillation run. */
export const CURVE_PANELS: readonly CurvePanel[] = [
  { metric: 'loss', label: 'loss' },
  { metric: 'divergence/true', label: 'divergence (nats/token)' },
  { metric: 'entropy', label: 'entropy (nats/token)' },
  { metric: 'completions/mean_length', label: 'answer length (tokens)' },
];

export interface CurveOptions {
  readonly title?: string;
  readonly panels?: readonly CurvePanel[];
}

/** The named number of a row; null, which leaves a gap in the line, for anything that is not a finite number. */
export function metricOf(row: CurveRow, metric: string): number | null {
  const value = row[metric];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Panels over the training steps, two in a row; panels for which no run has a number are left out. */
export function trainingCurves(runs: readonly RunCurves[], options: CurveOptions = {}): Figure {
  const { title = 'Training', panels = CURVE_PANELS } = options;
  const shown = panels.filter(({ metric }) =>
    runs.some((run) => run.metrics.some((row) => metricOf(row, metric) !== null)),
  );
  const styles = seriesStyles(runs.map(({ name }) => name));
  const columns = Math.min(2, Math.max(1, shown.length));
  const rows = Math.max(1, Math.ceil(shown.length / columns));
  const axes: Record<`xaxis${string}` | `yaxis${string}`, Axis> = {};
  shown.forEach(({ label }, index) => {
    const suffix = panelSuffix(index);
    axes[`xaxis${suffix}`] = { title: { text: 'step' }, type: 'linear', gridcolor: GRID_COLOR };
    axes[`yaxis${suffix}`] = { title: { text: label }, type: 'linear', gridcolor: GRID_COLOR, automargin: true };
  });
  return {
    data: shown.flatMap(({ metric }, index) =>
      runs.map((run, at) => curve(run, metric, { panel: index, style: styles[at] as SeriesStyle })),
    ),
    layout: {
      ...baseLayout(title),
      showlegend: runs.length > 1,
      height: 140 + 220 * rows,
      grid: { rows, columns, pattern: 'independent', xgap: 0.25, ygap: 0.4 },
      ...axes,
    },
  };
}

function curve(run: RunCurves, metric: string, place: { panel: number; style: SeriesStyle }): ScatterTrace {
  const { panel, style } = place;
  return {
    ...seriesTrace(visibleText(run.name, 60), { style, panel, size: 7, legend: panel === 0 }),
    mode: run.metrics.length < 3 ? 'lines+markers' : 'lines',
    x: run.metrics.map((row, index) => metricOf(row, 'step') ?? index),
    y: run.metrics.map((row) => metricOf(row, metric)),
  };
}
