/** Rollouts from a server: runs of the embedded model against a real server with the project's own engine behind the protocol. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { resolvePretrainConfig } from '../../src/base/config/pretrain';
import { InputError, UnavailableError } from '../../src/base/records/errors';
import { openRun } from '../../src/base/records/runReader';
import { initializeAdapter } from '../../src/engine/model/initialize';
import { openModel } from '../../src/engine/model/load';
import { type LanguageModel, withWeights } from '../../src/engine/model/model';
import type { Adapter } from '../../src/engine/model/transformer';
import { hashWords } from '../../src/engine/tensors/random';
import { disposeTree } from '../../src/engine/tensors/tree';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { importanceWeights } from '../../src/method/losses/importance';
import { connectRolloutServer } from '../../src/method/rollout/remote/rolloutServer';
import { tokenWeights } from '../../src/method/train/batch';
import { countedTokens } from '../../src/method/train/drawing';
import { runPretraining } from '../../src/run/experiments/pretrain';
import { train } from '../../src/run/experiments/train';
import { openSession } from '../../src/run/session/session';
import { buildOnce, rcsdBeside } from '../cli/runCli';
import { faults } from '../rollout/remoteServer';
import { readFile, recordOf } from '../train/stage';
import { type EngineServer, type EngineServerOptions, engineServer } from './engineServer';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-rollouts-'));
const other = join(folder, 'other', 'model');
const SEED = 7;
let questions: string[];
const open: EngineServer[] = [];

const RCSD = ['algorithm=rcsd', 'stages=reasoner', 'rubric_source=reference'];
const GRPO = ['algorithm=grpo', 'num_generations=2', 'rewards=answer,length', 'num_iterations=2'];
const words = (name: string, ...more: readonly string[]): string[] => [
  ...['model=microscience', 'data=microscience', `runs=${folder}`, `name=${name}`, `seed=${SEED}`],
  ...['steps=3', 'batch_size=4', 'max_tokens=12'],
  ...['rank=2', 'alpha=4', 'learning_rate=0.01', 'schedule=constant', 'temperature=1.2', 'checkpoint_every=1'],
  ...['precision=fp32', 'evaluation.questions=2', 'evaluation.samples=1', 'evaluation.max_tokens=4', ...more],
];

async function run(overrides: readonly string[]): Promise<string> {
  const outcome = await train(resolveTrainConfig({ overrides }), { evaluateBefore: false });
  outcome.model.dispose();
  return outcome.path;
}

async function serve(options: Partial<EngineServerOptions> = {}): Promise<EngineServer> {
  const seeds = [SEED, hashWords(SEED, 1)];
  const server = await engineServer({ model: 'microscience', questions, seeds, ...options });
  open.push(server);
  return server;
}

/** The reason why a run ends. */
const failure = (overrides: readonly string[]): Promise<Error> =>
  run(overrides).then(
    () => new Error('the run did not fail'),
    (error: Error) => error,
  );

