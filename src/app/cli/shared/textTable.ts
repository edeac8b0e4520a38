/** Tables for standard output. */
import { printable } from '../../../base/records/printable';

/** The longest cell, in characters; of a longer one the middle is left out. */
const LONGEST_CELL = 400;

/** Head, a rule and the rows, in columns as wide as their longest cell; no line break at the end, and none in a cell. */
export function textTable(headCells: readonly string[], rowCells: readonly (readonly string[])[]): string {
  const [head = [], ...rows] = [headCells, ...rowCells].map((row) => row.map((cell) => printable(cell, LONGEST_CELL)));
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Two columns; the first is as wide as its longest entry, but at most 34. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) =>
      left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
    )
    .join('\n');
}
