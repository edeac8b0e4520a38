import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import {
  cachedModels,
  hubCacheFolder,
  hubNameOfPath,
  hubNameText,
  parseHubName,
} from '../../src/engine/files/hubCache';
import { hubOrigin, resolveAdapterPath, resolveModelPath } from '../../src/engine/files/models';
import { pullHubData } from '../../src/engine/hub/datasets';
import { pullHubModel } from '../../src/engine/hub/models';
import { openModel } from '../../src/engine/model/load';
import { type Hub, startHub } from './hubServer';

const large = Buffer.alloc(300_000, 'rubric');
const small = Buffer.from('{"a": 1}\n');
const TOKEN = 'hf_secretOfTheTests';
const MODEL = join(__dirname, '..', 'fixtures', 'models', 'chat');
const ADAPTER = join(__dirname, '..', 'fixtures', 'adapters', 'attention-only');
const filesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rcsd-hub-'));
  vi.stubEnv('HF_HOME', home);
  vi.stubEnv('HF_HUB_CACHE', '');
  vi.stubEnv('HUGGINGFACE_HUB_CACHE', '');
  vi.stubEnv('HF_TOKEN', TOKEN);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

/** A hub that runs while a block's tests do. */
function hubOf(files: Record<string, Uint8Array>, content: Parameters<typeof startHub>[1] = {}) {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub(files, content);
  });
  afterAll(() => hub.close());
  beforeEach(() => {
    vi.stubEnv('HF_ENDPOINT', hub.url);
    Object.assign(hub.behaviour, { cuts: [], wrongDigest: false, refuse: undefined });
    hub.requests.length = 0;
  });
  return () => hub;
}

describe('data', () => {
  const hub = hubOf({ 'lfs/large.jsonl': large, 'small.jsonl': small, 'README.md': Buffer.from('x') });
  const pull = (files = ['*.jsonl'], more = {}) =>
    pullHubData({ repo: 'owner/set', files, folder: join(home, 'set'), ...more });
  const blobs = () => join(home, 'hub', 'datasets--owner--set', 'blobs');
  const partial = () => readdirSync(blobs()).find((name) => name.endsWith('.incomplete'));
  const ranges = () => hub().requests.map(({ range }) => range);

  test('what the patterns name lies in the shared cache, checked, and is not asked for twice', async () => {
    expect(await pull()).toEqual(['lfs/large.jsonl', 'small.jsonl']);
    expect(readFileSync(join(home, 'set', 'lfs', 'large.jsonl')).equals(large)).toBe(true);
    expect(readdirSync(join(home, 'set'))).toEqual(['lfs', 'small.jsonl']);
    const repository = join(home, 'hub', 'datasets--owner--set');
    expect(readFileSync(join(repository, 'refs', 'main'), 'utf8')).toBe(hub().commit);
    const link = join(repository, 'snapshots', hub().commit, 'lfs', 'large.jsonl');
    expect(readlinkSync(link)).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(readdirSync(blobs())).toHaveLength(2);
    await pull();
    expect(hub().requests).toHaveLength(2);
  });

  test('the token goes to the hub and not to where it redirects', async () => {
    await pull();
    expect(hub().requests.map(({ large: elsewhere, token }) => [elsewhere, token])).toEqual([
      [true, undefined],
      [false, `Bearer ${TOKEN}`],
    ]);
  });

  test('a connection that breaks after some bytes is taken up where it stopped', async () => {
    hub().behaviour.cuts = [100_000];
    await pull(['lfs/*']);
    expect(readFileSync(join(home, 'set', 'lfs', 'large.jsonl')).equals(large)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-299999']);
  });

  test('a pull that had to stop goes on the next time', async () => {
    hub().behaviour.cuts = [100_000, 0, 0];
    await expect(pull(['lfs/*'])).rejects.toThrow(/broke off .*pull again/);
    expect(statSync(join(blobs(), partial() as string)).size).toBe(100_000);
    expect(existsSync(join(home, 'set'))).toBe(false);
    expect(existsSync(join(home, 'hub', 'datasets--owner--set', 'refs'))).toBe(false);
    hub().behaviour.cuts = [];
    await pull(['lfs/*']);
    expect(ranges().at(-1)).toBe('bytes=100000-299999');
    expect(partial()).toBeUndefined();
  });

  test.each(['lfs/*', 'small.jsonl'])('a wrong checksum throws %s away', async (pattern) => {
    hub().behaviour.wrongDigest = true;
    await expect(pull([pattern])).rejects.toThrow(/arrived with a wrong checksum and was deleted; pull again/);
    expect(readdirSync(blobs())).toEqual([]);
  });

  test('a content that was spoilt in the cache is fetched again', async () => {
    await pull(['lfs/*']);
    const [blob] = readdirSync(blobs());
    writeFileSync(join(blobs(), blob as string), Buffer.alloc(300_000));
    await pull(['lfs/*']);
    expect(readFileSync(join(home, 'set', 'lfs', 'large.jsonl')).equals(large)).toBe(true);
  });

  test.each([
    [401, /no access to owner\/set: .* accept its terms at .*datasets\/owner\/set .*HF_TOKEN/],
    [403, /only with permission; accept its terms/],
    [404, /has no data set owner\/set with this revision/],
    [500, /answered with status 500 for owner\/set; pull again later/],
  ])('status %i in one sentence without the token', async (refuse, message) => {
    hub().behaviour.refuse = refuse;
    const error = await pull().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain(TOKEN);
  });

  test('other mistakes are told', async () => {
    await expect(pull(['*.csv'])).rejects.toThrow(/has no file \*\.csv/);
    await expect(pull(undefined, { revision: 'v9' })).rejects.toThrow(/with this revision/);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(pull()).rejects.toThrow('HF_HUB_OFFLINE');
    vi.stubEnv('HF_HUB_OFFLINE', '');
    vi.stubEnv('HF_TOKEN', 'password');
    await expect(pull()).rejects.toThrow('HF_TOKEN');
    vi.stubEnv('HF_TOKEN', '');
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1');
    await expect(pull()).rejects.toThrow(/cannot be reached or broke off \(.*\); check the network and HF_ENDPOINT/);
  });

  test('a stop keeps what was downloaded', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(pull(['lfs/*'], { signal: controller.signal, onProgress })).rejects.toThrow(/what was downloaded/);
    expect(existsSync(join(home, 'set'))).toBe(false);
  });
});

