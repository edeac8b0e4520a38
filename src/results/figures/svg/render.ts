/**
 * Draws figures as SVG without a browser, for reports that work offline and as the static fallback inside notebooks. It
 * draws exactly what figure.ts types. The picture has its own background and follows the reader's light or dark
 * setting.
 */

import { figureText } from '../describe';
import {
  type BarTrace,
  type DotTrace,
  type Figure,
  type HeatmapTrace,
  isDots,
  isScatter,
  isUpright,
  panelSuffix,
  type ReferenceLine,
  type ScatterTrace,
  type UprightLine,
} from '../figure';
import { escapeText } from '../text';
import { drawDots } from './dots';
import { dashArray, element, point, ruler, textLine, textWidth, wrapLabel } from './elements';
import { drawHeatmap } from './heatmap';
import { drawPanel, type Frame } from './panel';

/** Size in pixels; the picture scales with its container. */
export interface SvgSize {
  readonly width?: number;
  readonly height?: number;
}

// The light colours are attributes, so that viewers which drop style sheets still show a readable picture.
const DARK =
  '@media (prefers-color-scheme:dark){.rcsd-paper{fill:#16191d}.rcsd-ink{fill:#e6e9ec}.rcsd-faint{fill:#a6b0ba}' +
  '.rcsd-halo{stroke:#16191d}.rcsd-grid{stroke:#343b43}.rcsd-stroke{stroke:#e6e9ec}}';

const PADDING = 12;
/** Pixels between two lines of the title, and the size of usual letters that are as wide as its bold ones. */
const TITLE_LINE = 18;
const BOLD_TITLE = 16;

/** The figure as one SVG element with a title and a text alternative. */
export function figureToSvg(figure: Figure, size: SvgSize = {}): string {
  const { rows = 1 } = figure.layout.grid ?? {};
  const usual = figure.layout.height ?? 120 + 200 * rows + (rows === 1 ? 60 : 0);
  const { width = 880 } = size;
  const title = figure.layout.title.text;
  const titleLines = wrapLabel(title, width - 2 * PADDING, { lines: 2, size: BOLD_TITLE });
  const wrapped = TITLE_LINE * (titleLines.length - 1);
  const { height = usual + wrapped } = size;
  const legend = drawLegend(figure, width, wrapped);
  const top = 34 + wrapped + legend.height;
  const inner: Frame = { x: PADDING, y: top, width: width - 2 * PADDING, height: height - top - PADDING };
  const content = [
    element('title', {}, escapeText(title) || ' '),
    element('desc', {}, escapeText(figureText(figure)) || ' '),
    element('style', {}, DARK),
    element('rect', { width, height, fill: '#ffffff', class: 'rcsd-paper' }),
    ...titleLines.map((line, i) => textLine(line, { x: PADDING, y: 24 + TITLE_LINE * i, size: 14, weight: 'bold' })),
    legend.svg,
    drawPanels(figure, inner),
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  };
  return element('svg', attributes, content.join(''));
}

function drawPanels(figure: Figure, inner: Frame): string {
  const heatmap = figure.data.find((trace): trace is HeatmapTrace => trace.type === 'heatmap');
  const lines = figure.data.filter(isScatter);
  if (heatmap) return drawHeatmap({ trace: heatmap, lines, axes: figure.layout }, inner);
  const { rows, columns } = figure.layout.grid ?? { rows: 1, columns: 1 };
  const traces = figure.data.filter((trace): trace is Drawn => trace.type !== 'heatmap');
  const count = Object.keys(figure.layout).filter((key) => key.startsWith('xaxis')).length;
  if (count === 0) return textLine('Nothing to show yet.', { x: inner.x, y: inner.y + 20, tone: 'faint' });
  return Array.from({ length: count }, (_, index) => {
    const suffix = panelSuffix(index);
    const [xaxis, yaxis] = [figure.layout[`xaxis${suffix}`], figure.layout[`yaxis${suffix}`]];
    if (!xaxis || !yaxis) return '';
    const own = traces.filter((trace) => (trace.type === 'bar' ? '' : trace.xaxis.slice(1)) === suffix);
    const frame = {
      x: inner.x + ((index % columns) * inner.width) / columns,
      y: inner.y + (Math.floor(index / columns) * inner.height) / rows,
      width: inner.width / columns - (columns > 1 ? 8 : 0),
      height: inner.height / rows - (rows > 1 ? 8 : 0),
    };
    const { shapes = [] } = figure.layout;
    if (own.some(isDots)) {
      const upright = shapes.filter((shape): shape is UprightLine => isUpright(shape) && shape.xref === `x${suffix}`);
      return drawDots({ traces: own.filter(isDots), xaxis, yaxis, shapes: upright }, frame);
    }
    const level = shapes.filter((shape): shape is ReferenceLine => !isUpright(shape) && index === 0);
    return drawPanel(
      { traces: own.filter((trace): trace is BarTrace | ScatterTrace => !isDots(trace)), xaxis, yaxis, shapes: level },
      frame,
    );
  }).join('');
}

type Drawn = BarTrace | ScatterTrace | DotTrace;

/** The legend's entries in rows, `lower` pixels below their usual place. */
function drawLegend(figure: Figure, width: number, lower: number): { svg: string; height: number } {
  const entries = figure.data.filter(
    (trace): trace is ScatterTrace | DotTrace => trace.type === 'scatter' && trace.showlegend,
  );
  if (!figure.layout.showlegend || entries.length === 0) return { svg: '', height: 0 };
  let [x, row] = [PADDING, 0];
  const marks = entries.map((trace) => {
    const needed = 40 + textWidth(trace.name, 12);
    if (x > PADDING && x + needed > width - PADDING) [x, row] = [PADDING, row + 1];
    const y = 44 + lower + 18 * row;
    const { color, dash } = trace.line;
    const line =
      trace.mode === 'markers'
        ? ''
        : ruler([x, y], [x + 24, y], { stroke: color, 'stroke-width': 2, 'stroke-dasharray': dashArray(dash) });
    const mark = line + (trace.mode === 'lines' ? '' : point(trace.marker.symbol, [x + 12, y], trace.marker));
    const label = textLine(trace.name, { x: x + 30, y: y + 4, size: 12 });
    x += needed;
    return mark + label;
  });
  return { svg: marks.join(''), height: 18 * (row + 1) + 4 };
}
