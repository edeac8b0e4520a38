/** Servers as they are: what they send beside what the protocol says, and what becomes of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatModel, ChatReply, ChatRequest } from '../../src/method/rollout/chat';
import { remoteChat } from '../../src/method/rollout/remote/remoteChat';
import { type EndpointSettings, endpointDefaults } from '../../src/method/rollout/remote/settings';
import { type Fault, faults, lastTurn, type ProtocolServer, startServer } from './remoteServer';

let cache: string;
let server: ProtocolServer;
let models: ChatModel[] = [];
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'rcsd-servers-'));
});
afterEach(async () => {
  for (const model of models) model.dispose();
  models = [];
  await server.close();
  rmSync(cache, { recursive: true });
});

const ask = (text: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [{ role: 'user', content: text }],
  ...{ temperature: 1, topP: 0.95, maxTokens: 32, seed: 7 },
  ...more,
});

/** A client of a server that deals with the requests as `fault` says, and otherwise echoes them. */
async function client(
  fault: (request: number, text: string) => Fault | undefined,
  settings: Partial<EndpointSettings> = {},
): Promise<ChatModel> {
  server = await startServer({ fault: (request, seen) => fault(request, lastTurn(seen)) });
  const model = remoteChat(
    { base: server.base, model: 'tiny' },
    { backoff: 0.001, retries: 2, concurrency: 1, cache, ...settings },
  );
  models.push(model);
  return model;
}

const ok = (json: object): Fault => faults.status(200, json);
const choice = (message: object, finish: string | null = 'stop') => ({
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
});
const kept = (): string[] =>
  readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
const outcome = ({ text, finishReason, failure }: ChatReply) => failure ?? [text, finishReason];

/** Answers with status 200 that hold none, and what they are told as. */
const UNUSABLE: readonly [string, object, RegExp][] = [
  [
    'an error of the server behind (OpenRouter)',
    {
      error: { message: 'Provider returned error', code: 524, metadata: { provider_name: 'X', raw: 'upstream slow' } },
    },
    /524: Provider returned error: upstream slow/,
  ],
  ['a rate limit inside', { error: { message: 'Rate limit exceeded: free', code: 429 } }, /429: Rate limit/],
  ['an error as text (LM Studio)', { error: 'Model unloaded.' }, /Model unloaded/],
  ['an error object (vLLM)', { object: 'error', message: 'engine died', code: 500 }, /500: engine died/],
  ['no choices, null', { id: null, choices: null }, /"choices" are empty/],
  ['no choices, empty', { id: 'x', choices: [], usage: null }, /"choices" are empty/],
  [
    'an error in the choice',
    { choices: [{ message: { content: 'So' }, error: { code: 502, message: 'gone' }, finish_reason: 'error' }] },
    /502: gone/,
  ],
  ['finish_reason error', choice({ content: 'So the' }, 'error'), /finish_reason "error"/],
  ['finish_reason abort (SGLang)', choice({ content: 'So' }, 'abort'), /finish_reason "abort"/],
  ['a content filter', choice({ content: 'I cannot' }, 'content_filter'), /finish_reason "content_filter"/],
  ['a refusal', choice({ content: null, refusal: "I can't help" }), /a refusal: "I can't help"/],
  ['a refusal in parts', choice({ content: [{ type: 'refusal', refusal: 'No.' }] }), /a refusal: "No."/],
  ['empty text', choice({ content: '' }), /without any text/],
  ['blank text', choice({ content: ' \n' }), /without any text/],
  ['thinking alone', choice({ content: null, reasoning_content: 'so \\boxed{B}' }), /without any text/],
  ['thinking alone, in parts', choice({ content: [{ type: 'thinking', thinking: 'B' }] }), /without any text/],
  ['a call of a tool', choice({ content: null, tool_calls: [{}] }, 'tool_calls'), /without any text/],
];

