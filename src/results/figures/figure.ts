/**
 * The type of a figure: plain data in plotly's format. The same object is drawn by plotly in a notebook and by our
 * small SVG renderer in a report, and is compared in tests. Only the parts of plotly's format that both renderers know
 * are typed.
 */

/** A value with the ends of its confidence interval, all in the unit of the figure. */
export interface ValueWithInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Distances from each value up (`array`) and down (`arrayminus`) to the ends of its interval. */
export interface ErrorBars {
  readonly type: 'data';
  readonly symmetric: false;
  readonly array: readonly number[];
  readonly arrayminus: readonly number[];
}

/** Bars over named categories, with a colour and a text for each bar. */
export interface BarTrace {
  readonly type: 'bar';
  readonly name: string;
  readonly x: readonly string[];
  readonly y: readonly number[];
  readonly error_y?: ErrorBars;
  readonly text: readonly string[];
  readonly textposition: 'inside';
  readonly insidetextanchor: 'start';
  readonly marker: { readonly color: readonly string[] };
}

/** Plotly's names of line patterns, in the order in which runs get them. */
export type Dash = 'solid' | 'dash' | 'dot' | 'dashdot';
/** Plotly's names of point shapes, in the order in which runs get them. */
export type PointShape = 'circle' | 'square' | 'diamond' | 'triangle-up';

/** Lines, points or both; `null` in y leaves a gap. */
export interface ScatterTrace {
  readonly type: 'scatter';
  readonly mode: 'lines' | 'markers' | 'lines+markers';
  readonly name: string;
  readonly x: readonly (number | string)[];
  readonly y: readonly (number | null)[];
  readonly error_y?: ErrorBars;
  readonly line: { readonly color: string; readonly dash: Dash; readonly width: number };
  readonly marker: { readonly color: string; readonly symbol: PointShape; readonly size: number };
  /** The panel, in a figure with several: `x`, `x2` ... */
  readonly xaxis: string;
  readonly yaxis: string;
  readonly legendgroup: string;
  readonly showlegend: boolean;
}

/** Points over named rows, the first row on top, with horizontal intervals; `null` leaves a row empty. */
export interface DotTrace extends Omit<ScatterTrace, 'mode' | 'x' | 'y' | 'error_y'> {
  readonly orientation: 'h';
  readonly mode: 'markers';
  readonly x: readonly (number | null)[];
  readonly y: readonly string[];
  readonly error_x?: ErrorBars;
}

/**
 * Coloured cells `z[row][column]` with a text each; `null` is an empty cell. On a numeric axis, the numbers are the
 * cells' centres.
 */
export interface HeatmapTrace {
  readonly type: 'heatmap';
  readonly name: string;
  readonly x: readonly (string | number)[];
  readonly y: readonly (string | number)[];
  readonly z: readonly (readonly (number | null)[])[];
  readonly text: readonly (readonly string[])[];
  readonly texttemplate: '%{text}';
  readonly zmin: number;
  readonly zmax: number;
  readonly colorscale: readonly (readonly [number, string])[];
  readonly showscale: boolean;
}

export type Trace = BarTrace | ScatterTrace | DotTrace | HeatmapTrace;

/** Whether a trace is made of named rows. */
export const isDots = (trace: Trace): trace is DotTrace => 'orientation' in trace;
/** Whether a trace is made of lines or points over a horizontal axis. */
export const isScatter = (trace: Trace): trace is ScatterTrace => trace.type === 'scatter' && !isDots(trace);

/** `tickformat` is `.0%` for shares and empty for plain numbers. */
export interface Axis {
  readonly title: { readonly text: string };
  readonly type?: 'linear' | 'category';
  readonly range?: readonly [number, number];
  readonly tickformat?: '.0%' | '';
  readonly autorange?: 'reversed';
  readonly automargin?: boolean;
  readonly gridcolor?: string;
  readonly zerolinecolor?: string;
}

/** A horizontal line across the panel with a label above its right end. */
export interface ReferenceLine {
  readonly type: 'line';
  readonly xref: 'paper';
  readonly x0: 0;
  readonly x1: 1;
  readonly yref: 'y';
  readonly y0: number;
  readonly y1: number;
  readonly line: { readonly color: string; readonly dash: Dash; readonly width: number };
  readonly label: { readonly text: string; readonly textposition: 'end'; readonly yanchor: 'bottom' };
}

/** A vertical line through a panel of named rows, with a label at its upper end. */
export interface UprightLine extends Omit<ReferenceLine, 'xref' | 'x0' | 'x1' | 'yref' | 'y0' | 'y1'> {
  /** The panel: `x`, `x2` ... */
  readonly xref: string;
  readonly x0: number;
  readonly x1: number;
  readonly yref: 'paper';
  readonly y0: 0;
  readonly y1: 1;
}

export const isUpright = (line: ReferenceLine | UprightLine): line is UprightLine => line.yref === 'paper';

/** The layout. Several panels stand in a grid and have axes `xaxis2`, `yaxis2` and so on. */
export interface Layout {
  readonly title: { readonly text: string };
  readonly paper_bgcolor: string;
  readonly plot_bgcolor: string;
  readonly font: { readonly color: string };
  readonly showlegend: boolean;
  /** Pixels; plotly's own height if left out. */
  readonly height?: number;
  readonly grid?: {
    readonly rows: number;
    readonly columns: number;
    readonly pattern: 'independent';
    readonly xgap: number;
    readonly ygap: number;
  };
  readonly shapes?: readonly (ReferenceLine | UprightLine)[];
  readonly [axis: `xaxis${string}` | `yaxis${string}`]: Axis;
}

/** A figure, to be passed to plotly as it is, or to `figureToSvg`. */
export interface Figure {
  readonly data: readonly Trace[];
  readonly layout: Layout;
}

/** The interval of each estimate as plotly's error bars. */
export function errorBars(estimates: readonly ValueWithInterval[]): ErrorBars {
  return {
    type: 'data',
    symmetric: false,
    array: estimates.map((estimate) => estimate.high - estimate.value),
    arrayminus: estimates.map((estimate) => estimate.value - estimate.low),
  };
}

/** The horizontal line at `y` with its label. */
export function referenceLine(y: number, label: string): ReferenceLine {
  return {
    type: 'line',
    xref: 'paper',
    x0: 0,
    x1: 1,
    yref: 'y',
    y0: y,
    y1: y,
    line: { color: '#6e7781', dash: 'dash', width: 1.5 },
    label: { text: label, textposition: 'end', yanchor: 'bottom' },
  };
}

/** The vertical line at `x` of a panel with its label. */
export function uprightLine(x: number, label: string, axis: string): UprightLine {
  const { line, label: text, type } = referenceLine(0, label);
  return { type, line, label: text, xref: axis, x0: x, x1: x, yref: 'paper', y0: 0, y1: 1 };
}

/** The suffix of `x`, `y`, `xaxis` and `yaxis` for a panel: empty for the first, `2`, `3` ... for the others. */
export const panelSuffix = (index: number): string => (index === 0 ? '' : String(index + 1));
