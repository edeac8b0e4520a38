/**
 * Parts of the documentation that come out of the code. They stand between `<!-- NAME -->` and `<!-- /NAME -->`; a test compares
 * them with what the code says now. `DOCS=write npx vitest run tests/docs` writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** The folder that holds README.md. */
export const root = join(__dirname, '..', '..');

/** Expects the block `name` of a file below docs/ to be `expected`. */
export function expectBlock(file: string, name: string, expected: string): void {
  const path = join(root, 'docs', file);
  const text = readFileSync(path, 'utf8');
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end, from);
  if (from < start.length || to < 0) throw new Error(`docs/${file} has no block ${name}`);
  const block = `\n${expected.trim()}\n\n`;
  if (process.env.DOCS === 'write') writeFileSync(path, text.slice(0, from) + block + text.slice(to));
  else expect(text.slice(from, to)).toBe(block);
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** The first column of a Markdown table inside a text, code marks taken off; the head is left out. */
export function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] as string);
}

/** The profiles, in the order of the tables. */
export const PROFILES = ['paper', 'released', 'microscience'] as const;

/** A setting's value in a table. */
export const shown = (value: unknown): string =>
  value === undefined
    ? ''
    : Array.isArray(value)
      ? value.length === 7
        ? 'all seven'
        : value.join(', ')
      : String(value);
