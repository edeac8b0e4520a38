/** Draws shares over a number, one line for each case: e.g. power over the true difference. */
import type { Figure, ScatterTrace } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';
import { visibleText } from './text';

/** One line: shares `y` (0 to 1) at the numbers `x`. */
export interface ShareSeries {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface ShareWording {
  readonly title: string;
  readonly xaxis: string;
  readonly yaxis: string;
}

/** Lines of shares; the vertical axis goes from 0 to 100 %. */
export function shareCurves(series: readonly ShareSeries[], { title, xaxis, yaxis }: ShareWording): Figure {
  const styles = seriesStyles(series.map(({ name }) => name));
  return {
    data: series.map(({ name, x, y }, index): ScatterTrace => {
      const look = { style: styles[index] as SeriesStyle, size: 6, legend: true };
      return { ...seriesTrace(visibleText(name, 60), look), mode: 'lines+markers', x, y };
    }),
    layout: {
      ...baseLayout(title),
      showlegend: true,
      height: 380,
      xaxis: { title: { text: xaxis }, type: 'linear', gridcolor: GRID_COLOR, automargin: true },
      yaxis: { title: { text: yaxis }, range: [0, 1.02], tickformat: '.0%', gridcolor: GRID_COLOR },
    },
  };
}
