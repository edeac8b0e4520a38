import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeBundle } from '../../src/app/view/bundle';
import { openDocuments } from '../../src/app/view/documents';
import { growing } from '../../src/app/view/growing';
import { serveView } from '../../src/app/view/server';
import type { AnswerDetail, AnswerRow } from '../../src/app/view/shapes';
import { InputError } from '../../src/base/records/errors';
import { answerRow, writeRun } from './runs';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-view-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file that grows', () => {
  const path = join(folder, 'rows.jsonl');
  const file = growing(path, (line) => [line.a]);
  test('is read as far as its lines are whole, each once', () => {
    file.refresh();
    expect(file.rows).toEqual([]);
    writeFileSync(path, '{"a":1}\n{"a":2}\n{"a"');
    file.refresh();
    expect(file.rows).toEqual([1, 2]);
    appendFileSync(path, ':"é"}\nnonsense\n\n{"a":4}\n');
    file.refresh();
    file.refresh();
    expect(file.rows).toEqual([1, 2, 'é', 4]);
    expect([file.damaged, file.generation]).toEqual([1, 0]);
    expect(file.line(2)).toEqual({ a: 'é' });
    expect(file.line(3)).toEqual({ a: 4 });
  });
  test('is read anew when a resumed run cut it', () => {
    writeFileSync(path, '{"a":7}\n');
    file.refresh();
    expect([file.rows, file.generation]).toEqual([[7], 1]);
    expect(file.line(0)).toEqual({ a: 7 });
  });
  test('of many megabytes is read across its blocks', () => {
    const many = Array.from({ length: 30_000 }, (_, i) => `${JSON.stringify({ a: i, filling: 'ü'.repeat(100) })}\n`);
    writeFileSync(path, many.join(''));
    const large = growing(path, (line) => [line.a]);
    large.refresh();
    expect(large.rows).toHaveLength(30_000);
    expect(large.rows[29_999]).toBe(29_999);
    expect(large.line(20_000)).toMatchObject({ a: 20_000 });
  });
});

describe('documents of a run', () => {
  const run = join(folder, 'runs', 'first');
  writeRun(run, 620);
  const documents = openDocuments([join(folder, 'runs')]);

  test('list every answer with what the task’s rule says of it', () => {
    const { runs, sources } = documents.overview(true);
    expect(runs.map(({ name }) => name)).toEqual(['first']);
    expect(sources.map(({ kind, count }) => [kind, count])).toEqual([['training', 620]]);
    const rows = [0, 1].flatMap((chunk) => documents.read(`rows-0-${chunk}`) as AnswerRow[]);
    expect(rows).toHaveLength(620);
    expect(rows.filter(({ verdict }) => verdict === 'right').length).toBe(207);
    expect(rows.filter(({ verdict }) => verdict === 'unknown')).toEqual([]);
    expect(rows[33]).toMatchObject({ step: 2, truncated: true, details: false });
    expect(documents.read('rows-0-2')).toBeUndefined();
    expect(documents.read('rows-7-0')).toBeUndefined();
    expect(documents.read('../config')).toBeUndefined();
  });

  test('have the rubric with the marks of the rule, and the scores of the tokens', () => {
    const details = documents.read('details-0-0') as AnswerDetail[];
    expect(details).toHaveLength(20);
    const [, , , , , , , seventh] = details;
    expect(seventh?.rubricSource).toBe('reference');
    expect(seventh?.criteria.map(({ verdict }) => verdict)).toContain('not met');
    expect(seventh?.scores?.details?.next[4]?.[0]?.[0]).toBe(99);
    expect(details[0]?.scores?.details).toBeUndefined();
  });

  test('grow with it, and know a new run beside it', () => {
    appendFileSync(join(run, 'completions.jsonl'), `${JSON.stringify(answerRow(620))}\n`);
    writeRun(join(folder, 'runs', 'second'), 3);
    expect(documents.overview(true).sources.map(({ count }) => count)).toEqual([621, 3]);
    expect(documents.read('rows-0-1')).toHaveLength(121);
  });

  test('leave an answer ungraded whose questions are not here', () => {
    const other = join(folder, 'elsewhere');
    writeRun(other, 2);
    const config = JSON.parse(readFileSync(join(other, 'config.json'), 'utf8'));
    writeFileSync(
      join(other, 'config.json'),
      JSON.stringify({ ...config, settings: { ...config.settings, data: 'gone' } }),
    );
    const own = openDocuments([other]);
    own.overview(true);
    expect((own.read('rows-0-0') as AnswerRow[]).map(({ verdict }) => verdict)).toEqual(['unknown', 'unknown']);
    const [first] = own.read('details-0-0') as AnswerDetail[];
    expect([first?.criteria, first?.target]).toEqual([[], null]);
  });

  test('of a folder that is none are refused in a sentence', () => {
    expect(() => openDocuments([join(folder, 'nowhere')])).toThrow(InputError);
    mkdirSync(join(folder, 'empty'));
    expect(() => openDocuments([join(folder, 'empty')])).toThrow(/holds no run folder/);
  });
});

describe('the server', () => {
  const get = (address: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { hostname: host, port } = new URL(address);
      const asked = request({ host, port, path, headers }, (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asked.on('error', reject).end();
    });

  test('gives data to the holder of its token alone, and to no other name', async () => {
    const view = await serveView(openDocuments([join(folder, 'runs')]), 0);
    const token = { 'x-rcsd-token': new URL(view.address).searchParams.get('token') ?? '' };
    try {
      expect((await get(view.address, '/data/overview', token)).status).toBe(200);
      expect((await get(view.address, '/data/overview')).status).toBe(403);
      expect((await get(view.address, '/data/overview', { 'x-rcsd-token': 'x' })).status).toBe(403);
      expect((await get(view.address, '/data/overview', { ...token, host: 'example.org' })).status).toBe(403);
      for (const path of ['/data/rows-0-99', '/data/nothing', '/constructor', '/__proto__', '/../package.json', '//'])
        expect([path, (await get(view.address, path, token)).status]).toEqual([path, 404]);
      expect((await get(view.address, '/')).text).toContain("script-src 'self'");
      expect(view.address).toMatch(/^http:\/\/127\.0\.0\.1:/);
    } finally {
      await view.close();
    }
  });
});

describe('a bundle', () => {
  test('holds every document as a script that only hands it over', () => {
    const target = join(folder, 'site');
    writeBundle(openDocuments([join(folder, 'runs')]), target);
    const data = readdirSync(join(target, 'data'));
    expect(data).toContain('rows-0-1.js');
    const received: [string, unknown][] = [];
    for (const name of data)
      new Function('rcsdReceive', readFileSync(join(target, 'data', name), 'utf8'))((...own: [string, unknown]) =>
        received.push(own),
      );
    expect(received.map(([name]) => `${name}.js`).sort()).toEqual(data.sort());
    const again = () => writeBundle(openDocuments([join(folder, 'runs', 'second')]), target);
    again();
    expect(readdirSync(join(target, 'data'))).not.toContain('rows-0-1.js');
  });

  test('does not go into a folder that holds something else', () => {
    const target = join(folder, 'mine');
    mkdirSync(join(target, 'data'), { recursive: true });
    writeFileSync(join(target, 'data', 'thesis.txt'), 'x');
    expect(() => writeBundle(openDocuments([join(folder, 'runs')]), target)).toThrow(/thesis.txt/);
    expect(readdirSync(join(target, 'data'))).toEqual(['thesis.txt']);
  });
});
