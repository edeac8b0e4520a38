import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatModel, ChatRequest } from '../../src/method/rollout/chat';
import { keyFor, parseAddress } from '../../src/method/rollout/remote/address';
import { createPace } from '../../src/method/rollout/remote/pace';
import { remoteChat } from '../../src/method/rollout/remote/remoteChat';
import type { EndpointSettings } from '../../src/method/rollout/remote/settings';
import { faults, lastTurn, type ProtocolServer, type ServerOptions, startServer } from './remoteServer';

const SECRET = 'sk-very-secret-0123456789';

let folder: string;
let server: ProtocolServer | undefined;
let models: ChatModel[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcsd-remote-'));
  process.env.OPENAI_API_KEY = SECRET;
});
afterEach(async () => {
  for (const model of models) model.dispose();
  models = [];
  await server?.close();
  server = undefined;
  delete process.env.OPENAI_API_KEY;
  rmSync(folder, { recursive: true });
});

const ask = (text: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [{ role: 'user', content: text }],
  temperature: 1,
  topP: 0.95,
  maxTokens: 32,
  seed: 7,
  ...more,
});

/** A client of a server that is started for the test. */
async function client(options: ServerOptions, settings: Partial<EndpointSettings> = {}): Promise<ChatModel> {
  server = await startServer(options);
  return clientOf(server.base, settings);
}

function clientOf(base: string, settings: Partial<EndpointSettings> = {}): ChatModel {
  const model = remoteChat({ base, model: 'tiny' }, { backoff: 0.01, cache: undefined, ...settings });
  models.push(model);
  return model;
}

const questions = (count: number) => Array.from({ length: count }, (_, i) => ask(`question ${i}`, { seed: i }));
const textsOf = (replies: readonly { text: string }[]) => replies.map(({ text }) => text);
const expected = (count: number) => Array.from({ length: count }, (_, i) => `question ${i} #${i}`);

/** What a failing call says. */
async function complaint(model: ChatModel, requests = [ask('q')]): Promise<Error> {
  return model.chat(requests).then(
    () => new Error('no failure'),
    (error: Error) => error,
  );
}

