/**
 * `rcsd evaluate`: measures a model, in this process or behind a server, on held-out questions of one or several data
 * sets.
 */
import { join } from 'node:path';
import type { TrainConfig } from '../../base/config/configs';
import { InputError, InterruptedError, PartlyFailedError } from '../../base/records/errors';
import { type OperationOptions, saying } from '../../base/records/events';
import { writeEvaluationFiles } from '../../base/records/runWriter';
import { openModel } from '../../engine/model/load';
import type { LanguageModel } from '../../engine/model/model';
import { trainedModel } from '../../engine/model/trained';
import type { Precision } from '../../engine/tensors/hardware';
import { resolveTrainConfig } from '../../method/algorithms/settings';
import { isAddress } from '../../method/rollout/remote/address';
import { openChat } from '../../method/rollout/remote/openChat';
import type { EndpointSettings } from '../../method/rollout/remote/settings';
import { type LoadedTask, loadTask } from '../../questions/load';
import { decodingsOf } from '../../results/evaluation/ladder';
import { LIKELIHOOD_MODE } from '../../results/evaluation/loglikelihood';
import { begunPrecision, begunWeights, openEvaluation } from '../../results/evaluation/record';
import { EVALUATION_MODES, prepareTask, type Subject } from '../../run/probes/evaluation';
import type { AnswerJudge } from '../../run/probes/judging';
import { prepareLikelihood } from '../../run/probes/loglikelihood';
import { evaluationInputs, machineNow } from '../../run/session/inputs';
import { formatToRead } from '../../run/session/memory';
import { requireReferences } from '../../run/session/shown';
import { JUDGING_OPTIONS, judgingOf, openAnswerJudge } from './shared/answerJudge';
import { choiceOption, type ParsedArguments, textOption } from './shared/arguments';
import type { Command, CommandContext } from './shared/command';
import { ENDPOINT_OPTIONS, endpointSettings, refuseAdapter } from './shared/endpointOptions';
import { frozenSettings, understoodBy } from './shared/evaluateFrozen';
import {
  type Evaluating,
  evaluateTask,
  type Finished,
  type Judging,
  type Prepared,
  withAccounts,
} from './shared/evaluateTask';
import { planText } from './shared/evaluateText';
import { print, printBeside } from './shared/print';
import { type Subset, subsetOverrides, subsetSettings } from './shared/subsetSettings';

const SUBSET: Subset = {
  command: 'evaluate',
  group: 'evaluation',
  defaults: { rubric_source: 'reference' },
};

const CONTEXTS = ['none', 'answer', 'rubric', 'answer+rubric'] as const;

/** The settings of each data set, in the order in which they were named. */
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
 * The number format if none is asked for. A resumed evaluation must keep its format, which a new measurement on a busy
 * machine might choose differently; and log-likelihoods are compared to their last digits.
 */
const usualPrecision = (mode: string | undefined, folder: string | undefined) =>
  mode === LIKELIHOOD_MODE ? 'fp32' : folder === undefined ? undefined : begunPrecision(folder);

/**
 * A score is named by its decoding, so a field of it can be left to the server only where the server's usual value is meant.
 * Throws InputError otherwise.
 */
function requireNamed({ evaluation }: Pick<TrainConfig, 'evaluation'>, { fields }: EndpointSettings): void {
  for (const field of ['temperature', 'top_p'] as const) {
    const other = fields[field] === null && decodingsOf(evaluation).find((own) => own[field] !== 1);
    if (other)
      throw new InputError(
        `fields=${field}:none leaves ${field} to the server, whose usual value is 1, and this evaluation is at ${other[field]}; set ${field}=1${evaluation.ladder ? ' without --ladder' : ''}.`,
      );
  }
}

async function openSubject(
  { model, adapter, date, ...config }: TrainConfig,
  {
    endpoint,
    usual,
    folder,
  }: { readonly endpoint: EndpointSettings; readonly usual?: Precision; readonly folder?: string },
): Promise<Subject> {
  const precision = config.precision === 'auto' ? (usual ?? 'auto') : config.precision;
  const begun = folder === undefined ? undefined : begunWeights(folder);
  const weights =
    config.weights === 'auto'
      ? (begun ?? (({ config: shape }: LanguageModel) => formatToRead(shape, config)))
      : config.weights;
  if (!isAddress(model)) return { model: await openModel(model, { adapter, date, precision, weights }) };
  refuseAdapter(adapter);
  requireNamed(config, endpoint);
  return { chat: await openChat(model, endpoint) };
}

