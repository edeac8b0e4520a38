/**
 * The questions and answers that a benchmark's notebook works on. Questions: the registered data set if there is one,
 * otherwise the shipped sample. Answers: from evaluation folders, sampled now, or those shipped with the sample.
 */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Decoding, samplingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { shellWord } from '../../base/records/printable';
import type { Question } from '../../base/records/question';
import type { SampleRow } from '../../base/records/rows';
import { readEvaluation } from '../../base/records/runReader';
import { isObject } from '../../base/records/values';
import { readJsonFile, readJsonl } from '../../engine/files/jsonl';
import { listModels, projectRoot } from '../../engine/files/models';
import { openModel } from '../../engine/model/load';
import { resolveTrainConfig } from '../../method/algorithms/settings';
import { modeNamed } from '../../questions/grading/modes';
import { likelihoodPrompt } from '../../questions/grading/modes/likelihood';
import { type LoadedTask, loadTask } from '../../questions/load';
import { readRegistry } from '../../questions/registry';
import type { Task } from '../../questions/tasks/task';
import { type Evaluation, gradeQuestion, type QuestionResult, summarize } from '../../results/evaluation/evaluate';
import { evaluateByLoglikelihood, type LikelihoodResult, takeChoice } from '../../results/evaluation/loglikelihood';
import type { AnswerRow } from '../../results/evaluation/record';
import { rowsByDecoding } from '../../results/evaluation/results';
import type { MethodEvaluation } from '../../run/experiments/comparison';
import { evaluatePrepared, prepareTask } from '../../run/probes/evaluation';

/**
 * Which questions: the first registered data set of `names`, otherwise the sample's test questions that `sample` keeps.
 */
export interface BenchmarkChoice {
  readonly names: readonly string[];
  readonly sample: (question: Question) => boolean;
}

/** Sizes and sources that can be changed with RCSD_PARAMS. */
export interface BenchmarkSizes {
  /** Folders of `rcsd evaluate --output`, separated by commas; the others are compared with the first. */
  readonly evaluations: string;
  /** The model that answers a registered data set for which there is no evaluation. */
  readonly model: string;
  /** At most this many questions; 0 for all. */
  readonly questions: number;
  readonly samples: number;
  readonly max_tokens: number;
}

/** Questions with answers. */
export interface Benchmark {
  readonly name: string;
  readonly registered: boolean;
  /** What this is and who answered, in a sentence or two. */
  readonly said: string;
  /** As loaded; the right choice comes first where it was published like that. */
  readonly questions: readonly Question[];
  /** The base model's evaluation comes first. */
  readonly methods: readonly MethodEvaluation[];
}

/** The answers that ship with the sample. */
const RESPONSES = join(projectRoot, 'data', 'science-sample', 'responses');
/** How they were drawn (data/science-sample/responses/README.md). */
const SHIPPED_DECODING: Decoding = { temperature: 0.7, top_p: 0.95, samples: 2 };
const SHIPPED = [
  { method: 'base', file: 'base' },
  { method: 'SFT', file: 'sft' },
  { method: 'RCSD', file: 'rcsd' },
] as const;

const limit = <T>(values: readonly T[], most: number): readonly T[] => (most > 0 ? values.slice(0, most) : values);

/** Whether the model is on this machine. */
const hasModel = (name: string): boolean =>
  listModels().some((model) => model.name === name && model.present) || existsSync(name);