describe('a remote model', () => {
  it('asks as the protocol wants and returns what came, in order, within the limit of requests at once', async () => {
    const model = await client({ delay: 20 }, { concurrency: 3, extra: { min_p: 0.1 } });
    const heard: number[] = [];
    const replies = await model.chat(questions(10), { onReply: (_, index) => heard.push(index) });
    expect(textsOf(replies)).toEqual(expected(10));
    expect(heard.sort((a, b) => a - b)).toEqual(replies.map((_, i) => i));
    expect(server?.most()).toBe(3);
    const { path, body, authorization } = server?.seen[0] ?? {};
    expect(path).toBe('/v1/chat/completions');
    expect(body).toEqual({
      ...{ model: 'tiny', messages: [{ role: 'user', content: 'question 0' }], temperature: 1, top_p: 0.95 },
      ...{ max_tokens: 32, seed: 0, min_p: 0.1 },
    });
    expect(authorization).toBe(`Bearer ${SECRET}`);
    expect(replies[0]).toMatchObject({ finishReason: 'stop', promptTokens: 10, completionTokens: 13, cached: false });
  });

  it('takes completions, JSON mode and cut answers', async () => {
    const model = await client({ reply: () => ({ text: 'cut', finish: 'length' }) });
    const [cut] = await model.chat([ask('a', { seed: 1, json: true })]);
    expect(cut).toMatchObject({ text: 'cut', finishReason: 'length' });
    expect(server?.seen.find(({ body }) => body.seed === 1)?.body.response_format).toEqual({ type: 'json_object' });
    const plain = clientOf(server?.base ?? '', { protocol: 'completions' });
    const system = { role: 'system', content: 'Be brief.' } as const;
    await plain.chat([ask('a', { seed: 1, messages: [system, { role: 'user', content: 'Why?' }] })]);
    expect(server?.seen.at(-1)).toMatchObject({ path: '/v1/completions', body: { prompt: 'Be brief.\n\nWhy?' } });
  });

  it.each([
    ['500', faults.status(500, { error: { message: 'busy' } })],
    ['429', faults.status(429)],
    ['a cut connection', faults.cut()],
    ['a connection cut inside the answer', faults.cutInside()],
    ['an answer that is not JSON', faults.text('<html>Bad gateway</html>')],
    ['a server that hangs', faults.hang()],
  ])('tries again after %s', async (_, fault) => {
    const model = await client(
      { fault: (request) => (request === 1 || request === 2 ? fault : undefined) },
      { concurrency: 1, timeout: 0.3 },
    );
    expect(textsOf(await model.chat(questions(3)))).toEqual(expected(3));
    expect(server?.seen).toHaveLength(5);
  });

  it('waits as long as the server asks, with all requests', async () => {
    const wait = faults.status(429, {}, { 'retry-after': '1' });
    const told: string[] = [];
    const model = await client({ fault: (request) => (request === 0 ? wait : undefined) }, { concurrency: 1 });
    await model.chat(questions(2), { onProgress: ({ detail }) => detail && told.push(detail) });
    const [first, ...later] = (server?.seen ?? []).map(({ at }) => at);
    expect(Math.min(...later) - (first ?? 0)).toBeGreaterThan(990);
    expect(told).toEqual(['again in 1.0 s: 429: {}']);
    await server?.close();
    const far = faults.status(429, {}, { 'retry-after': '7200' });
    expect((await complaint(await client({ fault: () => far }))).message).toContain('no request for 7200 s');
  });

  it('gives up when two requests in a row come to nothing, and says what it met; what came before was heard', async () => {
    const model = await client(
      { fault: (request) => (request > 1 ? faults.status(503, { detail: 'loading' }) : undefined) },
      { concurrency: 1, retries: 2 },
    );
    const heard: string[] = [];
    const failed = model.chat(questions(5), { onReply: ({ text, failure }) => heard.push(failure ?? text) });
    await expect(failed).rejects.toMatchObject({ name: 'UnavailableError', exitCode: 1 });
    await expect(failed).rejects.toThrow(/after 3 times \(503: loading\)/);
    expect(heard).toEqual([...expected(2), 'no usable answer, asked 3 times: 503: loading']);
    expect(server?.seen).toHaveLength(8);
  });

  it('does not ask for long where nothing has ever answered', async () => {
    const model = await client({}, { retries: 50 });
    await server?.close();
    expect((await complaint(model)).message).toMatch(/after 3 times \(no server listens there\)/);
  });

  it.each([
    [
      401,
      { error: { message: `Incorrect API key provided: ${SECRET}` } },
      /refuses the key \(401: Incorrect API key provided: \[key\]\)/,
    ],
    [404, { error: { message: 'The model `tiny` does not exist' } }, /no such path or model/],
    [400, { detail: 'temperature\u0007 is\nwrong' }, /refuses the request \(400: temperature is wrong\)/],
    [429, { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } }, /quota is used up/],
    [302, {}, /final address/],
    [402, { error: { message: 'Insufficient credits' } }, /quota is used up/],
    [200, { error: { message: 'No auth credentials found', code: 401 } }, /refuses the account/],
    [200, { status: 'ok' }, /without "choices"/],
    [200, { choices: [{ message: { content: { a: 1 } } }] }, /content is not text/],
  ])('says at once what status %i with %j means', async (status, json, message) => {
    const error = await complaint(await client({ fault: () => faults.status(status, json) }));
    expect(error).toMatchObject({ name: 'InputError', exitCode: 2 });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(SECRET);
    expect(error.message).not.toContain('\n');
    expect(server?.seen).toHaveLength(1);
  });

  it('does not read an answer without end', async () => {
    const error = await complaint(await client({ fault: () => faults.endless() }));
    expect(error.message).toMatch(/more than 16 MiB/);
  });

  it('stops on the signal, hanging requests too', async () => {
    const model = await client({ fault: (request) => (request > 0 ? faults.hang() : undefined) }, { concurrency: 2 });
    const stop = new AbortController();
    const failed = model.chat(questions(4), { signal: stop.signal, onReply: () => stop.abort() });
    await expect(failed).rejects.toMatchObject({ name: 'InterruptedError', exitCode: 130 });
  });

  it('spreads requests and tokens over the minute', async () => {
    const model = await client({}, { requestsPerMinute: 1200, concurrency: 4 });
    const asked = performance.now();
    await model.chat(questions(6));
    const last = Math.max(...(server?.seen ?? []).map(({ at }) => at));
    expect(last - asked).toBeGreaterThan(5 * 50 - 5);
    const pace = createPace({ requestsPerMinute: 0, tokensPerMinute: 60_000 });
    const started = performance.now();
    await pace.turn(200);
    pace.giveBack(100);
    await pace.turn(100);
    expect(performance.now() - started).toBeGreaterThan(95);
  });
});