describe('a model', () => {
  const files = { ...filesOf(MODEL), 'pytorch_model.bin': small, 'images/a.png': small, 'README.md': small };
  const hub = hubOf(files, { type: 'model', repo: 'owner/Chat-1B' });
  const name = { id: 'owner/Chat-1B', revision: 'main' };

  test('is pulled with the files that are read, and opens by its name', async () => {
    expect(() => resolveModelPath('owner/Chat-1B')).toThrow('rcsd models pull owner/Chat-1B');
    const path = await pullHubModel(name);
    expect(readdirSync(path).sort()).toEqual(Object.keys(filesOf(MODEL)).sort());
    expect(resolveModelPath('owner/Chat-1B')).toBe(path);
    expect(resolveModelPath(`owner/Chat-1B@${hub().commit}`)).toBe(path);
    expect(cachedModels()).toEqual([{ id: 'owner/Chat-1B', path }]);
    expect(hubOrigin(path)).toEqual({ id: 'owner/Chat-1B', revision: hub().commit });
    const model = await openModel('owner/Chat-1B');
    expect(model.config.layers).toBe(2);
    model.dispose();
  });

  test('at a tag has a reference of that name', async () => {
    await pullHubModel({ ...name, revision: 'v1' });
    expect(existsSync(resolveModelPath('owner/Chat-1B@v1'))).toBe(true);
    expect(() => resolveModelPath('owner/Chat-1B')).toThrow('rcsd models pull owner/Chat-1B');
  });

  test('of which a part is missing is not opened', async () => {
    const path = await pullHubModel(name);
    rmSync(join(path, 'model.safetensors'));
    expect(() => resolveModelPath('owner/Chat-1B')).toThrow(
      /without model\.safetensors; download the rest with: rcsd models pull/,
    );
    await pullHubModel(name);
    expect(hub().requests.filter(({ path: file }) => file === 'model.safetensors')).toHaveLength(1);
    expect(resolveModelPath('owner/Chat-1B')).toBe(path);
  });
});

describe('a model in several files', () => {
  const shard = (i: number) => `weights-${i}.safetensors`;
  const index = { weight_map: { a: shard(1), b: shard(2), c: shard(1) } };
  const files = {
    ...{ 'config.json': Buffer.from('{}'), 'other.safetensors': small, [shard(1)]: large, [shard(2)]: small },
    'model.safetensors.index.json': Buffer.from(JSON.stringify(index)),
  };
  hubOf(files, { type: 'model', repo: 'owner/big' });

  test('is pulled with those that its index names', async () => {
    const path = await pullHubModel({ id: 'owner/big', revision: 'main' });
    expect(readdirSync(path).sort()).toEqual(
      Object.keys(files)
        .filter((file) => file !== 'other.safetensors')
        .sort(),
    );
  });
});