/** Opens a benchmark. Throws InputError when the folder of an evaluation does not fit. */
export async function openBenchmark(
  { names, sample }: BenchmarkChoice,
  sizes: BenchmarkSizes,
  options: OperationOptions = {},
): Promise<Benchmark> {
  const registry = readRegistry();
  const name = names.find((each) => Object.hasOwn(registry, each));
  const folders = sizes.evaluations.split(',').flatMap((folder) => folder.trim() || []);
  const wanted = names.join(', ');
  if (names.length === 0) return openSample(sample, sizes, 'By choice');
  if (name === undefined) return openSample(sample, sizes, `Not registered here (rcsd data add): ${wanted}`);
  if (folders.length === 0 && !hasModel(sizes.model))
    return openSample(
      sample,
      sizes,
      `${name} is registered, but ${sizes.model} is not here (rcsd models pull) to answer it`,
    );
  const loaded = withTest(loadTask(name, { order: 'published' }));
  const questions = limit(loaded.test, sizes.questions);
  const common = { name, registered: true, questions };
  if (folders.length > 0) {
    const methods = folders.flatMap((folder) => readAnswers(folder, loaded.task, questions));
    return {
      ...common,
      methods,
      said: `${name}, registered: ${questions.length} questions, answers from ${folders.join(', ')}.`,
    };
  }
  const evaluation = await draw(loaded, sizes, name, options);
  const drawn = `${sizes.samples} answers of ${sizes.model} to each, drawn just now`;
  return {
    ...common,
    methods: [{ method: 'base', evaluation }],
    said: `${name}, registered: ${questions.length} questions, ${drawn}.`,
  };
}

/** Gives data sets without a test split (RubricHub) the questions that they have. */
const withTest = (loaded: LoadedTask): LoadedTask =>
  loaded.test.length > 0 ? loaded : { ...loaded, test: loaded.train };

function openSample(keep: BenchmarkChoice['sample'], { questions: most }: BenchmarkSizes, why: string): Benchmark {
  const questions = limit(loadTask('science-sample').test.filter(keep), most);
  const present = SHIPPED.filter(({ file }) => existsSync(join(RESPONSES, `${file}.jsonl`)));
  const methods = present
    .map(({ method, file }) => ({ method, evaluation: shippedAnswers(file, questions) }))
    .filter(({ evaluation }) => evaluation.results.length > 0);
  const names = methods.map(({ method }) => method).join(', ');
  return {
    name: 'science-sample',
    registered: false,
    questions,
    methods,
    said: `${why}. This is the shipped sample, ${questions.length} test questions, with shipped answers of SmolLM2-135M (${names}).`,
  };
}

function shippedAnswers(file: string, questions: readonly Question[]): Evaluation {
  const byId = new Map<string, AnswerRow[]>();
  for (const row of readJsonl(join(RESPONSES, `${file}.jsonl`), (value) => value as AnswerRow))
    byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  const task = { name: 'science-sample', grade: modeNamed('corrected').grade };
  const results = questions.flatMap((question) => {
    const own = (byId.get(question.id) ?? []).sort((a, b) => a.sample - b.sample);
    const answers = own.map(({ text, tokens, finish_reason }) => ({
      text,
      tokens,
      truncated: finish_reason === 'length',
    }));
    return answers.length > 0 ? [gradeQuestion(task, question, answers)] : [];
  });
  return { summary: summarize(results, SHIPPED_DECODING), results };
}

/**
 * Answers from an evaluation's folder, one evaluation for each decoding, graded again in the mode in which they were
 * asked; a judge's scores are kept.
 */
function readAnswers(folder: string, task: Task, questions: readonly Question[]): MethodEvaluation[] {
  const record = readEvaluation(folder);
  const rows = record?.samples(task.name) ?? [];
  if (!record || rows.length === 0)
    throw new InputError(
      `${folder} contains no answers to ${task.name}; run rcsd evaluate data=${task.name} --output ${shellWord(folder)}.`,
    );
  if (rows[0]?.loglikelihoods)
    throw new InputError(
      `${folder} contains log-likelihoods of choices but no answers; give an evaluation in another mode.`,
    );
  const mode = record.results.configs?.[task.name]?.mode ?? 'task';
  const grading: Task = mode === 'task' ? task : { ...task, grade: modeNamed(mode).grade };
  const groups = rowsByDecoding(rows, record.results);
  return groups.map(({ decoding, rows: own }) => {
    const byId = new Map(own.map((row) => [row.doc.id, row]));
    const results = questions.flatMap((question) => {
      const row = byId.get(question.id);
      return row ? [resultOf(grading, question, row)] : [];
    });
    const method = groups.length > 1 ? `${basename(folder)}, ${samplingText(decoding)}` : basename(folder);
    return { method, evaluation: { summary: summarize(results, decoding), results } };
  });
}

