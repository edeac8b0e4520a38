/** A heatmap inside a frame of pixels: every cell shows its number, so the colour only helps the eye. */

import type { HeatmapTrace } from '../figure';
import { inkOn, scaleColor } from '../palette';
import { element, textLine, textWidth, wrapLabel } from './elements';
import type { Frame } from './panel';

/** The heatmap with its row labels on the left and its column labels below. */
export function drawHeatmap(trace: HeatmapTrace, outer: Frame): string {
  const left = Math.min(outer.width / 3, 14 + Math.max(...trace.y.map((name) => textWidth(name)), 20));
  const cellWidth = (outer.width - left - 8) / Math.max(1, trace.x.length);
  const columns = trace.x.map((name) => wrapLabel(name, cellWidth - 2));
  const bottom = 8 + 13 * Math.max(1, ...columns.map((lines) => lines.length));
  const cellHeight = (outer.height - bottom - 4) / Math.max(1, trace.y.length);
  const rows = trace.y.map((name, row) => {
    const y = outer.y + row * cellHeight;
    const label = wrapLabel(name, left - 10, 1)[0] ?? '';
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
  return rows.join('') + names.join('');
}

function cell(trace: HeatmapTrace, content: { value: number | null; text: string }, frame: Frame): string {
  const { value, text } = content;
  const box = { x: frame.x + 1, y: frame.y + 1, width: frame.width - 2, height: frame.height - 2 };
  if (value === null) return element('rect', { ...box, fill: 'none', stroke: '#d8dee4', class: 'rcsd-grid' });
  const fill = scaleColor(trace.colorscale, (value - trace.zmin) / (trace.zmax - trace.zmin || 1));
  const at = { x: frame.x + frame.width / 2, y: frame.y + frame.height / 2 + 4, anchor: 'middle' } as const;
  return element('rect', { ...box, fill }) + textLine(text, { ...at, fill: inkOn(fill) });
}
