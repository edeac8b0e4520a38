/** Draws dot plots: named rows with points and intervals, in one or several panels side by side. */

import {
  type Axis,
  type DotTrace,
  errorBars,
  type Figure,
  panelSuffix,
  type UprightLine,
  uprightLine,
  type ValueWithInterval,
} from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';
import { visibleText } from './text';

/** One row: a value for each series, in their order. A value without an interval has itself as both ends. */
export interface DotRow {
  readonly name: string;
  readonly values: readonly (ValueWithInterval | undefined)[];
}

export interface DotPlotPanel {
  readonly title: string;
  /** Title of the horizontal axis. */
  readonly axis: string;
  readonly series: readonly string[];
  readonly rows: readonly DotRow[];
  /** Vertical lines. */
  readonly lines?: readonly { readonly label: string; readonly value: number }[];
  readonly range?: readonly [number, number];
  /** Whether to show shares as percentages. */
  readonly shares?: boolean;
}

/** The panels side by side; a series keeps its colour and shape in all of them. */
export function dotPlot(title: string, panels: readonly DotPlotPanel[]): Figure {
  const names = [...new Set(panels.flatMap(({ series }) => series))];
  const styles = new Map(seriesStyles(names).map((style, i) => [names[i], style]));
  const axes: Record<`xaxis${string}` | `yaxis${string}`, Axis> = {};
  for (const [index, panel] of panels.entries()) {
    const { axis, shares = false, range } = panel;
    axes[`xaxis${panelSuffix(index)}`] = {
      title: { text: axis },
      type: 'linear',
      tickformat: shares ? '.0%' : '',
      gridcolor: GRID_COLOR,
      ...(range && { range }),
    };
    axes[`yaxis${panelSuffix(index)}`] = {
      title: { text: panel.title },
      type: 'category',
      autorange: 'reversed',
      automargin: true,
    };
  }
  const tallest = Math.max(...panels.map(({ rows, series }) => rows.length * Math.max(20, 11 * series.length)));
  const seen = new Set<string>();
  const data = panels.flatMap((panel, index) =>
    panel.series.map((series, at) => {
      const first = !seen.has(series);
      seen.add(series);
      return dotTrace(panel, { index, series, at, style: styles.get(series) as SeriesStyle, legend: first });
    }),
  );
  return {
    data,
    layout: {
      ...baseLayout(title),
      showlegend: names.length > 1,
      height: 130 + tallest,
      ...(panels.length > 1 && {
        grid: { rows: 1, columns: panels.length, pattern: 'independent', xgap: 0.35, ygap: 0.4 },
      }),
      shapes: panels.flatMap(({ lines = [] }, index): UprightLine[] =>
        lines.map(({ value, label }) => uprightLine(value, label, `x${panelSuffix(index)}`)),
      ),
      ...axes,
    },
  };
}

function dotTrace(
  { rows }: DotPlotPanel,
  own: { index: number; series: string; at: number; style: SeriesStyle; legend: boolean },
): DotTrace {
  const { index, at, style, legend } = own;
  const values = rows.map((row) => row.values[at]);
  const known = values.map((value) => value ?? { value: 0, low: 0, high: 0 });
  const finite = known.map((e) => (Number.isFinite(e.low + e.high) ? e : { ...e, low: e.value, high: e.value }));
  return {
    ...seriesTrace(visibleText(own.series, 60), { style: { ...style, dash: 'solid' }, panel: index, size: 8, legend }),
    orientation: 'h',
    mode: 'markers',
    x: values.map((value) => value?.value ?? null),
    y: rows.map((row) => visibleText(row.name, 80)),
    error_x: errorBars(finite),
  };
}