const MODES = [...EVALUATION_MODES, LIKELIHOOD_MODE] as const;

/** Throws InputError for arguments that have no effect with mode=loglikelihood. */
function requireScoring(args: ParsedArguments): void {
  const drawing = subsetOverrides(args, SUBSET)
    .map((override) => override.slice(0, override.indexOf('=')))
    .find((name) => (name.startsWith('evaluation.') && name !== 'evaluation.questions') || name === 'seed.sampling');
  const options = ['judge', 'judge_kind', 'context'].filter((name) => args.options[name] !== undefined);
  const idle = drawing?.replace('evaluation.', '') ?? options[0];
  if (idle !== undefined)
    throw new InputError(
      `mode=${LIKELIHOOD_MODE} scores the given choices and samples no answers, so ${idle} has no effect; leave it out.`,
    );
}

/** Throws InputError for questions without a reference answer where a rule, or a judge that reads them, would score answers to them. */
function requireGradable(loaded: readonly LoadedTask[], judge: Judging['kind'] | undefined): void {
  if (judge !== undefined && judge !== 'grpo') return;
  const what =
    judge === undefined ? 'Grading by rule (without --judge, which can read rubrics)' : `--judge_kind ${judge}`;
  for (const { test } of loaded) requireReferences(test, what);
}

async function prepare(args: ParsedArguments, options: OperationOptions): Promise<Evaluating> {
  const mode = args.options.mode === undefined ? undefined : choiceOption(args, 'mode', MODES);
  if (mode === LIKELIHOOD_MODE) requireScoring(args);
  const configs = configsOf(args);
  const [config] = configs as [TrainConfig, ...TrainConfig[]];
  const context = choiceOption(args, 'context', CONTEXTS);
  const endpoint = endpointSettings(args);
  const judging = judgingOf(args, endpoint);
  if (judging && config.evaluation.ladder)
    throw new InputError(
      '--ladder counts votes and right answers, which a judge does not give; leave out --judge or --ladder.',
    );
  const folder = textOption(args, 'output', undefined);
  const loaded = configs.map(({ data }) =>
    // Where choices are published with the right one first, most modes shuffle them in an order of their own.
    loadTask(data, { order: mode === 'task' || context !== 'none' ? 'shuffled' : 'published' }),
  );
  const names = loaded.map(({ task }) => task.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`Two of the data sets are called ${twice}; evaluate them one at a time.`);
  if (mode !== LIKELIHOOD_MODE) requireGradable(loaded, judging?.kind);
  const subject = await openSubject(config, { endpoint, usual: usualPrecision(mode, folder), folder });
  try {
    const files = { rubrics: context.includes('rubric'), judge: judging?.model };
    const inputs = await evaluationInputs(config, loaded, { files, ...options });
    const prepared = loaded.map((own, i): Prepared => {
      const settings = configs[i] as TrainConfig;
      if (mode === LIKELIHOOD_MODE) return prepareLikelihood(subject, own, settings);
      return prepareTask(subject, own, { config: settings, mode, context });
    });
    const common = { subject, prepared, config, endpoint, context, inputs };
    return { ...common, ...(judging && { judging }), ...(folder !== undefined && { folder }) };
  } catch (error) {
    disposeOf(subject);
    throw error;
  }
}

const disposeOf = (subject: Subject): void => ('model' in subject ? subject.model : subject.chat).dispose();

async function evaluateAll(evaluating: Evaluating, context: CommandContext): Promise<void> {
  const { judging } = evaluating;
  const opened = judging && (await openAnswerJudge(judging));
  try {
    await evaluateTasks(evaluating, context, opened?.judge);
  } finally {
    opened?.dispose();
  }
}

async function evaluateTasks(
  evaluating: Evaluating,
  context: CommandContext,
  judge: AnswerJudge | undefined,
): Promise<void> {
  const { folder, subject, inputs } = evaluating;
  const opened =
    folder === undefined
      ? undefined
      : openEvaluation(folder, {
          settings: frozenSettings(evaluating),
          inputs,
          understand: understoodBy(evaluating),
          say: saying({ onProgress: context.progress.onProgress }),
          ...('model' in subject && { machine: machineNow() }),
        });
  try {
    await evaluateEach(evaluating, context, judge);
  } catch (error) {
    if (!(error instanceof InterruptedError)) opened?.takeBack();
    throw error;
  } finally {
    opened?.release();
  }
}

