/** `rcsd evaluate`: scores of a model, here or behind a server, on held-out questions of one or several data sets. */
import { join } from 'node:path';
import { ANSWER_JUDGES } from '../../base/config/policyGradient';
import { resolveTrainConfig } from '../../base/config/resolve';
import type { TrainConfig } from '../../base/config/train';
import { InputError, InterruptedError } from '../../base/records/errors';
import { writeEvaluationFiles } from '../../base/records/runWriter';
import { openModel } from '../../engine/model/load';
import { trainedModel } from '../../engine/model/trained';
import type { Precision } from '../../engine/tensors/hardware';
import { judgeEvaluator, judgeSettings } from '../../method/rewards/judges/evaluator';
import { isAddress } from '../../method/rollout/remote/address';
import { openChat } from '../../method/rollout/remote/openChat';
import type { EndpointSettings } from '../../method/rollout/remote/settings';
import { loadTask } from '../../questions/load';
import { LIKELIHOOD_MODE } from '../../results/evaluation/loglikelihood';
import { begunPrecision, openEvaluation } from '../../results/evaluation/record';
import { questionsHash } from '../../results/evaluation/results';
import { EVALUATION_MODES, prepareTask, type Subject } from '../../run/probes/evaluation';
import type { AnswerJudge } from '../../run/probes/judging';
import { prepareLikelihood } from '../../run/probes/loglikelihood';
import { choiceOption, numberOption, type ParsedArguments, textOption } from './shared/arguments';
import type { Command, CommandContext } from './shared/command';
import { ENDPOINT_OPTIONS, endpointSettings } from './shared/endpointOptions';
import {
  type Evaluating,
  evaluateTask,
  type Finished,
  isLikelihood,
  type Judging,
  type Prepared,
  withAccounts,
} from './shared/evaluateTask';
import { planText } from './shared/evaluateText';
import { type Subset, subsetOverrides, subsetSettings } from './shared/subsetSettings';

const SUBSET: Subset = {
  command: 'evaluate',
  names: ['profile', 'model', 'adapter', 'data', 'rubric_source', 'precision', 'seed.data', 'seed.sampling'],
  group: 'evaluation',
  defaults: { rubric_source: 'reference' },
};

const CONTEXTS = ['none', 'answer', 'rubric', 'answer+rubric'] as const;

/** The settings of each data set, in the order named. */
function configsOf(args: ParsedArguments): TrainConfig[] {
  const file = textOption(args, 'config', undefined);
  const overrides = subsetOverrides(args, SUBSET);
  const resolve = (more: readonly string[]): TrainConfig => {
    const config = resolveTrainConfig({ overrides: [...overrides, ...more], ...(file !== undefined && { file }) });
    const given = isAddress(config.model) || config.adapter !== undefined;
    return given ? config : { ...config, ...trainedModel(config.model) };
  };
  const data = overrides.findLast((override) => override.startsWith('data='))?.slice('data='.length);
  const names = data?.split(',').map((name) => name.trim()) ?? [];
  return names.length > 1 ? names.map((name) => resolve([`data=${name}`])) : [resolve([])];
}

/**
 * The number format where none is asked for: a begun evaluation goes on in its own, which a measurement on a busy machine may not
 * choose again; log-likelihoods are compared at their last digits.
 */
const usualPrecision = (mode: string | undefined, folder: string | undefined) =>
  mode === LIKELIHOOD_MODE ? 'fp32' : folder === undefined ? undefined : begunPrecision(folder);

async function openSubject(
  { model, adapter, ...config }: TrainConfig,
  { endpoint, usual }: { readonly endpoint: EndpointSettings; readonly usual?: Precision },
): Promise<Subject> {
  const precision = config.precision === 'auto' ? (usual ?? 'auto') : config.precision;
  if (!isAddress(model)) return { model: await openModel(model, { adapter, precision }) };
  if (adapter !== undefined)
    throw new InputError(
      `adapter=${adapter} needs the model's weights here; let the server load it and name it behind the #.`,
    );
  return { chat: await openChat(model, endpoint) };
}

