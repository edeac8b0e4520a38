/**
 * A server that speaks the part of vLLM's protocol that rollouts need, with the project's own engine behind it: real tokens and real
 * adapters. vLLM's random numbers are its own; this server knows which completion a seed stands for, and so draws what a run without it
 * would have drawn.
 */
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { openModel, readAdapter } from '../../src/engine/model/load';
import { type LanguageModel, withWeights } from '../../src/engine/model/model';
import type { Adapter } from '../../src/engine/model/transformer';
import { disposeTree } from '../../src/engine/tensors/tree';
import { generate, type RolloutRequest } from '../../src/method/rollout/generate';
import { serverSeed } from '../../src/method/rollout/remote/rolloutServer';
import type { Fault } from '../rollout/remoteServer';

type Body = Readonly<Record<string, unknown>>;

export interface EngineServerOptions {
  readonly model: string;
  /** The questions that completions may be asked for, and the seeds of the runs that ask. */
  readonly questions: readonly string[];
  readonly seeds: readonly number[];
  /** Deals with the request of that number (from 0, of its path) in place of an answer. */
  readonly fault?: (path: string, request: number) => Fault | undefined;
  /** Changes a completion's choice before it is sent. */
  readonly spoil?: (choice: Record<string, unknown>, request: number) => Record<string, unknown>;
  readonly ignoresAdapters?: boolean;
  /** Gives log-probabilities at temperature 1 and without filters, as vLLM does unless told otherwise. */
  readonly raw?: boolean;
  readonly key?: string;
  readonly served?: readonly string[];
  readonly positions?: number;
}

export interface EngineServer {
  readonly address: string;
  /** Every request's path, in order. */
  readonly seen: string[];
  /** The bodies of all requests for completions. */
  readonly asked: Body[];
  readonly loaded: ReadonlyMap<string, unknown>;
  /** The most completions that were asked for at once. */
  readonly most: () => number;
  close(): Promise<void>;
}

const SAMPLES = 4;

export async function engineServer(options: EngineServerOptions): Promise<EngineServer> {
  const { served = ['base'], positions = 512 } = options;
  const model = await openModel(options.model);
  const loaded = new Map<string, Adapter>();
  const known = new Map<number, Omit<RolloutRequest, 'promptTokens'> & { readonly seed: number }>();
  for (const seed of options.seeds)
    for (const questionId of options.questions)
      for (let sample = 0; sample < SAMPLES; sample++)
        known.set(serverSeed(seed, { questionId, sample }), { seed, questionId, sample });
  const seen: string[] = [];
  const asked: Body[] = [];
  let [now, most] = [0, 0];
  const answer = async (path: string, body: Body, response: ServerResponse): Promise<void> => {
    const json = (status: number, value: unknown) => response.writeHead(status).end(JSON.stringify(value));
    const refuse = (status: number, message: string) => json(status, { error: { message, code: status } });
    if (path === '/version') return void json(200, { version: '0.0-test' });
    if (path === '/v1/models') {
      const cards = served.map((id) => ({ id, parent: null, max_model_len: positions }));
      return void json(200, { data: [...cards, ...[...loaded.keys()].map((id) => ({ id, parent: served[0] }))] });
    }
    if (path === '/v1/load_lora_adapter') {
      const folder = String(body.lora_path);
      if (!existsSync(folder))
        return void refuse(404, `Loading lora ${body.lora_name} failed: No adapter found for ${folder}`);
      if (loaded.has(String(body.lora_name))) return void refuse(400, 'The lora adapter has already been loaded.');
      loaded.set(String(body.lora_name), readAdapter(folder, model.config).adapter);
      return void response.writeHead(200).end('Success: LoRA adapter added successfully.');
    }
    if (path === '/v1/unload_lora_adapter') {
      const adapter = loaded.get(String(body.lora_name));
      if (!adapter) return void refuse(404, `The lora adapter '${body.lora_name}' cannot be found.`);
      disposeTree(adapter.params);
      loaded.delete(String(body.lora_name));
      return void response.writeHead(200).end('Success: LoRA adapter removed successfully.');
    }
    if (path !== '/v1/completions') return void json(404, { detail: 'Not Found' });
    asked.push(body);
    const adapter = loaded.get(String(body.model));
    if (!adapter && !served.includes(String(body.model)))
      return void refuse(404, `The model \`${body.model}\` does not exist.`);
    const bad = (body.prompt as number[]).find((id) => id >= model.config.vocabSize);
    if (bad !== undefined) return void refuse(400, `Token id ${bad} is out of vocabulary`);
    const choice = await complete(model, options.ignoresAdapters ? undefined : adapter, body, {
      known,
      raw: options.raw,
    });
    json(200, { choices: [options.spoil?.(choice, asked.length - 1) ?? choice] });
  };
  let closed = false;
  const atWork = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const number = seen.filter((each) => each === path).length;
    seen.push(path);
    const body = await readBody(request);
    const fault = options.fault?.(path, number);
    if (fault) return fault(response, request.socket);
    if (options.key && path !== '/version' && request.headers.authorization !== `Bearer ${options.key}`)
      return void response.writeHead(401).end(JSON.stringify({ error: 'Unauthorized' }));
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (!closed) {
      const work = answer(path, body, response);
      atWork.add(work);
      await work.finally(() => atWork.delete(work));
    }
    now--;
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    asked,
    loaded,
    most: () => most,
    close: async () => {
      if (closed) return;
      closed = true;
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      // What nobody waits for any more is drawn to its end: its tensors are in use.
      await Promise.allSettled(atWork);
      for (const { params } of loaded.values()) disposeTree(params);
      model.dispose();
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function complete(
  model: LanguageModel,
  adapter: Adapter | undefined,
  body: Body,
  {
    known,
    raw = false,
  }: {
    readonly known: ReadonlyMap<number, Omit<RolloutRequest, 'promptTokens'> & { readonly seed: number }>;
    readonly raw?: boolean | undefined;
  },
): Promise<Record<string, unknown>> {
  const of = known.get(body.seed as number);
  if (!of) throw new Error(`no completion has the seed ${body.seed}`);
  const policy = withWeights(model, { ...model.weights, ...(adapter && { adapter }) });
  const [rollout] = await generate(policy, [{ ...of, promptTokens: body.prompt as number[] }], {
    temperature: body.temperature as number,
    topP: body.top_p as number,
    topK: Math.max(0, body.top_k as number),
    maxTokens: body.max_tokens as number,
    seed: of.seed,
  });
  if (!rollout) throw new Error('nothing was drawn');
  const { completionTokens, logprobs, samplingLogprobs, text, finishReason } = rollout;
  const greedy = body.temperature === 0;
  return {
    index: 0,
    text,
    finish_reason: finishReason,
    token_ids: completionTokens,
    logprobs: { token_logprobs: raw || greedy ? logprobs : samplingLogprobs },
  };
}