describe('a reply that is none', () => {
  it.each(UNUSABLE)('is asked for again: %s', async (_, json) => {
    const model = await client((request) => (request < 2 ? ok(json) : undefined));
    const [reply] = await model.chat([ask('q')]);
    expect(reply).toMatchObject({ text: 'q #7', finishReason: 'stop' });
    expect([server.seen.length, kept().length]).toEqual([3, 1]);
  });

  it.each(UNUSABLE)('fails alone when no retry is left, and is not kept: %s', async (_, json, said) => {
    const model = await client((_request, text) => (text === 'bad' ? ok(json) : undefined));
    const [failed, good] = await model.chat([ask('bad'), ask('good')]);
    expect(failed).toMatchObject({ text: '', finishReason: 'failed', completionTokens: 0, cached: false });
    expect(failed?.failure).toMatch(/^no usable answer, asked 3 times: /);
    expect(failed?.failure).toMatch(said);
    expect(good?.text).toBe('good #7');
    expect([server.seen.length, kept().length]).toEqual([4, 1]);
  });
});

it.each<[string, object, unknown]>([
  [
    'text in parts beside thinking (Mistral)',
    choice({
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'A?' }] },
        { type: 'text', text: 'So ' },
        { type: 'text', text: 'B.' },
      ],
    }),
    ['So B.', 'stop'],
  ],
  [
    'a second choice first',
    {
      choices: [
        { index: 1, text: 'x' },
        { index: 0, message: { content: 'B' } },
      ],
    },
    ['B', 'stop'],
  ],
  ['no reason to end', choice({ content: 'B' }, null), ['B', 'stop']],
  ['another word for it', choice({ content: 'B' }, 'eos_token'), ['B', 'stop']],
  ['another word for length', choice({ content: 'B' }, 'MAX_TOKENS'), ['B', 'length']],
  ['thinking that was cut off (vLLM)', choice({ content: null, reasoning_content: '... B' }, 'length'), ['', 'length']],
  ['thinking that was cut off (OpenRouter)', choice({ content: '', reasoning: '... B' }, 'length'), ['', 'length']],
  ['an error that is none', { ...choice({ content: 'B' }), error: null }, ['B', 'stop']],
  ['success beside the choices', { ...choice({ content: 'B' }), code: 0, message: 'Success' }, ['B', 'stop']],
  [
    'usage as it comes',
    { ...choice({ content: 'B' }), usage: { prompt_tokens: 10.5, completion_tokens: null } },
    ['B', 'stop'],
  ],
  [
    'what llama.cpp adds',
    { ...choice({ content: 'B' }), timings: { predicted_n: 1 }, system_fingerprint: 'b1' },
    ['B', 'stop'],
  ],
])('takes %s', async (_, json, expected) => {
  const model = await client(() => ok(json));
  const [reply] = await model.chat([ask('q')]);
  expect(reply && outcome(reply)).toEqual(expected);
  expect(Number.isSafeInteger(reply?.promptTokens) && Number.isSafeInteger(reply?.completionTokens)).toBe(true);
});

it('reads an answer behind a byte order mark', async () => {
  const model = await client(() => faults.text(`\uFEFF${JSON.stringify(choice({ content: 'B' }))}`));
  expect((await model.chat([ask('q')]))[0]?.text).toBe('B');
});