beforeAll(async () => {
  const session = await openSession(resolveTrainConfig({ overrides: words('any') }));
  questions = [...session.train.map(({ id }) => id), ...[0, 1, 2, 3].map((i) => `probe ${i}`)];
  session.dispose();
  await runPretraining(
    resolvePretrainConfig({ overrides: ['steps=1', `output=${join(folder, 'other')}`, 'layers=4'] }),
  );
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stage = (path: string): string => (existsSync(join(path, 'stage-2')) ? join(path, 'stage-2') : path);

/** The same completions, numbers within 1e-4, and the same weights within `weights`. */
function expectAlike(a: string, b: string, within: number): void {
  const [mine, theirs] = [a, b].map((path) => recordOf(stage(path)));
  const ids = (rows: readonly object[] = []) => rows.map((row) => (row as { completion_ids: number[] }).completion_ids);
  expect(ids(mine?.completions)).toEqual(ids(theirs?.completions));
  const [first, second] = [mine, theirs].map((record) => record?.metrics as Record<string, number>[]);
  for (const [i, row] of (first ?? []).entries())
    for (const [name, value] of Object.entries(row))
      if (!/^(remote|sampler)\//.test(name))
        expect(Math.abs(value - (second?.[i]?.[name] as number)), name).toBeLessThan(1e-4);
  const last = (path: string) => openRun(stage(path)).checkpoints().at(-1)?.path as string;
  const [left, right] = [a, b].map((path) => readFile(last(path), 'adapter_model.safetensors'));
  for (const [name, values] of Object.entries(left ?? {}))
    for (const [i, x] of values.entries())
      expect(Math.abs(x - (right?.[name]?.[i] as number)), name).toBeLessThanOrEqual(within);
}

/** What a server is like, and how the run is refused; a setting beside the address. */
type Refusal = [
  name: string,
  server: Partial<Omit<EngineServerOptions, 'model'>> & { readonly closed?: boolean; readonly model?: () => string },
  kind: typeof InputError | typeof UnavailableError,
  message: RegExp,
  ...more: string[],
];

interface Choice {
  readonly token_ids: number[];
  readonly logprobs: { readonly token_logprobs: number[] };
}

/** What another model would say of the same tokens. */
const uncertain = (choice: Record<string, unknown>): Record<string, unknown> => ({
  ...choice,
  logprobs: { token_logprobs: (choice as unknown as Choice).logprobs.token_logprobs.map((x) => x - 1) },
});

const says = (at: string, status: number, message: string) => (path: string) =>
  path === at ? faults.status(status, { error: { message } }) : undefined;
const missing = (at: string) => (path: string) =>
  path === at ? faults.status(404, { detail: 'Not Found' }) : undefined;

/** No adapter is left, neither at the server nor in the run folder. */
function expectUnloaded(server: EngineServer, path: string): void {
  const adapters = join(path, 'adapters');
  expect([[...server.loaded.keys()], existsSync(adapters) ? readdirSync(adapters) : []]).toEqual([[], []]);
}

const rowsOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a run with a server', () => {
  test.each([
    ['RCSD', RCSD],
    ['GRPO', GRPO],
    ['RCSD with filters', [...RCSD, 'top_k=5', 'top_p=0.9']],
  ])('%s equals the run without it', async (what, more) => {
    const server = await serve();
    const here = await run(words(`${what} here`, ...more));
    const there = await run(words(`${what} there`, ...more, `rollouts=${server.address}/v1/`));
    expectAlike(here, there, 1e-5);
    for (const row of openRun(stage(there)).metrics()) {
      expect(row['remote/log_ratio_max']).toBeLessThan(1e-3);
      expect(row['remote/log_ratio_mean']).toBeGreaterThan(0);
      expect(row['remote/kl']).toBeLessThan(1e-5);
      expect(row['remote/outside']).toBe(0);
    }
    const [row] = rowsOf(join(there, 'rollout_servers.jsonl'));
    const page = readFileSync(join(__dirname, '..', '..', 'docs', 'run-folder.md'), 'utf8');
    const written = [
      ...Object.keys(row ?? {}),
      ...Object.keys(openRun(stage(there)).metrics()[0] ?? {}).filter((name) => name.startsWith('remote/')),
    ];
    expect(written.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    expect(row).toMatchObject({ address: server.address, model: 'base', version: '0.0-test', positions: 512 });
    expect(row?.probe).toMatchObject({ log_ratio_max: expect.any(Number), tokens: expect.any(Number) });
    expectUnloaded(server, there);
    // The probe's adapter and one a step, each under a name of its own.
    const names = server.asked.map(({ model }) => String(model));
    expect([new Set(names).size, names.every((name) => name.startsWith('rcsd-'))]).toEqual([4, true]);
    expect(server.most()).toBeGreaterThan(1);
    // What is left out would be taken from the model's generation_config.json.
    const sent = [
      'min_p',
      'repetition_penalty',
      'presence_penalty',
      'frequency_penalty',
      'top_p',
      'top_k',
      'ignore_eos',
    ];
    expect(sent.filter((name) => server.asked[0]?.[name] === undefined)).toEqual([]);
  });

  test('two workers of a run ask it once for both', async () => {
    buildOnce();
    const server = await serve();
    const args = words('two', ...RCSD, 'steps=2', `rollouts=${server.address}`, 'workers=2');
    const { status, stderr } = await rcsdBeside(['train', ...args]);
    expect([status, stderr]).toEqual([0, expect.anything()]);
    // Four of the probe, and four a step.
    expect(server.asked).toHaveLength(12);
    const alone = await run(words('one', ...RCSD, 'steps=2'));
    expectAlike(join(folder, 'two'), alone, 1e-5);
  });

  test("completions of a teacher that is not trained are drawn from the base's own name", async () => {
    const server = await serve();
    await run(words('ssd', 'algorithm=ssd', 'steps=1', `rollouts=${server.address}`));
    expect(new Set(server.asked.map(({ model }) => model)).has('base')).toBe(true);
  });
});

describe('a server that dies', () => {
  test('stops the run where it can go on; another one takes over, to the weights of an undisturbed run', async () => {
    const straight = await run(words('straight', ...RCSD));
    // Requests of the probe and the first step, and two of the second step.
    const dying: EngineServer = await serve({
      fault: (path, request) => {
        if (path !== '/v1/completions' || request < 10) return undefined;
        return (_, socket) => {
          socket.destroy();
          void dying.close();
        };
      },
    });
    const error = await failure(words('dying', ...RCSD, `rollouts=${dying.address}`));
    const path = join(folder, 'dying');
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toMatch(/no server listens there.*ended after step 1 of 3; go on with --resume .*stage-2/);
    expect(
      openRun(join(path, 'stage-2'))
        .checkpoints()
        .map(({ step }) => step),
    ).toEqual([1]);
    expect(readdirSync(join(path, 'adapters'))).toEqual([]);
    const second = await serve();
    await run([...words('dying', ...RCSD), `rollouts=${second.address}`]);
    expectAlike(path, straight, 1e-5);
    expect(rowsOf(join(path, 'rollout_servers.jsonl')).map(({ address }) => address)).toEqual([
      dying.address,
      second.address,
    ]);
    // Nothing is left to draw.
    await second.close();
    await run([...words('dying', ...RCSD), `rollouts=${second.address}`]);
    expect((await failure(words('dying', ...RCSD))).message).toContain('other settings (rollouts');
  });

  test('and comes back at once is not noticed', async () => {
    const server = await serve({
      fault: (path, request) => (path === '/v1/completions' && request === 6 ? faults.status(503) : undefined),
    });
    expectAlike(await run(words('hiccup', ...RCSD, `rollouts=${server.address}`)), join(folder, 'straight'), 1e-5);
  });

  test('with other weights in its place is noticed at the next step', async () => {
    const server = await serve({ spoil: (choice, request) => (request < 8 ? choice : uncertain(choice)) });
    const error = await failure(words('turned', ...RCSD, `rollouts=${server.address}`));
    expect(error.message).toMatch(/nats a token away.*rollout_limit=0.2.*ended after step 1 of 3/);
    expectUnloaded(server, join(folder, 'turned'));
  });
});

describe('before the first step', () => {
  test.each<Refusal>([
    [
      'a server that is not there',
      { closed: true },
      UnavailableError,
      /no server listens there.*check that the server is running/,
    ],
    ['another model', { model: () => other }, InputError, /over a probe of \d+ tokens.*It serves another model/],
    [
      'adapters that are ignored',
      { ignoresAdapters: true },
      InputError,
      /draws from the base model without the adapter/,
    ],
    ['log-probabilities before the temperature', { raw: true }, InputError, /--logprobs-mode processed_logprobs/],
    [
      'another name',
      { served: ['llama'] },
      InputError,
      /serves llama, and not rollout_model=base/,
      'rollout_model=base',
    ],
    ['several models', { served: ['a', 'b'] }, InputError, /serves several models \(a, b\)/],
    ['too few positions', { positions: 20 }, InputError, /more than the 20 that .* takes/],
    [
      'no loading of adapters',
      { fault: missing('/v1/load_lora_adapter') },
      InputError,
      /VLLM_ALLOW_RUNTIME_LORA_UPDATING=1/,
    ],
    [
      'no LoRA at all',
      { fault: says('/v1/load_lora_adapter', 400, 'LoRA is not enabled. Use --enable-lora to enable LoRA.') },
      InputError,
      /start it with --enable-lora/,
    ],
    [
      'too small a rank',
      {
        fault: says(
          '/v1/load_lora_adapter',
          500,
          "Call to add_lora method failed: Worker failed with error 'LoRA rank 32 is greater than max_lora_rank 16.', please check the stack trace above",
        ),
      },
      InputError,
      /larger --max-lora-rank/,
    ],
    [
      'a folder that it does not see',
      { fault: says('/v1/load_lora_adapter', 404, 'Loading lora x failed: No adapter found for /x') },
      InputError,
      /set rollout_adapters to a folder that both see/,
    ],
    [
      'another vocabulary',
      { fault: says('/v1/completions', 400, 'Token id 341 is out of vocabulary') },
      InputError,
      /another vocabulary than the 342 tokens/,
    ],
    ['no vLLM', { fault: missing('/v1/models') }, InputError, /needs a vLLM server/],
    ['a key that is missing', { key: 'sk-secret-of-mine' }, InputError, /refuses the key.*RCSD_API_KEY/],
  ])('%s is refused', async (what, options, kind, message, ...more) => {
    const { closed, model, ...rest } = options;
    const server = await serve({ ...rest, ...(model && { model: model() }) });
    if (closed) await server.close();
    const name = what.replaceAll(' ', '-');
    const error = await failure(words(name, ...RCSD, `rollouts=${server.address}`, ...more));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/Then go on with: rcsd train --resume /);
    expect(error).toBeInstanceOf(kind);
    const path = join(folder, name);
    if (!closed) expectUnloaded(server, path);
    expect(existsSync(join(path, 'rollout_servers.jsonl'))).toBe(false);
  });

  test('a server that keeps adapters is refused', async () => {
    const server = await serve({ fault: says('/v1/unload_lora_adapter', 400, 'no') });
    const error = await failure(words('kept', ...RCSD, `rollouts=${server.address}`));
    expect(error.message).toMatch(/does not unload the adapter rcsd-.*400: no/);
    expect(readdirSync(join(folder, 'kept', 'adapters'))).toEqual([]);
  });

  test('adapters that a killed process left are cleared away', async () => {
    const server = await serve();
    const path = await run(words('left', ...RCSD, 'steps=1', `rollouts=${server.address}`));
    rmSync(join(path, 'stage-2'), { recursive: true });
    const name = `${/^rcsd-[0-9a-f]+-/.exec(String(server.asked[0]?.model))?.[0]}1-x-1`;
    const adapter = join(path, 'adapters', name);
    cpSync(openRun(stage(await run(words('giver', ...RCSD, 'steps=1')))).checkpoints()[0]?.path as string, adapter, {
      recursive: true,
    });
    const load = (lora_name: string) =>
      fetch(`${server.address}/v1/load_lora_adapter`, {
        method: 'POST',
        body: JSON.stringify({ lora_name, lora_path: adapter }),
      });
    for (const each of [name, 'of-another-run']) expect((await load(each)).status).toBe(200);
    await run(words('left', ...RCSD, 'steps=1', `rollouts=${server.address}`));
    expect([[...server.loaded.keys()], readdirSync(join(path, 'adapters'))]).toEqual([['of-another-run'], []]);
  });

  test('a key is sent, and written nowhere', async () => {
    const key = 'sk-secret-of-mine';
    const server = await serve({ key });
    process.env.RCSD_API_KEY = key;
    try {
      const path = await run(words('keyed', ...RCSD, 'steps=1', `rollouts=${server.address}`));
      const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.length).toBeGreaterThan(5);
      for (const file of files)
        expect(readFileSync(join(file.parentPath, file.name), 'latin1').includes(key), file.name).toBe(false);
    } finally {
      delete process.env.RCSD_API_KEY;
    }
  });
});

