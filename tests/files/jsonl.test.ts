import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFolderAtomic } from '../../src/base/records/atomic';
import { InputError } from '../../src/base/records/errors';
import { readJsonFile, readJsonl, writeFileAtomic, writeJsonl } from '../../src/engine/files/jsonl';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-jsonl-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('readJsonl', () => {
  it('reads rows, skips blank lines and a byte order mark, and names each place', () => {
    const path = file('rows.jsonl', '\ufeff{"a":1}\r\n\n  \n{"a":"é"}');
    expect(readJsonl(path, (row, where) => ({ row, where: where.slice(folder.length + 1) }))).toEqual([
      { row: { a: 1 }, where: 'rows.jsonl line 1' },
      { row: { a: 'é' }, where: 'rows.jsonl line 4' },
    ]);
  });

  it.each([
    ['broken JSON', '{"a":1}\n{"a":', /bad\.jsonl line 2 is not valid JSON/],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), /bad\.jsonl line 1 is not UTF-8 text/],
  ])('refuses %s with file and line', (_, content, message) => {
    const path = file('bad.jsonl', content);
    expect(() => readJsonl(path, (row) => row)).toThrow(InputError);
    expect(() => readJsonl(path, (row) => row)).toThrow(message);
  });

  it('refuses a missing file and a folder', () => {
    expect(() => readJsonl(join(folder, 'none.jsonl'), (row) => row)).toThrow(/none\.jsonl: there is no such file/);
    expect(() => readJsonl(folder, (row) => row)).toThrow(/it is a folder/);
  });
});

describe('readJsonFile', () => {
  it('refuses what is not an object', () => {
    expect(() => readJsonFile(file('list.json', '[1]'))).toThrow(/list\.json .*an array.* a JSON object/);
    expect(readJsonFile(file('object.json', '{"a":[1]}'))).toEqual({ a: [1] });
  });
});

describe('writing', () => {
  it('round-trips rows and makes folders', () => {
    const path = join(folder, 'new', 'deep', 'rows.jsonl');
    writeJsonl(path, [{ a: 'line\nbreak' }, { b: null }]);
    expect(readJsonl(path, (row) => row)).toEqual([{ a: 'line\nbreak' }, { b: null }]);
  });

  it('keeps the old file and leaves nothing beside it when the rows fail half-way', () => {
    mkdirSync(join(folder, 'half'));
    const path = join(folder, 'half', 'rows.jsonl');
    writeFileAtomic(path, 'old');
    const rows = function* () {
      yield { a: 1 };
      throw new Error('broken off');
    };
    expect(() => writeJsonl(path, rows())).toThrow('broken off');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(join(folder, 'half'))).toEqual(['rows.jsonl']);
  });

  it('says in one sentence why a place cannot be written', () => {
    const path = file('plain', '');
    expect(() => writeFileAtomic(join(path, 'below'), '')).toThrow(
      /Cannot write .*below: a part of its path is a file/,
    );
  });

  it('replaces a folder as a whole, or not at all', async () => {
    const path = join(folder, 'checkpoint');
    await writeFolderAtomic(path, (at) => writeFileSync(join(at, 'one'), '1'));
    const failing = writeFolderAtomic(path, (at) => {
      writeFileSync(join(at, 'two'), '2');
      throw new Error('broken off');
    });
    await expect(failing).rejects.toThrow('broken off');
    expect(readdirSync(path)).toEqual(['one']);
    await writeFolderAtomic(path, (at) => writeFileSync(join(at, 'three'), '3'));
    expect(readdirSync(path)).toEqual(['three']);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
    expect(existsSync(join(path, 'one'))).toBe(false);
  });
});
