/** Reads and writes comma-separated values (RFC 4180). */
import { CsvError, parse } from 'csv-parse/sync';
import { InputError } from '../../base/records/errors';
import { decodeUtf8 } from './jsonl';
import type { Row } from './row';

/** A text that a spreadsheet would compute gets an apostrophe in front, which makes it text there; numbers stay numbers. */
const cell = (value: unknown): string => {
  const plain = value === undefined || value === null ? '' : String(value);
  const isFormula = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value));
  const text = isFormula ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * Writes rows below a head line with all names that occur, in order of appearance. A value that a row lacks becomes an
 * empty cell.
 */
export function csv(rows: readonly object[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => names.map((name) => cell(new Map(Object.entries(row)).get(name))).join(','));
  return [names.map(cell).join(','), ...lines, ''].join('\n');
}

/** A record with the line of the file on which it ends. */
interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Reads the values below a head line; cells may contain line breaks. Throws InputError naming file and line. */
export function parseCsv(bytes: Uint8Array, name: string, delimiter = ','): Row[] {
  const text = decodeUtf8(bytes, name);
  let parsed: readonly Parsed[];
  try {
    parsed = parse(text, { delimiter, info: true, skip_empty_lines: true }) as unknown as readonly Parsed[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InputError(`${name} is not valid CSV (${error.message}); correct that line or get the file again.`);
  }
  const [head, ...rest] = parsed;
  if (!head) throw new InputError(`${name} is empty; it needs a line of column names.`);
  const twice = head.record.find((column, i) => head.record.indexOf(column) < i);
  if (twice !== undefined) throw new InputError(`${name} line 1: the column "${twice}" occurs twice; rename one.`);
  return rest.map(({ record, info }) => ({
    fields: Object.fromEntries(head.record.map((column, i) => [column, record[i] ?? ''])),
    where: `${name} line ${info.lines - lineBreaks(record)}`,
  }));
}

const lineBreaks = (record: readonly string[]): number =>
  record.reduce((sum, value) => sum + (value.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