describe('answers that cannot be used are told, and leave no adapter behind', () => {
  let model: LanguageModel;
  let policy: LanguageModel;
  let adapter: Adapter;
  beforeAll(async () => {
    model = await openModel('microscience');
    adapter = initializeAdapter(model.config, { rank: 2, alpha: 4, targets: ['q_proj'], seed: 1 });
    policy = withWeights(model, { ...model.weights, adapter });
  });
  afterAll(() => {
    disposeTree(adapter.params);
    model.dispose();
  });
  /** What is said of a server's answers to the requests of a step. */
  const said = async (name: string, options: Partial<EngineServerOptions>, more = {}): Promise<Error> => {
    const server = await engineServer({ model: 'microscience', questions, seeds: [SEED], ...options });
    const run = join(folder, name);
    const settings = { address: server.address, adapters: join(run, 'adapters'), run, concurrency: 2, timeout: 60 };
    const rollouts = await connectRolloutServer({ ...settings, ...more });
    const requests = questions.slice(0, 3).map((questionId) => ({ questionId, sample: 0, promptTokens: [5, 6, 7] }));
    const sampling = { temperature: 1, topP: 1, topK: 0, maxTokens: 12, seed: SEED };
    const error = await rollouts.sample(policy, requests, sampling).then(
      () => new Error('nothing was said'),
      (each: Error) => each,
    );
    expectUnloaded(server, run);
    rollouts.dispose();
    await server.close();
    return error;
  };

  const choice = (change: (own: Choice) => object) => (own: Record<string, unknown>) => ({
    ...own,
    ...change(own as unknown as Choice),
  });
  test.concurrent.each([
    ['no ids', choice(() => ({ token_ids: undefined })), /without "token_ids"/],
    ['no log-probabilities', choice(() => ({ logprobs: null })), /without the log-probabilities/],
    [
      'too few log-probabilities',
      choice(({ logprobs }) => ({ logprobs: { token_logprobs: logprobs.token_logprobs.slice(1) } })),
      /log-probabilities for/,
    ],
    [
      'an impossible log-probability',
      choice(({ logprobs }) => ({ logprobs: { token_logprobs: logprobs.token_logprobs.map(() => 0.5) } })),
      /the log-probability 0\.5/,
    ],
    [
      'minus infinity',
      choice(({ logprobs }) => ({ logprobs: { token_logprobs: logprobs.token_logprobs.map(() => -9999) } })),
      /the log-probability -9999/,
    ],
    [
      'foreign ids',
      choice(({ token_ids }) => ({ token_ids: token_ids.map(() => 342) })),
      /the token 342, which is none of the 342/,
    ],
    ['ids that are none', choice(({ token_ids }) => ({ token_ids: token_ids.map(String) })), /the token "/],
    [
      'too many ids',
      choice(({ token_ids }) => ({ token_ids: [...Array(13)].map(() => token_ids[0]) })),
      /of 13 tokens/,
    ],
    [
      'an answer that is cut off',
      choice(({ token_ids, logprobs }) => ({
        token_ids: token_ids.slice(0, 3),
        finish_reason: 'length',
        logprobs: { token_logprobs: logprobs.token_logprobs.slice(0, 3) },
      })),
      /breaks off after 3 of 12/,
    ],
    ['a stop without an end', choice(() => ({ finish_reason: 'stop' })), /stops without an end token/],
    ['an abort', choice(() => ({ finish_reason: 'abort' })), /finish_reason "abort"/],
  ])('%s', async (what, spoil, message) => {
    const error = await said(`spoilt ${what}`, { spoil });
    expect(error.message).toMatch(message);
    expect(error).toBeInstanceOf(UnavailableError);
  });
  test.concurrent.each([
    ['no JSON', faults.text('<html>'), /not JSON/],
    ['a broken connection', faults.cutInside(), /cut|breaks off/],
    ['an endless answer', faults.endless(), /more than 16 MiB/],
    ['silence', faults.hang(), /asked once \(no answer within 1 s\)/],
  ])('%s', async (what, fault, message) => {
    const only = (path: string) => (path === '/v1/completions' ? fault : undefined);
    expect((await said(`broken ${what}`, { fault: only }, what === 'silence' ? { timeout: 1 } : {})).message).toMatch(
      message,
    );
  });
});

describe('truncated importance weights', () => {
  const delta = [0, Math.log(1.5), Math.log(5), -1, Number.NEGATIVE_INFINITY];
  test('are min(exp(delta), c)', () => {
    const expected = [1, 1.5, 2, Math.exp(-1), 0];
    for (const [t, weight] of importanceWeights(delta, 2).entries())
      expect(weight).toBeCloseTo(expected[t] as number, 12);
  });
  test('multiply the loss of each token; masked tokens leave the denominator, and the weights do not enter it', () => {
    const sequence = (length: number, more: object) => ({
      studentPrompt: [1],
      completionTokens: Array<number>(length).fill(2),
      ...more,
    });
    const batch = [[sequence(3, { importance: [2, 0.5, 0], mask: [true, true, false] }), sequence(2, {})]];
    const [weights] = tokenWeights(batch, 'batch-token', 8);
    expect([...(weights ?? [])]).toEqual([2 / 4, 0.5 / 4, 0, 1 / 4, 1 / 4].map(Math.fround));
    const [each] = tokenWeights(batch, 'sequence', 8);
    expect([...(each ?? [])]).toEqual([2 / 4, 0.5 / 4, 0, 1 / 4, 1 / 4].map(Math.fround));
  });
  test('a token that the filters leave out is masked', () => {
    expect(countedTokens(undefined, [1, 0, 2])).toEqual([true, false, true]);
    expect(countedTokens([false, true, true], [1, 0, 2])).toEqual([false, false, true]);
    expect(countedTokens(undefined, [1, 2])).toBeUndefined();
  });
});

test('rollouts in bf16 are scored again in fp32, and weighted', async () => {
  const path = await run(words('bf16', ...RCSD, 'steps=2', 'rollout_precision=bf16'));
  for (const row of openRun(stage(path)).metrics()) {
    expect(row['sampler/log_ratio_max']).toBeGreaterThan(1e-5);
    expect(row['sampler/log_ratio_mean']).toBeLessThan(0.1);
  }
  const weights = openRun(stage(path))
    .completions()
    .flatMap(({ weight = [] }) => weight);
  expect(weights.length).toBeGreaterThan(0);
  expect(weights.some((x) => x !== 1)).toBe(true);
  expect(Math.max(...weights)).toBeLessThanOrEqual(2);
});

test.each([
  [['rollouts=http://127.0.0.1:1', 'rank=0'], /rollouts=URL needs an adapter: lora.rank=0 trains all weights/],
  [['rollouts=http://me:hunter2@127.0.0.1:1'], /^(?!.*hunter2).*a key belongs in RCSD_API_KEY/],
  [['rollouts=there'], /rollouts must be here, or the address of a vLLM server/],
  [['rollouts=http://'], /rollouts must be here/],
  [['rollout_limit=1'], /rollout_limit is for completions that a server draws/],
  [['importance_cap=3'], /importance_cap weighs completions/],
  [['rollout_precision=bf16', 'rollouts=http://127.0.0.1:1'], /number format of its own/],
  [['rollout_precision=bf16', 'precision=bf16'], /precision=bf16 does both in bf16/],
  [['algorithm=sft', 'rollouts=http://127.0.0.1:1'], /algorithm=sft with these settings draws no completions/],
  [['algorithm=grpo', 'rollouts=http://127.0.0.1:1', 'sampler_correction=token_truncate'], /would both weigh tokens/],
])('%s is refused', (more, message) => {
  const overrides = ['model=microscience', 'data=microscience', 'rank=2', 'precision=fp32', ...more];
  expect(() => resolveTrainConfig({ overrides })).toThrow(message);
});