function judgingOf(args: ParsedArguments, endpoint: EndpointSettings): Judging | undefined {
  const model = textOption(args, 'judge', undefined);
  const kind = choiceOption(args, 'judge_kind', ANSWER_JUDGES);
  const price = (name: string, fallback: number) => numberOption(args, `judge_${name}`, fallback, { min: 0 });
  const prices = {
    priceInput: price('price_input', endpoint.priceInput),
    priceOutput: price('price_output', endpoint.priceOutput),
  };
  const maxTokens = numberOption(args, 'judge_max_tokens', judgeSettings(kind).maxTokens, { min: 1, whole: true });
  if (model !== undefined) return { model, kind, maxTokens, prices };
  const lone = ['judge_kind', 'judge_max_tokens', 'judge_price_input', 'judge_price_output'].find(
    (name) => args.options[name] !== undefined,
  );
  if (lone === undefined) return undefined;
  throw new InputError(`--${lone} is about a judge, and nobody judges; name a model with --judge MODEL.`);
}

const MODES = [...EVALUATION_MODES, LIKELIHOOD_MODE] as const;

/** Throws InputError for what is given beside mode=loglikelihood and would change nothing. */
function requireScoring(args: ParsedArguments): void {
  const drawing = subsetOverrides(args, SUBSET)
    .map((override) => override.slice(0, override.indexOf('=')))
    .find((name) => (name.startsWith('evaluation.') && name !== 'evaluation.questions') || name === 'seed.sampling');
  const options = ['judge', 'judge_kind', 'context'].filter((name) => args.options[name] !== undefined);
  const idle = drawing?.replace('evaluation.', '') ?? options[0];
  if (idle !== undefined)
    throw new InputError(`mode=${LIKELIHOOD_MODE} draws no answers and scores choices alone; leave out ${idle}.`);
}

