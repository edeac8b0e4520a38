import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../src/engine/files/csv';
import { parseParquet } from '../../src/engine/files/parquet';
import { openSources, parseJsonRows, rowsOf } from '../../src/engine/files/rows';
import { unzip } from '../../src/engine/files/zip';
import { fileOf, folderOf, zipOf } from '../tasks/tables';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const places = (rows: readonly { where: string }[]): string[] => rows.map(({ where }) => where);

describe('CSV', () => {
  it('tells the line on which a row begins, with line breaks in cells', () => {
    const rows = parseCsv(bytes('\uFEFFa,b\r\n1,"x\ny"\r\n2,"p ""q"""\r\n'), 't.csv');
    expect(rows.map(({ fields }) => fields)).toEqual([
      { a: '1', b: 'x\ny' },
      { a: '2', b: 'p "q"' },
    ]);
    expect(places(rows)).toEqual(['t.csv line 2', 't.csv line 4']);
  });

  it.each([
    ['', /t\.csv is empty/],
    ['a,a\n1,2\n', /line 1: the column "a"/],
    ['a,b\n1,"x\n', /is not valid CSV \(Quote Not Closed/],
  ])('refuses %j', (text, message) => {
    expect(() => parseCsv(bytes(text), 't.csv')).toThrow(message);
  });
});

describe('JSON', () => {
  it('tells lines of arrays and objects, in the order of the text', () => {
    const array = parseJsonRows(bytes('[\n{"a": "},{\\"", "b": [1,\n2]},\n\n{"a": 2}]'), 't.json');
    expect(places(array)).toEqual(['t.json line 2', 't.json line 5']);
    const object = parseJsonRows(bytes('{"10": {"a": 1},\n"9": {"a": 2}}'), 't.json');
    expect(object.map(({ key, fields, where }) => [key, fields.a, where])).toEqual([
      ['10', 1, 't.json line 1'],
      ['9', 2, 't.json line 2'],
    ]);
  });

  it('takes JSON Lines under the name .json', () => {
    expect(places(parseJsonRows(bytes('{"a": 1}\n{"a": 2}\n'), 't.json'))).toEqual(['t.json line 1', 't.json line 2']);
    expect(parseJsonRows(bytes('{"a": 1}'), 't.json')[0]?.fields).toEqual({ a: 1 });
    expect(parseJsonRows(bytes('{"x": {"a": 1}}'), 't.json')[0]).toMatchObject({ key: 'x', fields: { a: 1 } });
  });
});

describe('Parquet', () => {
  it('reads what pyarrow writes: structs, lists, 64-bit numbers, snappy, zstd and gzip', async () => {
    for (const name of ['rar-science', 'arc', 'pubmedqa', 'medmcqa', 'rubrichub']) {
      const [source] = await openSources(join('tests', 'fixtures', 'tables', `${name}.parquet`));
      const rows = await rowsOf(source as NonNullable<typeof source>);
      expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
      expect(rows[0]?.where).toMatch(/\.parquet row 1$/);
    }
  });

  it('refuses a file that was cut off', async () => {
    const [source] = await openSources(join('tests', 'fixtures', 'tables', 'arc.parquet'));
    const whole = source?.bytes() as Uint8Array;
    await expect(parseParquet(whole.subarray(0, whole.length - 30), 't.parquet')).rejects.toThrow(
      /t\.parquet is not a readable/,
    );
  });
});

describe('zip', () => {
  const all = () => true;

  it('refuses what leads out of the archive', async () => {
    for (const name of ['../evil.json', '/evil.json', 'a/../../evil.json'])
      await expect(unzip(fileOf('x.zip', zipOf({ [name]: '[]' })), all)).rejects.toThrow(
        /is not a readable zip archive/,
      );
  });

  it('refuses more entries or bytes than allowed', async () => {
    const bomb = fileOf('bomb.zip', zipOf({ 'a.json': '0'.repeat(100_000), 'b.json': '1' }));
    await expect(unzip(bomb, all, { entries: 9, bytes: 50_000 })).rejects.toThrow(
      /would unpack to more than 50000 bytes/,
    );
    await expect(unzip(bomb, all, { entries: 1, bytes: 1e6 })).rejects.toThrow(/2 entries, .*unpack it yourself/);
    expect((await unzip(bomb, all, { entries: 2, bytes: 100_001 })).map(({ name }) => name)).toEqual([
      'a.json',
      'b.json',
    ]);
  });

  it('refuses content that is longer than its entry says, or damaged', async () => {
    const packed = zipSync({ 'a.json': strToU8('0'.repeat(5000)) });
    const lying = Buffer.from(packed);
    lying.writeUInt32LE(10, lying.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24);
    await expect(unzip(fileOf('x.zip', lying), all)).rejects.toThrow(/is not a readable zip archive/);
    const stored = Buffer.from(zipSync({ 'a.json': [strToU8('hello world'), { level: 0 }] }));
    stored.write('j', stored.indexOf('hello'));
    await expect(unzip(fileOf('x.zip', stored), all)).rejects.toThrow(/checksum of a\.json does not hold/);
    const locked = Buffer.from(packed);
    locked.writeUInt16LE(1, locked.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 8);
    await expect(unzip(fileOf('x.zip', locked), all)).rejects.toThrow(/is encrypted; unpack it with the password/);
  });
});

describe('openSources', () => {
  it('finds tables in folders and archives by name, and passes hidden ones over', async () => {
    const folder = folderOf({
      'b.jsonl': '',
      '.hidden.jsonl': '',
      'readme.md': '',
      'in.zip': zipOf({ 'a/c.csv': 'x\n1\n', '__MACOSX/a/._c.csv': '' }),
    });
    expect((await openSources(folder)).map(({ name }) => name)).toEqual(['b.jsonl', 'in.zip/a/c.csv']);
    await expect(openSources(join(folder, 'none'))).rejects.toThrow(/^There is no .*none/);
    await expect(openSources(join(folder, 'readme.md'))).rejects.toThrow(/no \.jsonl/);
  });
});
