/** `rcsd evaluate`: scores of a model, here or behind a server, on held-out questions of one or several data sets. */
import { join } from 'node:path';
import { ANSWER_JUDGES } from '../config/policyGradient';
import { resolveTrainConfig } from '../config/resolve';
import type { TrainConfig } from '../config/train';
import { openEvaluation } from '../evaluation/record';
import { joinResults, questionsHash, toResults, toSampleRows } from '../evaluation/results';
import {
  EVALUATION_MODES,
  evaluatePrepared,
  type PreparedTask,
  prepareTask,
  type Subject,
  type TaskOutcome,
} from '../experiments/evaluation';
import { openModel } from '../model/load';
import { InputError, InterruptedError } from '../records/errors';
import type { EvaluationResults, SampleRow } from '../records/rows';
import { gitCommit, writeEvaluationFiles } from '../records/runWriter';
import { type JudgeEvaluator, judgeEvaluator, judgeSettings } from '../rewards/judges/evaluator';
import type { JudgeKindName } from '../rewards/judges/kinds';
import { openChat } from '../rollout/openChat';
import { isAddress } from '../rollout/remote/address';
import type { EndpointSettings } from '../rollout/remote/settings';
import { loadTask } from '../tasks/load';
import { choiceOption, type ParsedArguments, textOption } from './arguments';
import type { Command, CommandContext } from './command';
import { ENDPOINT_OPTIONS, endpointSettings } from './endpointOptions';
import { groupTables, planText, summaryText, usageText } from './evaluateText';
import { type Subset, subsetOverrides, subsetSettings } from './subsetSettings';

const SUBSET: Subset = {
  command: 'evaluate',
  names: ['profile', 'model', 'adapter', 'data', 'rubric_source', 'seed.data', 'seed.sampling'],
  group: 'evaluation',
};

const CONTEXTS = ['none', 'answer', 'rubric', 'answer+rubric'] as const;

/** The settings of each data set, in the order named. */
function configsOf(args: ParsedArguments): TrainConfig[] {
  const file = textOption(args, 'config', undefined);
  const overrides = subsetOverrides(args, SUBSET);
  const resolve = (more: readonly string[]) =>
    resolveTrainConfig({ overrides: [...overrides, ...more], ...(file !== undefined && { file }) });
  const data = overrides.findLast((override) => override.startsWith('data='))?.slice('data='.length);
  const names = data?.split(',').map((name) => name.trim()) ?? [];
  return names.length > 1 ? names.map((name) => resolve([`data=${name}`])) : [resolve([])];
}

async function openSubject({ model, adapter, precision }: TrainConfig, endpoint: EndpointSettings): Promise<Subject> {
  if (!isAddress(model)) return { model: await openModel(model, { adapter, precision }) };
  if (adapter !== undefined)
    throw new InputError(
      `adapter=${adapter} needs the model's weights here; let the server load it and name it behind the #.`,
    );
  return { chat: await openChat(model, endpoint) };
}

/** The prepared data sets of one command, and what they share. */
interface Evaluating {
  readonly subject: Subject;
  readonly prepared: readonly PreparedTask[];
  readonly config: TrainConfig;
  readonly endpoint: EndpointSettings;
  readonly context: (typeof CONTEXTS)[number];
  readonly judging?: Judging;
  readonly folder?: string;
}

/** Who judges the answers, and how; rules grade without it. */
interface Judging {
  readonly model: string;
  readonly kind: JudgeKindName;
}

function judgingOf(args: ParsedArguments): Judging | undefined {
  const model = textOption(args, 'judge', undefined);
  const kind = choiceOption(args, 'judge_kind', ANSWER_JUDGES);
  if (model !== undefined) return { model, kind };
  if (args.options.judge_kind === undefined) return undefined;
  throw new InputError(`--judge_kind ${kind} says how to judge, and nobody judges; name a model with --judge MODEL.`);
}

async function prepare(args: ParsedArguments): Promise<Evaluating> {
  const configs = configsOf(args);
  const [config] = configs as [TrainConfig, ...TrainConfig[]];
  const context = choiceOption(args, 'context', CONTEXTS);
  const judging = judgingOf(args);
  const mode = args.options.mode === undefined ? undefined : choiceOption(args, 'mode', EVALUATION_MODES);
  const endpoint = endpointSettings(args);
  const folder = textOption(args, 'output', undefined);
  const loaded = configs.map(({ data }) =>
    // A mode has an order of its own for choices that are published with the right one first.
    loadTask(data, { order: mode === 'task' || context !== 'none' ? 'shuffled' : 'published' }),
  );
  const names = loaded.map(({ task }) => task.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`Two of the data sets are called ${twice}; evaluate them one at a time.`);
  const subject = await openSubject(config, endpoint);
  try {
    const prepared = loaded.map((own, i) =>
      prepareTask(subject, own, { config: configs[i] as TrainConfig, mode, context }),
    );
    const common = { subject, prepared, config, endpoint, context };
    return { ...common, ...(judging && { judging }), ...(folder !== undefined && { folder }) };
  } catch (error) {
    disposeOf(subject);
    throw error;
  }
}

const disposeOf = (subject: Subject): void => ('model' in subject ? subject.model : subject.chat).dispose();

/** Everything that decides the numbers; where and how fast the answers come is no part of it. */
function frozenSettings({ config, prepared, endpoint, context, subject, judging }: Evaluating): object {
  const { model, adapter, evaluation, seed, rubric_source } = config;
  const { protocol, extra } = endpoint;
  return {
    schema_version: 1,
    ...{ model, adapter, context },
    ...(context.includes('rubric') && { rubric_source, data_seed: seed.data }),
    ...('chat' in subject && { protocol, extra }),
    ...(judging && { judging }),
    evaluation,
    seed: seed.sampling,
    tasks: Object.fromEntries(
      prepared.map(({ task, mode, questions }) => [task.name, { mode, questions: questionsHash(questions) }]),
    ),
  };
}