/** A row as a result, with the choices in the order in which they were asked. */
function resultOf(
  task: Task,
  question: Question,
  { doc, target, resps, tokens, truncated, scores }: SampleRow,
): QuestionResult {
  const asked = { ...question, answer: target, ...(doc.choices && { choices: doc.choices }) };
  const answers = resps.map((text, i) => ({ text, tokens: tokens[i] ?? 0, truncated: truncated[i] ?? false }));
  const graded = gradeQuestion(task, asked, answers);
  if (!scores) return graded;
  return { ...graded, responses: graded.responses.map((response, i) => ({ ...response, score: scores[i] ?? null })) };
}

async function draw(
  loaded: LoadedTask,
  sizes: BenchmarkSizes,
  data: string,
  options: OperationOptions,
): Promise<Evaluation> {
  const { model: name, questions, samples, max_tokens } = sizes;
  const config = resolveTrainConfig({
    overrides: [
      ...[`model=${name}`, `data=${data}`, 'evaluation.temperature=0.7', `evaluation.questions=${questions}`],
      ...[`evaluation.samples=${samples}`, `evaluation.max_tokens=${max_tokens}`],
    ],
  });
  const model = await openModel(name, { precision: config.precision });
  try {
    const prepared = prepareTask({ model }, loaded, { config, context: 'none' });
    const { evaluations } = await evaluatePrepared(prepared, options);
    return evaluations[0] as Evaluation;
  } finally {
    model.dispose();
  }
}

/**
 * What ships beside the answers: log-likelihoods of the choices, and degrees to which criteria are met, by file and
 * question.
 */
export interface ShippedReadings {
  readonly loglikelihoods: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly criteria: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

/** The shipped readings; empty if there are none. */
export function shippedReadings(): ShippedReadings {
  const file = join(RESPONSES, 'readings.json');
  const { loglikelihoods, criteria } = existsSync(file) ? readJsonFile(file) : {};
  const own = (value: unknown) => (isObject(value) ? value : {}) as ShippedReadings['criteria'];
  return { loglikelihoods: own(loglikelihoods), criteria: own(criteria) };
}

/** A model's log-likelihood of every choice. */
export interface MethodLikelihoods {
  readonly method: string;
  readonly results: readonly LikelihoodResult[];
}

/**
 * Log-likelihoods of the choices, in the order in which they were asked: the shipped ones, or those of the given model.
 */
export async function likelihoodsOf(
  { registered, methods }: Benchmark,
  { model: name }: BenchmarkSizes,
): Promise<MethodLikelihoods[]> {
  const asked = (methods[0]?.evaluation.results ?? []).map(({ question }) => question).filter(({ choices }) => choices);
  if (registered) {
    if (!hasModel(name)) return [];
    const model = await openModel(name);
    try {
      return [{ method: name, results: (await evaluateByLoglikelihood({ model, questions: asked })).results }];
    } finally {
      model.dispose();
    }
  }
  const { loglikelihoods } = shippedReadings();
  return SHIPPED.flatMap(({ method, file }) => {
    const own = loglikelihoods[file];
    if (!own) return [];
    const results = asked.flatMap((question): LikelihoodResult[] => {
      const values = own[question.id];
      const { continuations } = likelihoodPrompt(question);
      return values
        ? [{ question, loglikelihoods: values, tokens: [], ...takeChoice(question, values, continuations) }]
        : [];
    });
    return [{ method, results }];
  });
}
