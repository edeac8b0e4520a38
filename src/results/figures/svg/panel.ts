/** Draws one panel of a figure inside a frame of pixels: axes, grid, reference lines, bars and lines. */

import type { Axis, BarTrace, ReferenceLine, ScatterTrace } from '../figure';
import { inkOn } from '../palette';
import { dashArray, element, errorMark, pixel, point, ruler, textLine, wrapLabel } from './elements';
import { extent, linearScale, niceTicks, type Scale, tickText } from './scale';

/** A rectangle in pixels. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Panel {
  readonly traces: readonly (BarTrace | ScatterTrace)[];
  readonly xaxis: Axis;
  readonly yaxis: Axis;
  readonly shapes: readonly ReferenceLine[];
}

interface Scales {
  readonly x: (value: number | string) => number;
  readonly y: Scale;
  /** Width of one category in pixels. */
  readonly band: number;
}

/** A line with more points is thinned: of each stretch, the extremes are kept, so that spikes stay visible. */
const MOST_POINTS = 1200;

/** The panel drawn into `outer`, labels included. */
export function drawPanel(panel: Panel, outer: Frame): string {
  const categories = panel.xaxis.type === 'category' ? categoriesOf(panel.traces) : undefined;
  const labels = categories?.map((name) => wrapLabel(name, (outer.width - 62) / categories.length - 4));
  const rows = labels ? Math.max(1, ...labels.map((lines) => lines.length)) + (panel.xaxis.title.text ? 1 : 0) : 2;
  const bottom = 8 + 13 * rows;
  const frame = { x: outer.x + 50, y: outer.y + 24, width: outer.width - 62, height: outer.height - 24 - bottom };
  const scales = scalesOf(panel, frame, categories);
  return [
    valueAxis(panel.yaxis, scales.y, frame),
    labels ? categoryAxis(panel.xaxis.title.text, { labels, scales, frame }) : stepAxis(panel, scales, frame),
    ...panel.traces.map((trace) =>
      trace.type === 'bar' ? bars(trace, scales) : clipped(trace, { panel, scales, frame }),
    ),
    ...panel.shapes.map((shape) => referenceMark(shape, scales.y, frame)),
  ].join('');
}

function categoriesOf(traces: Panel['traces']): string[] {
  return [...new Set(traces.flatMap((trace) => trace.x.map(String)))];
}

function scalesOf(panel: Panel, frame: Frame, categories: readonly string[] | undefined): Scales {
  const y = linearScale(panel.yaxis.range ?? extent(valuesOf(panel), 0.06), [frame.y + frame.height, frame.y]);
  if (categories) {
    const band = frame.width / Math.max(1, categories.length);
    return { x: (value) => frame.x + (categories.indexOf(String(value)) + 0.5) * band, y, band };
  }
  const positions = panel.traces.flatMap((trace) => trace.x.map(Number));
  const x = linearScale(panel.xaxis.range ?? extent(positions), [frame.x, frame.x + frame.width]);
  return { x: (value) => x(Number(value)), y, band: 0 };
}

function* valuesOf(panel: Panel): Generator<number> {
  for (const trace of panel.traces) {
    for (const [index, value] of trace.y.entries()) {
      if (value === null) continue;
      yield value + (trace.error_y?.array[index] ?? 0);
      yield value - (trace.error_y?.arrayminus[index] ?? 0);
    }
  }
  for (const shape of panel.shapes) yield shape.y0;
}

function valueAxis(axis: Axis, scale: Scale, frame: Frame): string {
  const ticks = niceTicks(scale.domain, frame.height > 160 ? 5 : 3).map((value) => {
    const y = scale(value);
    const label = textLine(tickText(value, axis.tickformat), {
      x: frame.x - 7,
      y: y + 4,
      anchor: 'end',
      tone: 'faint',
    });
    return ruler([frame.x, y], [frame.x + frame.width, y]) + label;
  });
  return ticks.join('') + textLine(axis.title.text, { x: frame.x - 42, y: frame.y - 10, size: 12 });
}

function stepAxis(panel: Panel, scales: Scales, frame: Frame): string {
  const positions = panel.traces.flatMap((trace) => trace.x.map(Number));
  const base = frame.y + frame.height;
  const whole = positions.every(Number.isInteger);
  const ticks = niceTicks(extent(positions), Math.max(2, Math.floor(frame.width / 70)))
    .filter((value) => !whole || Number.isInteger(value))
    .map((value) => {
      const place = { x: scales.x(value), y: base + 15, anchor: 'middle', tone: 'faint' } as const;
      return textLine(tickText(value, panel.xaxis.tickformat), place);
    });
  const title = { x: frame.x + frame.width / 2, y: base + 30, anchor: 'middle', tone: 'faint' } as const;
  return ticks.join('') + textLine(panel.xaxis.title.text, title);
}

function categoryAxis(
  title: string,
  place: { readonly labels: readonly (readonly string[])[]; readonly scales: Scales; readonly frame: Frame },
): string {
  const { labels, scales, frame } = place;
  const base = frame.y + frame.height;
  const names = labels
    .flatMap((lines, index) =>
      lines.map((line, row) => {
        const x = frame.x + (index + 0.5) * scales.band;
        return textLine(line, { x, y: base + 15 + 13 * row, anchor: 'middle' });
      }),
    )
    .join('');
  const below = base + 15 + 13 * Math.max(1, ...labels.map((lines) => lines.length));
  return names + textLine(title, { x: frame.x + frame.width / 2, y: below, anchor: 'middle', tone: 'faint' });
}

