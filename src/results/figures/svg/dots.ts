/** Draws one panel of named rows: a point and its interval for each series, one below the other within the row. */

import type { Axis, DotTrace, UprightLine } from '../figure';
import { dashArray, element, errorAcross, point, ruler, textLine, textWidth, wrapLabel } from './elements';
import type { Frame } from './panel';
import { extent, linearScale, niceTicks, type Scale, tickText } from './scale';

export interface DotPanel {
  readonly traces: readonly DotTrace[];
  readonly xaxis: Axis;
  readonly yaxis: Axis;
  readonly shapes: readonly UprightLine[];
}

const DODGE = 9;
/** Pixels between two lines of a panel's title. */
const TITLE_LINE = 14;

/** The panel drawn into `outer`: names on the left, the first row on top, the scale below. */
export function drawDots(panel: DotPanel, outer: Frame): string {
  const names = [...new Set(panel.traces.flatMap(({ y }) => y))];
  const left = Math.min(0.52 * outer.width, 14 + Math.max(20, ...names.map((name) => textWidth(name))));
  const title = wrapLabel(panel.yaxis.title.text, outer.width - 16, { lines: 2, size: 12 });
  const above = 24 + TITLE_LINE * (title.length - 1);
  const frame = {
    x: outer.x + left,
    y: outer.y + above,
    width: outer.width - left - 14,
    height: outer.height - 38 - above,
  };
  const row = frame.height / Math.max(1, names.length);
  const x = linearScale(panel.xaxis.range ?? extent(reachOf(panel), 0.06), [frame.x, frame.x + frame.width]);
  const middle = (name: string): number => frame.y + (names.indexOf(name) + 0.5) * row;
  return [
    ...title.map((line, i) => textLine(line, { x: outer.x + 8, y: outer.y + 12 + TITLE_LINE * i, size: 12 })),
    scaleBelow(panel.xaxis, x, frame),
    ...names.map((name) => {
      const label = wrapLabel(name, left - 10, { lines: 1 })[0] ?? '';
      return textLine(label, { x: frame.x - 8, y: middle(name) + 4, anchor: 'end' });
    }),
    ...panel.shapes.map((shape) => uprightMark(shape, x, frame)),
    ...panel.traces.map((trace, index) => {
      const step = Math.min(DODGE, row / (panel.traces.length + 1));
      return dots(trace, { x, y: (name) => middle(name) + (index - (panel.traces.length - 1) / 2) * step });
    }),
  ].join('');
}

function* reachOf({ traces, shapes }: DotPanel): Generator<number> {
  for (const { x, error_x: error } of traces) {
    for (const [i, value] of x.entries()) {
      if (value === null) continue;
      yield value + (error?.array[i] ?? 0);
      yield value - (error?.arrayminus[i] ?? 0);
    }
  }
  for (const { x0 } of shapes) yield x0;
}

function scaleBelow(axis: Axis, scale: Scale, frame: Frame): string {
  const base = frame.y + frame.height;
  const ticks = niceTicks(scale.domain, Math.max(2, Math.floor(frame.width / 70))).map((value) => {
    const x = scale(value);
    const label = textLine(tickText(value, axis.tickformat), { x, y: base + 15, anchor: 'middle', tone: 'faint' });
    return ruler([x, frame.y], [x, base]) + label;
  });
  const title = { x: frame.x + frame.width / 2, y: base + 30, anchor: 'middle', tone: 'faint' } as const;
  return ticks.join('') + textLine(axis.title.text, title);
}

function uprightMark({ x0, line, label }: UprightLine, scale: Scale, frame: Frame): string {
  const x = scale(x0);
  const stroke = { stroke: line.color, 'stroke-width': line.width, 'stroke-dasharray': dashArray(line.dash) };
  const text = textLine(label.text, { x, y: frame.y - 4, anchor: 'middle', halo: true, tone: 'faint' });
  return ruler([x, frame.y], [x, frame.y + frame.height], stroke) + text;
}

function dots(trace: DotTrace, place: { x: Scale; y: (name: string) => number }): string {
  const marks = trace.y.map((name, i) => {
    const value = trace.x[i];
    if (value === null || value === undefined) return '';
    const [y, up, down] = [place.y(name), trace.error_x?.array[i] ?? 0, trace.error_x?.arrayminus[i] ?? 0];
    const error = up + down > 0 ? errorAcross(y, place.x(value - down), place.x(value + up)) : '';
    return error + point(trace.marker.symbol, [place.x(value), y], trace.marker);
  });
  return element('g', {}, marks.join('') || ' ');
}
