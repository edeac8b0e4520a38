/** Draws lines, or points with intervals, over a linear or a doubling scale, in one panel or several. */

import { type Axis, errorBars, type Figure, panelSuffix, type ScatterTrace, type ValueWithInterval } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';
import { visibleText } from './text';

/** One series: positions and values, a number alone where there is no interval. Text positions stand at equal distances, in the order of the first series. */
export interface LineSeries {
  readonly name: string;
  readonly x: readonly (number | string)[];
  readonly y: readonly (ValueWithInterval | number)[];
}

export interface LinesPanel {
  readonly title: string;
  /** Title of the horizontal axis. */
  readonly axis: string;
  readonly series: readonly LineSeries[];
  /** Whether to draw points only, unconnected. */
  readonly points?: boolean;
  /** Whether to show shares as percentages. */
  readonly shares?: boolean;
  readonly range?: readonly [number, number];
}

/** The panels, at most `columns` in a row; a series keeps its colour, dash and shape in all of them. */
export function linesFigure(title: string, panels: readonly LinesPanel[], columns = 3): Figure {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  const styles = new Map(seriesStyles(names).map((style, i) => [names[i], style]));
  const wide = Math.min(columns, Math.max(1, panels.length));
  const rows = Math.max(1, Math.ceil(panels.length / wide));
  const axes: Record<`xaxis${string}` | `yaxis${string}`, Axis> = {};
  for (const [index, { title: label, axis, series, shares = false, range }] of panels.entries()) {
    const named = series.some(({ x }) => typeof x[0] === 'string');
    axes[`xaxis${panelSuffix(index)}`] = {
      title: { text: axis },
      type: named ? 'category' : 'linear',
      gridcolor: GRID_COLOR,
    };
    axes[`yaxis${panelSuffix(index)}`] = {
      title: { text: label },
      type: 'linear',
      tickformat: shares ? '.0%' : '',
      gridcolor: GRID_COLOR,
      automargin: true,
      ...(range && { range }),
    };
  }
  const seen = new Set<string>();
  const data = panels.flatMap((panel, index) =>
    panel.series.map((series) => {
      const legend = !seen.has(series.name);
      seen.add(series.name);
      return lineTrace(series, { panel, index, style: styles.get(series.name) as SeriesStyle, legend });
    }),
  );
  return {
    data,
    layout: {
      ...baseLayout(title),
      showlegend: names.length > 1,
      height: 100 + 18 * Math.ceil(names.length / 4) + 270 * rows,
      grid: { rows, columns: wide, pattern: 'independent', xgap: 0.25, ygap: 0.4 },
      ...axes,
    },
  };
}

function lineTrace(
  { name: own, x, y }: LineSeries,
  place: { panel: LinesPanel; index: number; style: SeriesStyle; legend: boolean },
): ScatterTrace {
  const { panel, index, style, legend } = place;
  const values = y.map((e) => (typeof e === 'number' ? { value: e, low: e, high: e } : e));
  const finite = values.map((e) => (Number.isFinite(e.low + e.high) ? e : { ...e, low: e.value, high: e.value }));
  return {
    ...seriesTrace(visibleText(own, 60), { style, panel: index, size: 8, legend }),
    mode: panel.points ? 'markers' : 'lines+markers',
    x,
    y: values.map(({ value }) => (Number.isFinite(value) ? value : null)),
    error_y: errorBars(finite),
  };
}
