import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { pullFromHub } from '../../src/engine/files/hub';
import { folderOf } from '../tasks/tables';
import { type Hub, startHub } from './hubServer';

const large = Buffer.alloc(300_000, 'rubric');
const small = Buffer.from('{"a": 1}\n');
const TOKEN = 'hf_secretOfTheTests';
let hub: Hub;

beforeAll(async () => {
  hub = await startHub({ 'lfs/large.jsonl': large, 'small.jsonl': small, 'README.md': Buffer.from('x') });
});
afterAll(() => hub.close());
beforeEach(() => {
  process.env.HF_ENDPOINT = hub.url;
  process.env.HF_TOKEN = TOKEN;
});
afterEach(() => {
  Object.assign(hub.behaviour, { cuts: [], wrongDigest: false, refuse: undefined });
  hub.requests.length = 0;
  delete process.env.HF_ENDPOINT;
  delete process.env.HF_TOKEN;
});

const pull = (folder: string, files = ['*.jsonl']) => pullFromHub({ repo: 'owner/set', files, folder });

test('fetches what the patterns name, checks it, and does nothing the second time', async () => {
  const folder = folderOf({});
  expect(await pull(folder)).toEqual(['lfs/large.jsonl', 'small.jsonl']);
  expect(readFileSync(join(folder, 'lfs', 'large.jsonl')).equals(large)).toBe(true);
  expect(readFileSync(join(folder, 'small.jsonl')).equals(small)).toBe(true);
  expect(existsSync(join(folder, 'README.md'))).toBe(false);
  expect(hub.requests.map(({ token }) => token)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
  await pull(folder);
  expect(hub.requests).toHaveLength(2);
});

test('a connection that breaks after some bytes is taken up where it stopped', async () => {
  const folder = folderOf({});
  hub.behaviour.cuts = [100_000];
  await pull(folder, ['lfs/*']);
  expect(readFileSync(join(folder, 'lfs', 'large.jsonl')).equals(large)).toBe(true);
  expect(hub.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-299999']);
});

test('a pull that had to stop goes on the next time', async () => {
  const folder = folderOf({});
  hub.behaviour.cuts = [100_000, 0, 0];
  await expect(pull(folder, ['lfs/*'])).rejects.toThrow(/broke off .*pull again/);
  expect(statSync(join(folder, 'lfs', 'large.jsonl.partial')).size).toBe(100_000);
  expect(existsSync(join(folder, 'lfs', 'large.jsonl'))).toBe(false);
  hub.behaviour.cuts = [];
  await pull(folder, ['lfs/*']);
  expect(hub.requests.at(-1)?.range).toBe('bytes=100000-299999');
  expect(readFileSync(join(folder, 'lfs', 'large.jsonl')).equals(large)).toBe(true);
});

test.each(['lfs/*', 'small.jsonl'])('a wrong checksum throws %s away', async (pattern) => {
  const folder = folderOf({});
  hub.behaviour.wrongDigest = true;
  await expect(pull(folder, [pattern])).rejects.toThrow(/arrived with a wrong checksum and was deleted; pull again/);
  for (const name of ['lfs/large.jsonl', 'small.jsonl'])
    for (const suffix of ['', '.partial']) expect(existsSync(join(folder, name + suffix))).toBe(false);
});

test.each([
  [401, /owner\/set only with permission; accept its terms at .*owner\/set .*HF_TOKEN/],
  [403, /only with permission/],
  [404, /has no data set owner\/set/],
  [500, /answered with status 500 for owner\/set; pull again later/],
])('status %i in one sentence without the token', async (refuse, message) => {
  hub.behaviour.refuse = refuse;
  const error = await pull(folderOf({})).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain(TOKEN);
});

test('other mistakes are told', async () => {
  await expect(pull(folderOf({}), ['*.csv'])).rejects.toThrow(/has no file \*\.csv/);
  process.env.HF_TOKEN = 'password';
  await expect(pull(folderOf({}))).rejects.toThrow('HF_TOKEN');
  process.env.HF_TOKEN = '';
  process.env.HF_ENDPOINT = 'http://127.0.0.1:1';
  await expect(pull(folderOf({}))).rejects.toThrow(
    /cannot be reached or broke off \(.*\); check the network and HF_ENDPOINT/,
  );
});

test('a stop keeps what was downloaded', async () => {
  const folder = folderOf({});
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  await expect(
    pullFromHub({ repo: 'owner/set', files: ['lfs/*'], folder, signal: controller.signal, onProgress }),
  ).rejects.toThrow(/what was downloaded/);
  expect(existsSync(join(folder, 'lfs', 'large.jsonl'))).toBe(false);
});
