/**
 * Draws reliability diagrams: how often answers with a given confidence are right, one line for each case, beside the
 * diagonal on which confidence equals accuracy.
 */
import { errorBars, type Figure, type ScatterTrace, type ValueWithInterval } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';
import { visibleText } from './text';

/** One line: mean confidence of each bin and the share that was right, 0 to 1. */
export interface ReliabilitySeries {
  readonly name: string;
  readonly bins: readonly { readonly confidence: number; readonly accuracy: ValueWithInterval }[];
}

const DIAGONAL = 'confidence = accuracy';
const DIAGONAL_COLOR = '#6e7781';

/** Lines over confidence with 95 % intervals. Below the diagonal, the model is more confident than it is right. */
export function reliabilityFigure(series: readonly ReliabilitySeries[], title: string): Figure {
  const styles = seriesStyles(series.map(({ name }) => name));
  const lines = series.map(({ name, bins }, index): ScatterTrace => {
    const look = { style: styles[index] as SeriesStyle, size: 8, legend: true };
    return {
      ...seriesTrace(visibleText(name, 60), look),
      mode: 'lines+markers',
      x: bins.map(({ confidence }) => confidence),
      y: bins.map(({ accuracy }) => accuracy.value),
      error_y: errorBars(bins.map(({ accuracy }) => accuracy)),
    };
  });
  const diagonal: ScatterTrace = {
    ...seriesTrace(DIAGONAL, { style: { color: DIAGONAL_COLOR, dash: 'dot', shape: 'circle' }, size: 1, legend: true }),
    line: { color: DIAGONAL_COLOR, dash: 'dot', width: 1.5 },
    mode: 'lines',
    x: [0, 1],
    y: [0, 1],
  };
  return {
    data: [...lines, diagonal],
    layout: {
      ...baseLayout(title),
      showlegend: true,
      height: 400,
      xaxis: {
        title: { text: 'confidence' },
        type: 'linear',
        range: [0, 1.02],
        gridcolor: GRID_COLOR,
        automargin: true,
      },
      yaxis: { title: { text: 'right' }, range: [0, 1.02], tickformat: '.0%', gridcolor: GRID_COLOR },
    },
  };
}