function referenceMark(shape: ReferenceLine, scale: Scale, frame: Frame): string {
  const y = scale(shape.y0);
  const stroke = {
    stroke: shape.line.color,
    'stroke-width': shape.line.width,
    'stroke-dasharray': dashArray(shape.line.dash),
  };
  const end = frame.x + frame.width;
  return (
    ruler([frame.x, y], [end, y], stroke) + textLine(shape.label.text, { x: end, y: y - 5, anchor: 'end', halo: true })
  );
}

function bars(trace: BarTrace, scales: Scales): string {
  const width = Math.min(72, scales.band * 0.66);
  const floor = scales.y(Math.max(0, scales.y.domain[0]));
  return trace.x
    .map((name, index) => {
      const value = trace.y[index] ?? 0;
      const [x, top] = [scales.x(name), scales.y(value)];
      const fill = trace.marker.color[index] ?? '#6e7781';
      const box = { x: x - width / 2, y: Math.min(top, floor), width, height: Math.abs(floor - top), fill };
      const label = textLine(trace.text[index] ?? '', {
        x,
        y: floor - 7,
        anchor: 'middle',
        fill: inkOn(fill),
        weight: 'bold',
      });
      return (
        element('rect', box) + errorAt(trace, index, { x, value, scale: scales.y }) + (floor - top > 20 ? label : '')
      );
    })
    .join('');
}

function errorAt(
  trace: BarTrace | ScatterTrace,
  index: number,
  at: { x: number; value: number; scale: Scale },
): string {
  const up = trace.error_y?.array[index];
  const down = trace.error_y?.arrayminus[index];
  if (up === undefined || down === undefined || !(up + down > 0)) return '';
  return errorMark(at.x, at.scale(at.value - down), at.scale(at.value + up));
}

/** A trace inside the range of its axes: lines end at the frame, points beyond it are not drawn. */
function clipped(trace: ScatterTrace, place: { panel: Panel; scales: Scales; frame: Frame }): string {
  const { panel, scales, frame } = place;
  const beyond = (range: readonly [number, number] | undefined, value: number): boolean =>
    range !== undefined && (value < Math.min(...range) || value > Math.max(...range));
  const out = (x: number | string, y: number | null): boolean =>
    y !== null && (beyond(panel.yaxis.range, y) || beyond(panel.xaxis.range, Number(x)));
  if (!trace.x.some((x, i) => out(x, trace.y[i] ?? null))) return scatter(trace, scales);
  const line = trace.mode === 'markers' ? '' : scatter({ ...trace, mode: 'lines' }, scales);
  const inside = trace.y.map((y, i) => (out(trace.x[i] ?? 0, y) ? null : y));
  const points = trace.mode === 'lines' ? '' : scatter({ ...trace, mode: 'markers', y: inside }, scales);
  // An inner picture cuts what leaves it, without a name that another picture of the same page could have too.
  const { x, y, width, height } = frame;
  const viewBox = `${pixel(x)} ${pixel(y)} ${pixel(width)} ${pixel(height)}`;
  return (line && element('svg', { x, y, width, height, viewBox, overflow: 'hidden' }, line)) + points;
}

function scatter(trace: ScatterTrace, scales: Scales): string {
  const points = thin(
    trace.x.map((position, index) => ({ index, x: scales.x(position), value: trace.y[index] ?? null })),
  );
  const marks: string[] = [];
  if (trace.mode !== 'markers') {
    const stroke = {
      stroke: trace.line.color,
      'stroke-width': trace.line.width,
      'stroke-dasharray': dashArray(trace.line.dash),
    };
    const d = path(points, scales.y);
    if (d)
      marks.push(
        element('path', { d, fill: 'none', 'stroke-linejoin': 'round', 'stroke-linecap': 'round', ...stroke }),
      );
  }
  for (const { x, value, index } of points) {
    if (value === null) continue;
    marks.push(errorAt(trace, index, { x, value, scale: scales.y }));
    if (trace.mode !== 'lines') marks.push(point(trace.marker.symbol, [x, scales.y(value)], trace.marker));
  }
  return marks.join('');
}

interface PlacedPoint {
  readonly index: number;
  readonly x: number;
  readonly value: number | null;
}

function path(points: readonly PlacedPoint[], scale: Scale): string {
  let pen = 'M';
  let d = '';
  for (const { x, value } of points) {
    if (value === null) {
      pen = 'M';
      continue;
    }
    // A stroke of no length, whose round caps make a point between two gaps visible.
    d += `${pen}${pixel(x)} ${pixel(scale(value))}${pen === 'M' ? 'h0' : ''}`;
    pen = 'L';
  }
  return d;
}

function thin(points: readonly PlacedPoint[]): readonly PlacedPoint[] {
  if (points.length <= MOST_POINTS) return points;
  const stretch = Math.ceil((2 * points.length) / MOST_POINTS);
  const kept: PlacedPoint[] = [];
  for (let start = 0; start < points.length; start += stretch) {
    const some = points.slice(start, start + stretch);
    const byValue = some.filter((entry) => entry.value !== null).sort((a, b) => Number(a.value) - Number(b.value));
    const ends = new Set([
      byValue[0],
      byValue.at(-1),
      byValue.length < some.length ? some.find((e) => e.value === null) : undefined,
    ]);
    kept.push(...some.filter((entry) => ends.has(entry)));
  }
  return kept;
}
