/**
 * Draws a heatmap inside a frame of pixels. Every cell shows its number, so that reading it does not depend on colour.
 */

import type { HeatmapTrace, Layout, ScatterTrace } from '../figure';
import { inkOn, scaleColor } from '../palette';
import { compactNumber } from '../text';
import { dashArray, element, pixel, textLine, textWidth, wrapLabel } from './elements';
import type { Frame } from './panel';

/** A heatmap, and lines over it in the numbers of its axes. */
export interface Heatmap {
  readonly trace: HeatmapTrace;
  readonly lines: readonly ScatterTrace[];
  readonly axes: Layout;
}

/** Pixels between two lines of a cell. */
const CELL_LINE = 13;

const nameOf = (value: string | number): string => (typeof value === 'number' ? compactNumber(value) : value);

/**
 * The heatmap with its row labels on the left and its column labels below. Numeric axes run upwards and have titles.
 */
export function drawHeatmap({ trace, lines, axes }: Heatmap, whole: Frame): string {
  const [xTitle, yTitle] = [axes.xaxis?.title.text ?? '', axes.yaxis?.title.text ?? ''];
  const [above, below] = [yTitle ? 20 : 0, xTitle ? 18 : 0];
  const outer = { ...whole, y: whole.y + above, height: whole.height - above - below };
  const upwards = typeof trace.y[0] === 'number';
  const left = Math.min(outer.width / 2.4, 14 + Math.max(...trace.y.map((name) => textWidth(nameOf(name))), 20));
  const cellWidth = (outer.width - left - 8) / Math.max(1, trace.x.length);
  const columns = trace.x.map((name) => wrapLabel(nameOf(name), cellWidth - 2));
  const bottom = 8 + 13 * Math.max(1, ...columns.map((lines) => lines.length));
  const cellHeight = (outer.height - bottom - 4) / Math.max(1, trace.y.length);
  const place = (row: number): number => (upwards ? trace.y.length - 1 - row : row);
  const rows = trace.y.map((name, row) => {
    const y = outer.y + place(row) * cellHeight;
    const label = wrapLabel(nameOf(name), left - 10, { lines: 1 })[0] ?? '';
    const cells = trace.x.map((_, column) => {
      const value = trace.z[row]?.[column] ?? null;
      const frame = { x: outer.x + left + column * cellWidth, y, width: cellWidth, height: cellHeight };
      return cell(trace, { value, text: trace.text[row]?.[column] ?? '' }, frame);
    });
    return textLine(label, { x: outer.x + left - 8, y: y + cellHeight / 2 + 4, anchor: 'end' }) + cells.join('');
  });
  const names = columns.flatMap((lines, column) =>
    lines.map((line, row) => {
      const x = outer.x + left + (column + 0.5) * cellWidth;
      return textLine(line, { x, y: outer.y + trace.y.length * cellHeight + 15 + 13 * row, anchor: 'middle' });
    }),
  );
  const area = { x: outer.x + left, y: outer.y, width: cellWidth, height: cellHeight };
  const titles = [
    yTitle ? textLine(yTitle, { x: outer.x + 4, y: whole.y + 10, size: 12 }) : '',
    xTitle ? textLine(xTitle, { x: outer.x + left, y: whole.y + whole.height - 2, size: 12 }) : '',
  ];
  const over = lines.map((line) => lineOver(line, trace, area));
  return [...rows, ...names, ...titles, ...over].join('');
}

/** A line in the numbers of the axes; `area` is where the cells begin, and the size of one. */
function lineOver(line: ScatterTrace, { x, y }: HeatmapTrace, area: Frame): string {
  const cells = (axis: HeatmapTrace['x'], value: number): number => {
    const [first, second] = [Number(axis[0]), Number(axis[1])];
    return (value - first) / (second - first) + 0.5;
  };
  const points = line.x.flatMap((value, i) => {
    const height = line.y[i];
    if (height === null || height === undefined) return [];
    const right = area.x + cells(x, Number(value)) * area.width;
    return [`${pixel(right)} ${pixel(area.y + (y.length - cells(y, height)) * area.height)}`];
  });
  const { color, width, dash } = line.line;
  const stroke = { stroke: color, 'stroke-width': width, 'stroke-dasharray': dashArray(dash) };
  return element('path', { d: `M${points.join('L')}`, fill: 'none', 'stroke-linejoin': 'round', ...stroke });
}

function cell(trace: HeatmapTrace, content: { value: number | null; text: string }, frame: Frame): string {
  const { value, text } = content;
  const box = { x: frame.x + 1, y: frame.y + 1, width: frame.width - 2, height: frame.height - 2 };
  if (value === null) return element('rect', { ...box, fill: 'none', stroke: '#d8dee4', class: 'rcsd-grid' });
  const fill = scaleColor(trace.colorscale, (value - trace.zmin) / (trace.zmax - trace.zmin || 1));
  // Two numbers stand below each other where a cell is too narrow for both.
  const lines = textWidth(text) > box.width ? text.split('|') : [text];
  const first = frame.y + frame.height / 2 + 4 - (CELL_LINE * (lines.length - 1)) / 2;
  const shown = lines.map((line, i) =>
    textLine(line, { x: frame.x + frame.width / 2, y: first + CELL_LINE * i, anchor: 'middle', fill: inkOn(fill) }),
  );
  return element('rect', { ...box, fill }) + shown.join('');
}
