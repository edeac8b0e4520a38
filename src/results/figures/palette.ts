/**
 * Colours that colour-blind readers can tell apart (after Okabe and Ito), with a contrast of 3:1 on white and on
 * near-black. Lines also differ in dash and point shape; no two series of a figure share all three.
 */

import { type Dash, type Layout, type PointShape, panelSuffix, type ScatterTrace } from './figure';

const SERIES = ['#0072b2', '#d55e00', '#009e73', '#c0699b', '#a07800', '#7b68c8', '#6e7781'] as const;
const DASHES: readonly Dash[] = ['solid', 'dash', 'dot', 'dashdot'];
const SHAPES: readonly PointShape[] = ['circle', 'square', 'diamond', 'triangle-up'];
/** Dash and shape change together, so that a look is as distinct in points alone as in lines alone. */
const LOOKS = DASHES.length;

/**
 * Each method has the same colour in every figure. The first word that matches counts: an OPSD teacher is a teacher.
 */
const METHODS: readonly (readonly [string, string])[] = [
  ['placebo', '#c0699b'],
  ['teacher', '#009e73'],
  ['base', '#6e7781'],
  ['opsd', '#0072b2'],
  ['rcsd', '#d55e00'],
  ['grpo', '#7b68c8'],
  ['sft', '#a07800'],
];

/** How one series is drawn. */
export interface SeriesStyle {
  readonly color: string;
  readonly dash: Dash;
  readonly shape: PointShape;
}

/**
 * One style for each name, in order. A name that contains a known method gets that method's colour, unless an earlier
 * name has it; the others get the colours that are still free. Where colours come round again, they come with another dash
 * and shape: no two of the first 28 names (colours x dashes) are drawn alike.
 */
export function seriesStyles(names: readonly string[]): SeriesStyle[] {
  const taken = new Set<string>();
  const known = names.map((name) => {
    const color = methodColor(name);
    if (color === undefined || taken.has(color)) return undefined;
    taken.add(color);
    return color;
  });
  const free = SERIES.filter((color) => !taken.has(color));
  let next = 0;
  const wanted = known.map((color) => color ?? pick(free.length > 0 ? free : SERIES, next++));
  const drawn = new Set<string>();
  return wanted.map((color, index) => {
    const style = unused(color, index, drawn);
    drawn.add(keyOf(style));
    return style;
  });
}

const keyOf = ({ color, dash }: SeriesStyle): string => `${color} ${dash}`;

/** The style of this colour and place; if it is drawn already, the colour's next dash and shape, then other colours. */
function unused(color: string, index: number, drawn: ReadonlySet<string>): SeriesStyle {
  const styles = [color, ...SERIES].flatMap((own) =>
    Array.from({ length: LOOKS }, (_, at) => ({
      color: own,
      dash: pick(DASHES, index + at),
      shape: pick(SHAPES, index + at),
    })),
  );
  return styles.find((style) => !drawn.has(keyOf(style))) ?? (styles[0] as SeriesStyle);
}

/** How a trace is drawn: its style, its panel (from 0), the size of its points, and whether the legend shows it. */
export interface SeriesPlace {
  readonly style: SeriesStyle;
  readonly panel?: number;
  readonly size: number;
  readonly legend: boolean;
}

/** Everything of a trace except its values. */
export function seriesTrace(
  name: string,
  { style, panel = 0, size, legend }: SeriesPlace,
): Omit<ScatterTrace, 'mode' | 'x' | 'y' | 'error_y'> {
  return {
    type: 'scatter',
    name,
    line: { color: style.color, dash: style.dash, width: 2 },
    marker: { color: style.color, symbol: style.shape, size },
    xaxis: `x${panelSuffix(panel)}`,
    yaxis: `y${panelSuffix(panel)}`,
    legendgroup: name,
    showlegend: legend,
  };
}

function methodColor(name: string): string | undefined {
  const words = name.toLowerCase().split(/[^a-z]+/);
  return METHODS.find(([method]) => words.includes(method))?.[1];
}

function pick<T>(values: readonly T[], index: number): T {
  return values[index % values.length] as T;
}

/** Cividis in six stops: a scale whose lightness grows evenly, so that it can be read without colour. */
export const HEAT_SCALE: readonly (readonly [number, string])[] = [
  [0, '#00224e'],
  [0.2, '#2a3f6d'],
  [0.4, '#575d6d'],
  [0.6, '#7d7c78'],
  [0.8, '#b0a26c'],
  [1, '#fee838'],
];

/** Red for harm, white for nothing, green for help; the two ends differ in lightness too, so that they are told apart without colour. */
export const CREDIT_SCALE: readonly (readonly [number, string])[] = [
  [0, '#9e1b1b'],
  [0.25, '#e08a7a'],
  [0.5, '#f7f7f7'],
  [0.75, '#9fdcb4'],
  [1, '#2fa866'],
];

/** What every layout has: a light background of its own, so that a plotly figure is readable in a dark notebook too. */
export function baseLayout(
  title: string,
): Pick<Layout, 'title' | 'paper_bgcolor' | 'plot_bgcolor' | 'font' | 'showlegend'> {
  return {
    title: { text: title },
    paper_bgcolor: '#ffffff',
    plot_bgcolor: '#ffffff',
    font: { color: '#1f2328' },
    showlegend: false,
  };
}

export const GRID_COLOR = '#d8dee4';

type Rgb = readonly [number, number, number];

function rgb(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** The colour of a scale at `share` (0 to 1, clamped), linear between its stops, as `#rrggbb`. */
export function scaleColor(scale: readonly (readonly [number, string])[], share: number): string {
  const at = Math.min(1, Math.max(0, share));
  const upper = scale.findIndex(([stop]) => stop >= at);
  const [high, highColor] = scale[upper] ?? [1, '#000000'];
  const [low, lowColor] = scale[Math.max(0, upper - 1)] ?? [0, '#000000'];
  const mix = high === low ? 0 : (at - low) / (high - low);
  const [from, to] = [rgb(lowColor), rgb(highColor)];
  const channel = (index: 0 | 1 | 2) => Math.round(from[index] + mix * (to[index] - from[index]));
  return `#${[channel(0), channel(1), channel(2)].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Relative luminance of `#rrggbb` as WCAG 2 defines it, 0 to 1. */
export function luminance(hex: string): number {
  const [r, g, b] = rgb(hex).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever has more contrast with `background`. */
export function inkOn(background: string): string {
  return luminance(background) > 0.179 ? '#000000' : '#ffffff';
}