describe('GGUF files', () => {
  const hub = hubOf(
    {
      ...{ 'a.gguf': small, 'deep/b-Q8_0.gguf': small, 'd-00001-of-00002.gguf': small },
      ...{ 'c-00001-of-00002.gguf': small, 'c-00002-of-00002.gguf': small },
    },
    { type: 'model', repo: 'owner/m-GGUF' },
  );
  const name = { id: 'owner/m-GGUF', revision: 'main' };

  test('are pulled one by one, by name', async () => {
    await expect(pullHubModel(name)).rejects.toThrow(
      /it has a\.gguf, deep\/b-Q8_0\.gguf, .*; name one: rcsd models pull owner\/m-GGUF\/a\.gguf/,
    );
    await expect(pullHubModel({ ...name, file: 'c.gguf' })).rejects.toThrow(/has no file c\.gguf; it has a\.gguf/);
    const path = await pullHubModel({ ...name, file: 'deep/b-Q8_0.gguf' });
    expect(resolveModelPath('owner/m-GGUF/deep/b-Q8_0.gguf')).toBe(path);
    expect(hub().requests.map((request) => request.path)).toEqual(['deep/b-Q8_0.gguf']);
  });

  test('in several parts are pulled together, by the first', async () => {
    const parts = ['c-00001-of-00002.gguf', 'c-00002-of-00002.gguf'];
    const path = await pullHubModel({ ...name, file: parts[0] as string });
    expect(parts.map((part) => existsSync(join(dirname(path), part)))).toEqual([true, true]);
    await expect(pullHubModel({ ...name, file: 'd-00001-of-00002.gguf' })).rejects.toThrow(
      /has no file d-00002-of-00002\.gguf/,
    );
  });
});

describe('an adapter', () => {
  hubOf(filesOf(ADAPTER), { type: 'model', repo: 'owner/lora' });

  test('is pulled like a model', async () => {
    const path = await pullHubModel({ id: 'owner/lora', revision: 'main' });
    expect(resolveAdapterPath('owner/lora')).toBe(path);
    expect(readdirSync(path).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  });
});

describe('weights that cannot be read', () => {
  hubOf({ 'config.json': small, 'pytorch_model.bin': small }, { type: 'model', repo: 'owner/old' });

  test('are not downloaded', async () => {
    await expect(pullHubModel({ id: 'owner/old', revision: 'main' })).rejects.toThrow(
      /weights as pytorch_model\.bin alone/,
    );
  });
});

describe('names', () => {
  test.each([
    ['owner/name', { id: 'owner/name', revision: 'main' }],
    ['owner/na.me-1@v2', { id: 'owner/na.me-1', revision: 'v2' }],
    ['owner/name@refs/pr/3', { id: 'owner/name', revision: 'refs/pr/3' }],
    ['owner/name/dir/x.gguf@v1', { id: 'owner/name', revision: 'v1', file: 'dir/x.gguf' }],
  ])('%s', (text, name) => {
    expect(parseHubName(text)).toEqual(name);
    expect(hubNameText(name)).toBe(text);
  });

  test.each([
    'name',
    'a/b/c',
    '/a/b',
    './a/b',
    '../a',
    'a/..',
    'a/b@../c',
    'a/b/../x.gguf',
    'a b/c',
    'a/b@',
    'http://h/x',
    '',
  ])('%j is none', (text) => expect(parseHubName(text)).toBeUndefined());

  test('the place of the cache follows the environment as in other programs', () => {
    expect(hubCacheFolder()).toBe(join(home, 'hub'));
    vi.stubEnv('HF_HUB_CACHE', join(home, 'elsewhere'));
    expect(hubCacheFolder()).toBe(join(home, 'elsewhere'));
    vi.stubEnv('HF_HUB_CACHE', '');
    vi.stubEnv('HF_HOME', '');
    vi.stubEnv('XDG_CACHE_HOME', join(home, 'xdg'));
    expect(hubCacheFolder()).toBe(join(home, 'xdg', 'huggingface', 'hub'));
  });

  test('a path outside of the cache comes from nowhere, and a local folder wins over a name', () => {
    expect(hubNameOfPath(MODEL)).toBeUndefined();
    const here = join(home, 'owner', 'name');
    mkdirSync(here, { recursive: true });
    expect(resolveModelPath(here)).toBe(here);
  });
});