async function prepare(args: ParsedArguments): Promise<Evaluating> {
  const mode = args.options.mode === undefined ? undefined : choiceOption(args, 'mode', MODES);
  if (mode === LIKELIHOOD_MODE) requireScoring(args);
  const configs = configsOf(args);
  const [config] = configs as [TrainConfig, ...TrainConfig[]];
  const context = choiceOption(args, 'context', CONTEXTS);
  const endpoint = endpointSettings(args);
  const judging = judgingOf(args, endpoint);
  const folder = textOption(args, 'output', undefined);
  const loaded = configs.map(({ data }) =>
    // A mode has an order of its own for choices that are published with the right one first.
    loadTask(data, { order: mode === 'task' || context !== 'none' ? 'shuffled' : 'published' }),
  );
  const names = loaded.map(({ task }) => task.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`Two of the data sets are called ${twice}; evaluate them one at a time.`);
  const subject = await openSubject(config, { endpoint, usual: usualPrecision(mode, folder) });
  try {
    const prepared = loaded.map((own, i): Prepared => {
      const settings = configs[i] as TrainConfig;
      if (mode === LIKELIHOOD_MODE) return prepareLikelihood(subject, own, settings);
      return prepareTask(subject, own, { config: settings, mode, context });
    });
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
  const drawn = { evaluation, seed: seed.sampling };
  return {
    schema_version: 1,
    ...{ model, adapter, context },
    ...(context.includes('rubric') && { rubric_source, data_seed: seed.data }),
    ...('chat' in subject ? { protocol, extra } : { precision: subject.model.weights.precision }),
    ...(judging && { judging: { model: judging.model, kind: judging.kind, max_tokens: judging.maxTokens } }),
    ...(prepared.some(isLikelihood) ? {} : drawn),
    tasks: Object.fromEntries(
      prepared.map(({ task, mode, questions }) => [task.name, { mode, questions: questionsHash(questions) }]),
    ),
  };
}

/** Answers that a judge of this process decodes together; a server is kept busy for several rounds. */
const LOCAL_PIECE = 16;
const ROUNDS = 8;

/** The judge as it is asked, and how to close it. */
async function openJudge({ model, kind, maxTokens }: Judging, endpoint: EndpointSettings) {
  const chat = await openChat(model, endpoint);
  const piece = isAddress(model) ? ROUNDS * endpoint.concurrency : LOCAL_PIECE;
  return {
    judge: { evaluate: judgeEvaluator(chat, judgeSettings(kind, { maxTokens })), piece },
    dispose: chat.dispose,
  };
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
  judge: AnswerJudge | undefined,
): Promise<void> {
  const { prepared, folder, config } = evaluating;
  if (folder !== undefined) openEvaluation(folder, frozenSettings(evaluating));
  process.stderr.write(`${prepared.map((task) => planText(task, config.evaluation.samples)).join('\n')}\n`);
  const finished = new Map<string, Finished>();
  for (const task of prepared) {
    const onProgress: typeof progress.onProgress = (event) =>
      progress.onProgress({ ...event, stage: prepared.length > 1 ? `${task.task.name}: ${event.stage}` : event.stage });
    const own = await evaluateTask(evaluating, task, { folder, signal, onProgress, ...(judge && { judge }) });
    progress.finish();
    finished.set(task.task.name, own);
    process.stdout.write(own.text);
  }
  if (folder === undefined) return;
  const rows = Object.fromEntries([...finished].map(([name, own]) => [name, own.rows]));
  writeEvaluationFiles(folder, withAccounts(evaluating, [...finished.values()]), rows);
  process.stdout.write(`written to     ${join(folder, 'results.json')}\n`);
}

/** The command. */
export const command: Command = {
  options: [
    { name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value go over it' },
    {
      name: 'mode',
      value: 'MODE',
      help: `how questions are asked and answers read: ${MODES.join(', ')} (default: task for microscience, else corrected); ${LIKELIHOOD_MODE} takes the likeliest choice`,
    },
    {
      name: 'context',
      value: 'WHAT',
      help: 'none (default), answer, rubric or answer+rubric: what stands in the prompt beside the question',
    },
    { name: 'judge', value: 'MODEL', help: 'a model, here or behind a server, scores the answers instead of a rule' },
    { name: 'judge_kind', value: 'KIND', help: `how it judges: ${ANSWER_JUDGES.join(', ')} (default: paper)` },
    { name: 'judge_max_tokens', value: 'N', help: 'longest reply of the judge (default: 1024)' },
    { name: 'judge_price_input', value: 'P', help: "the judge's price of a million tokens (default: price_input)" },
    { name: 'judge_price_output', value: 'P', help: 'the same of what it writes (default: price_output)' },
    { name: 'output', value: 'FOLDER', help: 'keep every answer there as it comes, and results.json at the end' },
    ...ENDPOINT_OPTIONS,
  ],
  settings: subsetSettings(SUBSET),
  notes: `model=RUN, a training run's folder, takes what it trained last. model=http://HOST:PORT/v1#NAME asks a server that speaks the OpenAI protocol; its key comes from OPENAI_API_KEY or
RCSD_API_KEY. data=A,B evaluates on both. With --output the same command goes on where a stopped one was. With --context, the
model is measured as a teacher; rubrics come from rubric_source (default: reference). See docs/evaluation.md.`,
  examples: [
    'rcsd evaluate',
    'rcsd evaluate model=smollm2-135m data=data/science-sample samples=4 max_tokens=256 --output runs/eval/smollm2',
    'rcsd evaluate model=http://127.0.0.1:8000/v1#qwen3-8b data=gpqa-diamond,scibench --output runs/eval/qwen3-8b',
    'rcsd evaluate model=smollm2-135m data=science-sample:gpqa mode=loglikelihood --output runs/eval/likelihood',
    'rcsd evaluate --context rubric rubric_source=placebo',
    'rcsd evaluate model=runs/rcsd-microscience data=microscience --output runs/eval/rcsd',
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
          : `Stopped on request; what is finished is in ${evaluating.folder}, and the same command goes on.`,
      );
    } finally {
      disposeOf(evaluating.subject);
    }
  },
};
