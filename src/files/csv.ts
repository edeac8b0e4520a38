/** Comma-separated values, as RFC 4180 has them. */

const cell = (value: unknown): string => {
  const text = value === undefined || value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rows under a head of all their names, in order of appearance; what a row lacks is empty. */
export function csv(rows: readonly object[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => names.map((name) => cell(new Map(Object.entries(row)).get(name))).join(','));
  return [names.map(cell).join(','), ...lines, ''].join('\n');
}