async function evaluateEach(
  evaluating: Evaluating,
  { signal, progress }: CommandContext,
  judge: AnswerJudge | undefined,
): Promise<void> {
  const { prepared, folder } = evaluating;
  printBeside(`${prepared.map(planText).join('\n')}\n`);
  const finished = new Map<string, Finished>();
  for (const task of prepared) {
    const onProgress: typeof progress.onProgress = (event) =>
      progress.onProgress({ ...event, stage: prepared.length > 1 ? `${task.task.name}: ${event.stage}` : event.stage });
    const own = await evaluateTask(evaluating, task, { folder, signal, onProgress, ...(judge && { judge }) });
    progress.finish();
    finished.set(task.task.name, own);
    print(own.text);
  }
  if (folder !== undefined) {
    const rows = Object.fromEntries([...finished].map(([name, own]) => [name, own.rows]));
    writeEvaluationFiles(folder, withAccounts(evaluating, [...finished.values()]), rows);
    print(`written to     ${join(folder, 'results.json')}\n`);
  }
  const failed = [...finished].find(([, { rows }]) => rows.every(({ resps }) => resps.length === 0));
  if (failed)
    throw new PartlyFailedError(
      `The server gave no usable answer to any question of ${failed[0]}, so there is no score (${failed[1].failure}); correct what it names and run the same command again.`,
    );
}

export const command: Command = {
  options: [
    { name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value overrides them' },
    {
      name: 'mode',
      value: 'MODE',
      help: `how questions are asked and answers are read: ${MODES.join(', ')} (default: task for microscience, else corrected); ${LIKELIHOOD_MODE} takes the most likely choice`,
    },
    {
      name: 'context',
      value: 'WHAT',
      help: 'what the prompt contains beside the question: none (default), answer, rubric or answer+rubric',
    },
    ...JUDGING_OPTIONS,
    { name: 'output', value: 'FOLDER', help: 'folder that gets every answer as it comes, and results.json at the end' },
    ...ENDPOINT_OPTIONS,
  ],
  settings: subsetSettings(SUBSET),
  notes: `model=RUN, where RUN is the folder of a training run, measures the model it trained (its best by validation, or its last).
model=http://HOST:PORT/v1#NAME asks a server that speaks the OpenAI protocol; its key is read from OPENAI_API_KEY or
RCSD_API_KEY. data=A,B evaluates on both. With --output, running the same command again resumes a stopped evaluation. --ladder decodes
greedily and at temperatures 0.5 and 1 in one evaluation, since a score can hold at one temperature alone. With --context, the model is measured as a teacher; rubrics come from rubric_source (default: reference). See docs/evaluation.md.`,
  examples: [
    'rcsd evaluate',
    'rcsd evaluate model=smollm2-135m data=data/science-sample samples=4 max_tokens=256 --output runs/eval/smollm2',
    'rcsd evaluate model=http://127.0.0.1:8000/v1#qwen3-8b data=gpqa-diamond,scibench --output runs/eval/qwen3-8b',
    'rcsd evaluate model=smollm2-135m data=science-sample:gpqa mode=loglikelihood --output runs/eval/likelihood',
    'rcsd evaluate --context rubric rubric_source=placebo',
    'rcsd evaluate model=runs/rcsd-microscience data=microscience --ladder --output runs/eval/ladder',
    'rcsd evaluate model=runs/rcsd-microscience data=microscience --output runs/eval/rcsd',
  ],
  async run(args, context) {
    const evaluating = await prepare(args, { signal: context.signal, onProgress: context.progress.onProgress });
    try {
      await evaluateAll(evaluating, context);
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError(
        evaluating.folder === undefined
          ? 'Stopped on request; with --output FOLDER the answers would be kept, and the same command would resume.'
          : `Stopped on request; what is finished is in ${evaluating.folder}; run the same command again to resume.`,
      );
    } finally {
      disposeOf(evaluating.subject);
    }
  },
};
