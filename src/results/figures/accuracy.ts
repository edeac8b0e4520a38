/** Draws a bar of one score for each method, with confidence intervals and reference lines. */

import { type Decoding, decodingsText } from '../../base/records/decoding';
import { errorBars, type Figure, referenceLine, type ValueWithInterval } from './figure';
import { baseLayout, GRID_COLOR, seriesStyles } from './palette';
import { percent, visibleText } from './text';

/** One method's score as a share, 0 to 1. */
export interface MethodScore {
  readonly method: string;
  readonly score: ValueWithInterval;
  /** How its answers were drawn. */
  readonly decoding?: Decoding;
}

export interface AccuracyOptions {
  readonly title?: string;
  /** What is drawn; the decodings of the scores stand behind it. Without decodings, a title of its own says so. */
  readonly axis?: string;
  /** Horizontal lines, e.g. the base model's accuracy; values are shares. */
  readonly references?: readonly { readonly label: string; readonly value: number }[];
}

/**
 * Bars with intervals; takes shares and shows percentages. The axis starts at zero, so that heights can be compared.
 */
export function accuracyBars(scores: readonly MethodScore[], options: AccuracyOptions = {}): Figure {
  const { title = 'Accuracy by method', references = [] } = options;
  const decodings = scores.map(({ decoding }) => decoding);
  const isDecoded = options.axis === undefined || decodings.some((decoding) => decoding !== undefined);
  const name = options.axis ?? 'accuracy';
  const axis = isDecoded ? `${name} (${decodingsText(decodings)})` : name;
  const top = Math.max(0.1, ...scores.map(({ score }) => score.high), ...references.map(({ value }) => value));
  return {
    data: [
      {
        type: 'bar',
        name,
        x: scores.map(({ method }) => visibleText(method, 60)),
        y: scores.map(({ score }) => score.value),
        error_y: errorBars(scores.map(({ score }) => score)),
        text: scores.map(({ score }) => percent(score.value)),
        textposition: 'inside',
        insidetextanchor: 'start',
        marker: { color: seriesStyles(scores.map(({ method }) => method)).map(({ color }) => color) },
      },
    ],
    layout: {
      ...baseLayout(title),
      shapes: references.map(({ label, value }) => referenceLine(value, label)),
      xaxis: { title: { text: '' }, type: 'category', automargin: true },
      yaxis: {
        title: { text: axis },
        range: [0, Math.min(1.02, top * 1.08)],
        tickformat: '.0%',
        gridcolor: GRID_COLOR,
      },
    },
  };
}
