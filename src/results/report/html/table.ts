/** Shows rows as an HTML table: escaped, with a limit on rows, columns and cell length. */

import { compactNumber, escapeText, visibleText } from '../../figures/text';
import { cellStyle, NOTE, TABLE } from './style';

/** Something with columns and rows of values, such as a danfojs DataFrame. */
export interface FrameLike {
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
}

/** Plain rows, or a DataFrame. */
export type TableLike = FrameLike | readonly object[];

export interface TableOptions {
  readonly caption?: string;
  /** How many rows are shown, default 50; the rest is counted below the table. */
  readonly maxRows?: number;
  /** How many columns are shown, default 20. */
  readonly maxColumns?: number;
}

interface Grid {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** An HTML table. The columns of plain rows are the keys of all rows, in order of appearance. */
export function tableHtml(table: TableLike, options: TableOptions = {}): string {
  const { caption, maxRows = 50, maxColumns = 20 } = options;
  const { columns, rows } = gridOf(table);
  const shown = columns.slice(0, maxColumns);
  const body = rows.slice(0, maxRows);
  const numeric = shown.map((_, column) => isNumeric(body.map((row) => row[column])));
  const align = (column: number) => (numeric[column] ? 'right' : 'left');
  const head = shown.map(
    (name, column) =>
      `<th scope="col" style="${cellStyle(align(column))};white-space:normal">${escapeText(name, 80)}</th>`,
  );
  const lines = body.map((row) => {
    const cells = shown.map((_, column) => `<td style="${cellStyle(align(column))}">${cellText(row[column])}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  const title = caption ? `<caption style="text-align:left;padding:4px 0">${escapeText(caption, 300)}</caption>` : '';
  return (
    `<div style="overflow-x:auto"><table style="${TABLE}">${title}<thead><tr>${head.join('')}</tr></thead>` +
    `<tbody>${lines.join('')}</tbody></table>${remainder(rows.length - body.length, columns.length - shown.length)}</div>`
  );
}

/** The same table as text, one line for each row, for terminals and viewers without HTML. */
export function tableText(table: TableLike, maxRows = 20): string {
  const { columns, rows } = gridOf(table);
  const lines = rows
    .slice(0, maxRows)
    .map((row) => columns.map((_, column) => visibleText(show(row[column]), 200)).join(' | '));
  const more = rows.length > maxRows ? [`… and ${rows.length - maxRows} more rows`] : [];
  return [columns.map((name) => visibleText(name, 80)).join(' | '), ...lines, ...more].join('\n');
}

function gridOf(table: TableLike): Grid {
  if (!isFrame(table)) {
    const rows = table.map((row) => new Map(Object.entries(row)));
    const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
    return { columns, rows: rows.map((row) => columns.map((name) => row.get(name))) };
  }
  // A frame of one column has bare values instead of rows.
  const rows = table.values.map((row) => (Array.isArray(row) ? row : [row]));
  return { columns: table.columns.map(String), rows };
}

function isFrame(table: TableLike): table is FrameLike {
  return !Array.isArray(table);
}

function isNumeric(values: readonly unknown[]): boolean {
  const given = values.filter((value) => value !== null && value !== undefined && value !== '');
  return (
    given.length > 0 &&
    given.every((value) => typeof value === 'number' || (typeof value === 'string' && /^[-–\d]/.test(value)))
  );
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return compactNumber(value);
  return typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value);
}

function cellText(value: unknown): string {
  return escapeText(show(value), 300);
}

function remainder(rows: number, columns: number): string {
  const parts = [rows > 0 ? `${rows} more rows` : '', columns > 0 ? `${columns} more columns` : ''].filter(Boolean);
  return parts.length === 0 ? '' : `<div style="${NOTE}">… and ${parts.join(' and ')}</div>`;
}
