/** Files that grow by rows: whatever they end in, a row is whole or absent. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { appendLines, cutLines, readLines } from '../../src/base/records/lines';
import { buildOnce } from '../cli/runCli';

beforeAll(buildOnce);

const newFile = (content: string | Buffer): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'rcsd-lines-')), 'rows.jsonl');
  writeFileSync(path, content);
  return path;
};
const row = { step: 9, text: 'Ω' };
const line = `${JSON.stringify(row)}\n`;

const ENDS: readonly (readonly [string, string | Buffer, string])[] = [
  ['a row without its newline', '{"step":1,"loss":0.5}', '{"step":1,"loss":0.5}\n'],
  ['two rows, the last without its newline', '{"a":1}\n{"b":2}', '{"a":1}\n{"b":2}\n'],
  ['half a row', '{"a":1}\n{"b":', '{"a":1}\n'],
  ['nothing but half a row', '{"b":', ''],
  ['a row and blanks', '{"a":1}\n{"b":2}  ', '{"a":1}\n{"b":2}  \n'],
  ['blanks', '{"a":1}\n  ', '{"a":1}\n'],
  ['half a character', Buffer.concat([Buffer.from('{"a":1}\n{"b":"'), Buffer.from('Ω').subarray(0, 1)]), '{"a":1}\n'],
  [
    'zero bytes, as a loss of power may leave',
    Buffer.concat([Buffer.from('{"a":1}\n'), Buffer.alloc(40)]),
    '{"a":1}\n',
  ],
  ['a number, which is no row', '{"a":1}\n12', '{"a":1}\n'],
  ['nothing', '', ''],
];

test.each(ENDS)('after %s a row begins a line of its own', (_, content, before) => {
  for (const cut of [false, true]) {
    const path = newFile(content);
    if (cut) cutLines(path, () => true);
    const file = appendLines(path);
    file.append(row);
    file.append(row);
    file.close();
    expect(readFileSync(path, 'utf8')).toBe(before + line + line);
    expect(readLines(path).rows.slice(-2)).toEqual([row, row]);
  }
});

test('cutting changes nothing where all stays', () => {
  const content = '{ "a" : 1.0 }\n{"b":2}\n';
  const path = newFile(content);
  expect(cutLines(path, () => true)).toEqual([{ a: 1 }, { b: 2 }]);
  expect(readFileSync(path, 'utf8')).toBe(content);
});

test('rows that an earlier version ran together are not advised away', () => {
  const path = newFile('{"a":1}{"b":2}\n');
  expect(() => readLines(path)).toThrow(/line 1 is not a JSON object; put a line break between rows that ran together/);
});

test('a file that may not grow gets no part of a row, and is named', () => {
  const path = newFile('');
  // A limit on the size of files stands for a full disk: the same call fails in the middle of a row.
  const script = `
    process.on('SIGXFSZ', () => {});
    const { appendLines } = require(process.argv[1]);
    const file = appendLines(process.argv[2]);
    const row = { text: 'x'.repeat(5000) };
    try { for (let i = 0; i < 5; i++) file.append(row); } catch (error) { console.log(error.code ?? error.message); }
    try { file.close(); } catch {}`;
  const lines = join(__dirname, '..', '..', 'dist', 'base', 'records', 'lines.js');
  const said = execFileSync('bash', [
    '-c',
    'ulimit -f 8; exec "$0" -e "$1" "$2" "$3"',
    process.execPath,
    script,
    lines,
    path,
  ]);
  expect(said.toString()).toContain(`Cannot write ${path}: the file would be too large`);
  expect(readLines(path)).toEqual({ rows: [{ text: 'x'.repeat(5000) }], torn: false });
  expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
});