describe('the cache of replies', () => {
  const files = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

  it('answers what was asked before, whichever client asks, and asks again for a torn entry', async () => {
    const settings = { cache: folder };
    const first = await (await client({}, settings)).chat(questions(3));
    const again = await clientOf(server?.base ?? '', settings).chat(questions(4));
    expect(again.map(({ cached }) => cached)).toEqual([true, true, true, false]);
    expect(again.slice(0, 3)).toEqual(first.map((reply) => ({ ...reply, cached: true })));
    expect(server?.seen).toHaveLength(4);
    expect(files()).toHaveLength(4);
    for (const name of files()) truncateSync(join(folder, name), 40);
    expect(textsOf(await clientOf(server?.base ?? '', settings).chat(questions(4)))).toEqual(expected(4));
    expect(server?.seen).toHaveLength(8);
    expect((await clientOf(server?.base ?? '', settings).chat(questions(1)))[0]?.cached).toBe(true);
  });

  it('tells requests apart by everything in them, and holds no key', async () => {
    const model = await client({}, { cache: folder });
    const others = [{ seed: 8 }, { temperature: 0.5 }, { topP: 1 }, { maxTokens: 31 }, { json: true }];
    await model.chat([ask('a'), ask('b'), ...others.map((more) => ask('a', more))]);
    expect(files()).toHaveLength(7);
    for (const name of files()) expect(readFileSync(join(folder, name), 'utf8')).not.toContain(SECRET);
  });

  it('goes on where an interrupted call stopped', async () => {
    const stopAt = await client(
      { fault: (request) => (request === 3 ? faults.status(400) : undefined) },
      { cache: folder, concurrency: 1 },
    );
    await complaint(stopAt, questions(6));
    expect(textsOf(await stopAt.chat(questions(6)))).toEqual(expected(6));
    expect((server?.seen ?? []).map(lastTurn)).toEqual([0, 1, 2, 3, 3, 4, 5].map((i) => `question ${i}`));
  });
});

describe('an address', () => {
  it('holds the server and the model', () => {
    expect(parseAddress('https://example.org/v1/#org/model-8b')).toEqual({
      base: 'https://example.org/v1',
      model: 'org/model-8b',
    });
  });

  it('is refused without a model and with a secret, which is not repeated', () => {
    expect(() => parseAddress('http://127.0.0.1:8000/v1')).toThrow(/names no model/);
    for (const text of ['http://me:hunter2@host/v1#m', 'http://host/v1?key=hunter2#m', 'http://host:hunter2#m']) {
      expect(() => parseAddress(text)).toThrow(/^((?!hunter2).)*$/);
    }
  });

  it('gets the common key over https or on this machine only, and the project’s own everywhere', () => {
    const to = (base: string, env: NodeJS.ProcessEnv) => keyFor({ base }, env);
    expect(to('http://far.example/v1', { OPENAI_API_KEY: 'a' })).toBeUndefined();
    expect(to('https://far.example/v1', { OPENAI_API_KEY: 'a' })).toBe('a');
    expect(to('http://localhost:80/v1', { OPENAI_API_KEY: 'a' })).toBe('a');
    expect(to('http://far.example/v1', { OPENAI_API_KEY: 'a', RCSD_API_KEY: 'b' })).toBe('b');
  });
});
