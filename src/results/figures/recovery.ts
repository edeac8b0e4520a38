/** Draws the share of the teacher's gap that each student recovers: (student - base) / (teacher - base). */

import { type Decoding, decodingsText } from '../../base/records/decoding';
import { errorBars, type Figure, referenceLine, type ScatterTrace, type ValueWithInterval } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';
import { visibleText } from './text';

/**
 * One student's recovered share with its interval; 0 is the base model, 1 the teacher, and values outside are possible.
 */
export interface Recovery {
  readonly method: string;
  readonly recovered: ValueWithInterval;
  /** How the answers of student, base and teacher were drawn. */
  readonly decoding?: Decoding;
}

/** One point for each method, with lines at the base model (0) and at the teacher (1). */
export function recoveryFigure(rows: readonly Recovery[], title = 'Share of the teacher’s gap recovered'): Figure {
  const lows = rows.map(({ recovered }) => recovered.low);
  const styles = seriesStyles(rows.map(({ method }) => method));
  const highs = rows.map(({ recovered }) => recovered.high);
  return {
    data: rows.map(({ method, recovered }, index): ScatterTrace => {
      const style: SeriesStyle = { ...(styles[index] as SeriesStyle), dash: 'solid' };
      const name = visibleText(method, 60);
      return {
        ...seriesTrace(name, { style, size: 11, legend: false }),
        mode: 'markers',
        x: [name],
        y: [recovered.value],
        error_y: errorBars([recovered]),
      };
    }),
    layout: {
      ...baseLayout(title),
      shapes: [referenceLine(0, 'base model'), referenceLine(1, 'teacher')],
      xaxis: { title: { text: '' }, type: 'category', automargin: true },
      yaxis: {
        title: { text: `share of the gap (${decodingsText(rows.map(({ decoding }) => decoding))})` },
        range: [Math.min(-0.1, ...lows) - 0.05, Math.max(1.1, ...highs) + 0.05],
        tickformat: '.0%',
        gridcolor: GRID_COLOR,
      },
    },
  };
}
