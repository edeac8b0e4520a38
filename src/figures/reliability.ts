/** Reliability diagram: how often answers of a confidence are right, one line a case, beside the diagonal on which both are equal. */
import { type Estimate, errorBars, type Figure, type ScatterTrace } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles } from './palette';
import { visibleText } from './text';

/** One line: mean confidence of each bin and the share that was right, 0..1. */
export interface ReliabilitySeries {
  readonly name: string;
  readonly bins: readonly { readonly confidence: number; readonly accuracy: Estimate }[];
}

const DIAGONAL = 'as sure as right';

/** Lines over confidence with 95 % intervals; below the diagonal the model is surer than it is right. */
export function reliabilityFigure(series: readonly ReliabilitySeries[], title: string): Figure {
  const styles = seriesStyles(series.map(({ name }) => name));
  const lines = series.map(({ name, bins }, index): ScatterTrace => {
    const { color, dash, shape } = styles[index] as SeriesStyle;
    const shown = visibleText(name, 60);
    return {
      ...trace(shown, color),
      mode: 'lines+markers',
      x: bins.map(({ confidence }) => confidence),
      y: bins.map(({ accuracy }) => accuracy.value),
      error_y: errorBars(bins.map(({ accuracy }) => accuracy)),
      line: { color, dash, width: 2 },
      marker: { color, symbol: shape, size: 8 },
    };
  });
  const diagonal: ScatterTrace = { ...trace(DIAGONAL, '#6e7781'), mode: 'lines', x: [0, 1], y: [0, 1] };
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

const trace = (name: string, color: string): Omit<ScatterTrace, 'mode' | 'x' | 'y'> => ({
  type: 'scatter',
  name,
  line: { color, dash: 'dot', width: 1.5 },
  marker: { color, symbol: 'circle', size: 1 },
  xaxis: 'x',
  yaxis: 'y',
  legendgroup: name,
  showlegend: true,
});