/** How servers say that prompt and answer are longer than their context, and that they do not like a prompt. */
const REFUSED: readonly [string, number, object][] = [
  ['OpenAI', 400, { error: { message: "This model's maximum context length is 8", code: 'context_length_exceeded' } }],
  [
    'llama.cpp',
    400,
    { error: { code: 400, message: 'request (4390 tokens) exceeds the available context size (4096 tokens)' } },
  ],
  ['llama.cpp, while it answers', 500, { error: { code: 500, message: 'Context size has been exceeded.' } }],
  [
    'vLLM',
    400,
    { object: 'error', message: 'The decoder prompt (length 50) is longer than the maximum model length of 8' },
  ],
  ['SGLang', 400, { message: "The input (50 tokens) is longer than the model's context length (8 tokens)." }],
  ['TGI', 422, { error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048.' }],
  ['LM Studio', 400, { error: 'Trying to keep the first 50 tokens, but the model is loaded with context length of 8' }],
  ['a proxy', 413, { error: { message: 'Request too large' } }],
  ['Azure’s filter', 400, { error: { code: 'content_filter', message: 'The response was filtered' } }],
  ['OpenRouter’s moderation', 403, { error: { code: 403, message: 'This input requires moderation and was flagged' } }],
  ['an answer with status 200', 200, { error: { code: 400, message: 'maximum context length is 8 tokens' } }],
];

describe('a request that one server would never answer', () => {
  it.each(REFUSED)('fails alone and at once: %s', async (_, status, json) => {
    const model = await client((_request, text) => (text === 'long' ? faults.status(status, json) : undefined));
    const replies = await model.chat([ask('long'), ask('a'), ask('b')]);
    expect(replies.map(({ finishReason }) => finishReason)).toEqual(['failed', 'stop', 'stop']);
    expect(server.seen).toHaveLength(3);
    expect(kept()).toHaveLength(2);
  });

  it('ends the work where it is so for every one from the start', async () => {
    const json = { error: { message: "This model's maximum context length is 8 tokens" } };
    const model = await client(() => faults.status(400, json));
    const failed = model.chat(Array.from({ length: 30 }, (_, i) => ask(`${i}`)));
    await expect(failed).rejects.toThrow(
      /any of 17 requests \(.*maximum context length is 8 tokens\)\); lower max_tokens/,
    );
    await expect(failed).rejects.toMatchObject({ exitCode: 2 });
    expect(server.seen).toHaveLength(17);
  });
});

it('sets one request aside at which the server breaks, and goes on where it answers the next', async () => {
  const model = await client((_request, text) => (text.startsWith('bad') ? faults.status(500) : undefined));
  const replies = await model.chat(['a', 'bad', 'b', 'bad too', 'c'].map((text) => ask(text)));
  expect(replies.map(outcome)).toEqual([
    ['a #7', 'stop'],
    'no usable answer, asked 3 times: 500: {}',
    ['b #7', 'stop'],
    'no usable answer, asked 3 times: 500: {}',
    ['c #7', 'stop'],
  ]);
});

it('takes a moment in Retry-After for no pause of fifty years', async () => {
  const moment = String(Math.floor(Date.now() / 1000) + 1);
  const model = await client((request) =>
    request < 1 ? faults.status(429, {}, { 'retry-after': moment }) : undefined,
  );
  expect((await model.chat([ask('q')]))[0]?.text).toBe('q #7');
});

describe('the fields of a request', () => {
  it('are renamed and left out, and extra ones come on top', async () => {
    const fields = { max_tokens: 'max_completion_tokens', seed: null, top_p: null, response_format: null } as const;
    const model = await client(() => undefined, { fields, extra: { reasoning_effort: 'low' } });
    await model.chat([ask('q', { json: true })]);
    expect(server.seen[0]?.body).toEqual({
      ...{ model: 'tiny', messages: [{ role: 'user', content: 'q' }], temperature: 1 },
      ...{ max_completion_tokens: 32, reasoning_effort: 'low' },
    });
  });

  it('tell requests apart in the cache also where they are not sent', async () => {
    const model = await client((request) => ok(choice({ content: `${request}` })), { fields: { seed: null } });
    const asked = [1, 2, 1].map((seed) => ask('q', { seed }));
    expect((await model.chat(asked)).map(({ text }) => text)).toEqual(['0', '1', '0']);
  });
});

describe('the cache', () => {
  it('gives back no empty answer of an earlier version', async () => {
    const model = await client((request) => (request === 0 ? undefined : ok(choice({ content: 'fresh' }))));
    await model.chat([ask('q')]);
    const file = join(cache, kept()[0] as string);
    const entry = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...entry, reply: { ...entry.reply, text: '' } }));
    expect((await model.chat([ask('q')]))[0]).toMatchObject({ text: 'fresh', cached: false });
  });

  it('stands in the data folder', async () => {
    server = await startServer();
    process.env.RCSD_DATA = cache;
    try {
      expect(endpointDefaults().cache).toBe(join(cache, 'cache', 'replies'));
      const model = remoteChat({ base: server.base, model: 'tiny' });
      models.push(model);
      await model.chat([ask('q')]);
      expect(kept()).toEqual([expect.stringMatching(/^cache.replies.\w\w.\w{64}\.json$/)]);
    } finally {
      delete process.env.RCSD_DATA;
    }
  });
});
