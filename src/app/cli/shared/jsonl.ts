/** Shared by the commands on JSON Lines: `--input`, `--output`, and copying of fields that a command does not use. */

import { InputError, throwIfAborted } from '../../../base/records/errors';
import { isObject } from '../../../base/records/values';
import { parseJsonl, readJsonl, writeJsonl } from '../../../engine/files/jsonl';
import type { Option } from './arguments';
import { type ParsedArguments, textOption } from './arguments';

export const JSONL_OPTIONS: readonly Option[] = [
  { name: 'input', value: 'FILE', help: 'rows to read, one JSON object to a line (default: standard input)' },
  { name: 'output', value: 'FILE', help: 'where to write the rows (default: standard output)' },
];

/** One input row, and its place for messages. */
export interface InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly where: string;
}

/**
 * Reads the input rows; each must be an object with an `id`. The signal also stops it while it waits for standard
 * input.
 */
export async function readRows(args: ParsedArguments, signal: AbortSignal): Promise<InputRow[]> {
  const path = textOption(args, 'input', '-');
  return path === '-'
    ? parseJsonl(await readStandardInput(signal), 'standard input', checkRow)
    : readJsonl(path, checkRow);
}

function checkRow(row: unknown, where: string): InputRow {
  if (!isObject(row)) throw new InputError(`${where}: a row must be a JSON object.`);
  if (row.id === undefined) throw new InputError(`${where}: the field "id" is missing.`);
  return { fields: row, where };
}

async function readStandardInput(signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const stop = () => process.stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  signal.removeEventListener('abort', stop);
  throwIfAborted(signal);
  return Buffer.concat(chunks);
}

/** Writes the output rows. A file appears only when it is complete. */
export function writeRows(args: ParsedArguments, rows: Iterable<object>): void {
  writeJsonl(textOption(args, 'output', '-'), rows);
}

/**
 * The first fields of an output row: the id, and all fields except the `known` ones, which the command reads itself.
 */
export function carriedFields({ fields }: InputRow, known: readonly string[]): Record<string, unknown> {
  const { id, ...others } = fields;
  return { id, ...Object.fromEntries(Object.entries(others).filter(([name]) => !known.includes(name))) };
}

export function textField({ fields, where }: InputRow, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new InputError(`${where}: the field "${name}" ${value === undefined ? 'is missing' : 'must be text'}.`);
}