/** The files of one finished data set. */
interface Finished {
  readonly results: EvaluationResults;
  readonly rows: readonly SampleRow[];
}

function finish(
  { config, endpoint, context, judging }: Evaluating,
  { task, mode, chatTemplate, promptOf }: PreparedTask,
  { evaluation, usage, seconds }: TaskOutcome & { readonly seconds: number },
): Finished {
  const { model, adapter, evaluation: settings, seed } = config;
  const cost = (usage.prompt * endpoint.priceInput + usage.completion * endpoint.priceOutput) / 1e6;
  const more = {
    adapter: adapter ?? null,
    context,
    ...(judging && { judge: judging }),
    ...(isAddress(model) && { usage: { ...usage, cost } }),
  };
  const facts = { task: task.name, model, settings, seed: seed.sampling, seconds, gitHash: gitCommit(), mode, more };
  const results = toResults(evaluation, { ...facts, ...(chatTemplate !== undefined && { chatTemplate }) });
  return { results, rows: toSampleRows(evaluation, promptOf) };
}

/** The judge as it is asked, and how to close it. */
async function openJudge({ model, kind }: Judging, endpoint: EndpointSettings) {
  const chat = await openChat(model, endpoint);
  return { judge: judgeEvaluator(chat, judgeSettings(kind)), dispose: chat.dispose };
}

async function evaluateAll(evaluating: Evaluating, context: CommandContext): Promise<void> {
  const { judging, endpoint } = evaluating;
  const opened = judging && (await openJudge(judging, endpoint));
  try {
    await evaluateTasks(evaluating, context, opened?.judge);
  } finally {
    opened?.dispose();
  }
}

async function evaluateTasks(
  evaluating: Evaluating,
  { signal, progress }: CommandContext,
  judge: JudgeEvaluator | undefined,
): Promise<void> {
  const { prepared, folder, config, endpoint } = evaluating;
  const { samples } = config.evaluation;
  if (folder !== undefined) openEvaluation(folder, frozenSettings(evaluating));
  process.stderr.write(`${prepared.map((task) => planText(task, samples)).join('\n')}\n`);
  const finished = new Map<string, Finished>();
  for (const task of prepared) {
    const started = Date.now();
    const onProgress: typeof progress.onProgress = (event) =>
      progress.onProgress({ ...event, stage: prepared.length > 1 ? `${task.task.name}: ${event.stage}` : event.stage });
    const outcome = await evaluatePrepared(task, { samples, folder, signal, onProgress, ...(judge && { judge }) });
    progress.finish();
    const own = finish(evaluating, task, { ...outcome, seconds: (Date.now() - started) / 1000 });
    finished.set(task.task.name, own);
    process.stdout.write(summaryText(task, outcome.evaluation) + groupTables(own.rows));
    if ('chat' in evaluating.subject) process.stdout.write(usageText(outcome.usage, endpoint));
  }
  if (folder === undefined) return;
  const rows = Object.fromEntries([...finished].map(([name, own]) => [name, own.rows]));
  writeEvaluationFiles(folder, joinResults([...finished.values()].map(({ results }) => results)), rows);
  process.stdout.write(`written to     ${join(folder, 'results.json')}\n`);
}

/** The command. */
export const command: Command = {
  options: [
    { name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value go over it' },
    {
      name: 'mode',
      value: 'MODE',
      help: `how questions are asked and answers read: ${EVALUATION_MODES.join(', ')} (default: task for microscience, else corrected)`,
    },
    {
      name: 'context',
      value: 'WHAT',
      help: 'none (default), answer, rubric or answer+rubric: what stands in the prompt beside the question',
    },
    { name: 'judge', value: 'MODEL', help: 'a model, here or behind a server, scores the answers instead of a rule' },
    { name: 'judge_kind', value: 'KIND', help: `how it judges: ${ANSWER_JUDGES.join(', ')} (default: paper)` },
    { name: 'output', value: 'FOLDER', help: 'keep every answer there as it comes, and results.json at the end' },
    ...ENDPOINT_OPTIONS,
  ],
  settings: subsetSettings(SUBSET),
  notes: `model=http://HOST:PORT/v1#NAME asks a server that speaks the OpenAI protocol; its key comes from OPENAI_API_KEY or
RCSD_API_KEY. data=A,B evaluates on both. With --output the same command goes on where a stopped one was. With --context, the
model is measured as a teacher; rubrics come from rubric_source (default: reference). See docs/evaluation.md.`,
  examples: [
    'rcsd evaluate',
    'rcsd evaluate model=smollm2-135m data=data/science-sample samples=4 max_tokens=256 --output runs/eval/smollm2',
    'rcsd evaluate model=http://127.0.0.1:8000/v1#qwen3-8b data=gpqa-diamond,scibench --output runs/eval/qwen3-8b',
    'rcsd evaluate --context rubric rubric_source=placebo',
    'rcsd evaluate model=runs/rcsd-microscience/stage-2/checkpoints/step-000040 data=microscience --output eval',
  ],
  async run(args, context) {
    const evaluating = await prepare(args);
    try {
      await evaluateAll(evaluating, context);
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError(
        evaluating.folder === undefined
          ? 'Stopped on request; with --output FOLDER answers are kept, and the same command goes on.'
          : `Stopped on request; the answers so far are in ${evaluating.folder}, and the same command goes on.`,
      );
    } finally {
      disposeOf(evaluating.subject);
    }
  },
};
