/** An evaluation from its settings: model and data opened, every question asked in a mode, answers kept as they come, scores. */

import type { EvaluationSettings, TrainConfig } from '../../base/config/configs';
import type { TeacherContext } from '../../base/config/parts';
import { type Decoding, decodingName, decodingOf, samplingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import { type OperationOptions, underName } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { TrueRule } from '../../base/records/rows';
import { COMMON_ESCAPES } from '../../engine/files/escape';
import type { LanguageModel } from '../../engine/model/model';
import { requireTokenizer } from '../../engine/model/model';
import type { ChatModel } from '../../method/rollout/chat';
import { modeNamed } from '../../questions/grading/modes';
import { MODE_NAMES, type Mode } from '../../questions/grading/modes/mode';
import type { LoadedTask } from '../../questions/load';
import type { Task } from '../../questions/tasks/task';
import type { ViewRequest, Views } from '../../questions/tasks/views';
import { type Answerer, localAnswerer, remoteAnswerer } from '../../results/evaluation/answerers';
import {
  type Answer,
  type Evaluation,
  gradeQuestion,
  limitQuestions,
  promptOf,
  summarize,
} from '../../results/evaluation/evaluate';
import { decodingsOf } from '../../results/evaluation/ladder';
import { type AnswerRow, openRows } from '../../results/evaluation/record';
import { estimateSeconds } from '../session/estimate';
import { rowsToRead } from '../session/memory';
import { serverViews, sessionOf } from '../session/session';
import { studentView, teacherOf } from '../session/shown';
import { meanTrueRule } from '../session/trueRule';
import { type AnswerJudge, type JudgeUsage, judgeAnswers } from './judging';

/** How questions are asked and answers read: the task's own way, or a mode. */
export const EVALUATION_MODES = ['task', ...MODE_NAMES] as const;
export type EvaluationMode = (typeof EVALUATION_MODES)[number];

/** Who is evaluated. */
export type Subject = { readonly model: LanguageModel } | { readonly chat: ChatModel };

/** One data set ready to be asked. */
export interface PreparedTask {
  readonly task: Task;
  readonly mode: EvaluationMode;
  /** As they are shown: choices in the order of the mode. */
  readonly questions: readonly Question[];
  readonly promptOf: (question: Question) => string;
  /** Each decoding, with who answers under it. */
  readonly decodings: readonly { readonly decoding: Decoding; readonly answerer: Answerer }[];
  /** The template that a local model's prompts went through; a server's is not known. */
  readonly chatTemplate?: string;
  /** Measures the probability of the right rule, where the task knows it and the model is here. */
  readonly trueRule?: (options: OperationOptions) => Promise<TrueRule | undefined>;
  /** Seconds that a local model takes if every answer has its full length. */
  readonly seconds?: number;
}

/** What is asked of a data set. */
export interface TaskPlan {
  readonly config: TrainConfig;
  /** Undefined takes the usual one: `task` for tasks with views of their own and with a context, else `corrected`. */
  readonly mode?: EvaluationMode;
  readonly context: TeacherContext;
}

/** Puts a data set, a mode and a model together. Throws InputError where they do not fit. */
export function prepareTask(subject: Subject, loaded: LoadedTask, plan: TaskPlan): PreparedTask {
  const mode = plan.mode ?? (loaded.task.views || plan.context !== 'none' ? 'task' : 'corrected');
  if (mode === 'task') return prepareOwn(subject, loaded, plan);
  if (loaded.task.views)
    throw new InputError(`mode=${mode}: the task ${loaded.task.name} has views of its own; use mode=task.`);
  if (plan.context !== 'none')
    throw new InputError(
      `--context ${plan.context} puts more than the question into the prompt, which mode=${mode} does not know; use mode=task.`,
    );
  return prepareInMode(subject, loaded, { plan, mode: modeNamed(mode) });
}

/** The test questions that the settings ask for. Throws InputError where there are none. */
export function requireQuestions({ task, test }: LoadedTask, settings: EvaluationSettings): readonly Question[] {
  if (test.length > 0) return limitQuestions(test, settings);
  throw new InputError(
    `${task.name} has no questions to evaluate on; add a test.jsonl, or rows whose split is "test".`,
  );
}

function prepareOwn(subject: Subject, loaded: LoadedTask, plan: TaskPlan): PreparedTask {
  const { task } = loaded;
  const { config, context } = plan;
  const asked = requireQuestions(loaded, config.evaluation);
  const teacher = context === 'none' ? undefined : teacherOf(loaded, config, { questions: asked, context });
  requireRubrics(config, asked, teacher?.questions ?? asked);
  const questions = teacher?.questions ?? asked;
  const view = teacher?.view ?? ((question: Question) => studentView(config, question));
  if ('model' in subject) {
    const { views } = sessionOf(subject.model, loaded, config);
    return prepareLocal(subject.model, { task, views, questions, plan, mode: 'task', view });
  }
  const views = serverViews(task, config);
  return prepareRemote(subject.chat, {
    ...{ task, questions, plan, mode: 'task' },
    turn: (question) => views.render(view(question)),
  });
}

function requireRubrics(config: TrainConfig, asked: readonly Question[], served: readonly Question[]): void {
  if (served.length === asked.length) return;
  const first = asked.find((question) => !served.includes(question));
  throw new InputError(
    `rubric_source=${config.rubric_source} has no valid rubric for ${asked.length - served.length} of ${asked.length} questions (the first is "${first?.id}"); add them, or take another source.`,
  );
}

function prepareInMode(
  subject: Subject,
  loaded: LoadedTask,
  { plan, mode }: { plan: TaskPlan; mode: Mode },
): PreparedTask {
  const questions = requireQuestions(loaded, plan.config.evaluation).map(mode.arrange);
  const task: Task = { ...loaded.task, grade: mode.grade };
  const common = { task, questions, plan, mode: mode.name };
  if ('chat' in subject)
    return prepareRemote(subject.chat, { ...common, turn: (question) => COMMON_ESCAPES.text(mode.prompt(question)) });
  const { renderChat, escapes } = requireTokenizer(subject.model);
  const views: Views = {
    render: ({ question, thinking: enableThinking }) =>
      renderChat([{ role: 'user', content: escapes.text(mode.prompt(question)) }], {
        addGenerationPrompt: true,
        enableThinking,
      }),
  };
  return prepareLocal(subject.model, { ...common, views });
}

interface Common {
  readonly task: Task;
  readonly questions: readonly Question[];
  readonly plan: TaskPlan;
  readonly mode: EvaluationMode;
}

function prepareLocal(
  model: LanguageModel,
  {
    plan: { config },
    view = (question) => studentView(config, question),
    ...common
  }: Common & { readonly views: Views; readonly view?: (question: Question) => ViewRequest },
): PreparedTask {
  const { task, mode, questions, views } = common;
  const { evaluation: settings, seed } = config;
  const asked = { model, task, views, questions, settings, seed: seed.sampling, view };
  const longest = Math.max(...questions.map((question) => promptOf(asked, question).length)) / 4;
  const request = { ...asked, maxBatch: rowsToRead(model, config, Math.ceil(longest) + settings.max_tokens) };
  const each = decodingsOf(settings);
  const answers = questions.length * each.reduce((sum, { samples }) => sum + samples, 0);
  return {
    ...{ task, mode, questions },
    promptOf: (question) => promptOf(request, question),
    decodings: each.map((own) => ({
      decoding: decodingOf(own),
      answerer: localAnswerer({ ...request, settings: own }),
    })),
    ...(!task.views && { chatTemplate: model.tokenizer?.chatTemplate }),
    trueRule: (options) => meanTrueRule(request, options),
    seconds: estimateSeconds(model.config, {
      drawn: answers * settings.max_tokens,
      read: each.length * questions.length * longest,
    }),
  };
}

function prepareRemote(
  chat: ChatModel,
  { plan: { config }, turn, ...common }: Common & { readonly turn: (question: Question) => string },
): PreparedTask {
  const { task, mode, questions } = common;
  const { evaluation: settings, seed } = config;
  const decodings = decodingsOf(settings).map((own) => ({
    decoding: decodingOf(own),
    answerer: remoteAnswerer({ chat, turn, questions, settings: own, seed: seed.sampling }),
  }));
  return { task, mode, questions, promptOf: turn, decodings };
}

const answerOf = ({ text, tokens, finish_reason, sample }: AnswerRow): Answer & { readonly sample: number } => ({
  text,
  tokens,
  truncated: finish_reason === 'length',
  sample,
});

const hasFailed = ({ finish_reason }: AnswerRow): boolean => finish_reason === 'failed';

const answersOf = (rows: readonly AnswerRow[]) => rows.filter((row) => !hasFailed(row)).map(answerOf);
const failedOf = (rows: readonly AnswerRow[]): number => rows.filter(hasFailed).length;

/** Tokens read and drawn without the replies from the cache, and the number of those. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
}

/** What an evaluation of one data set comes to. */
export interface TaskOutcome {
  /** One for each decoding. */
  readonly evaluations: readonly Evaluation[];
  readonly usage: Usage;
  /** Why the first of the failed answers failed. */
  readonly failure?: string;
  /** What a judge took, where one judged. */
  readonly judging?: JudgeUsage;
}

/** Where answers are kept, and who scores them instead of the task's rule. */
export interface TaskOptions extends OperationOptions {
  readonly folder?: string;
  readonly judge?: AnswerJudge;
}

/** Asks what is not answered yet, and grades all answers. They are kept in the folder as they come, where there is one. */
export async function evaluatePrepared(
  { task, questions, decodings }: PreparedTask,
  { folder, judge, ...options }: TaskOptions,
): Promise<TaskOutcome> {
  const log = openRows<AnswerRow>(folder, { task: task.name, kept: 'answers' });
  const nameOf = (decoding: Decoding) => (decodings.length > 1 ? decodingName(decoding) : undefined);
  try {
    for (const { decoding, answerer } of decodings) {
      const name = nameOf(decoding);
      await answerer({
        ...(name ? underName(options, samplingText(decoding)) : options),
        // An answer that failed is asked for again.
        has: (id, sample) => log.has(id, sample, name) && !hasFailed(log.row(id, sample, name)),
        hear: (rows) => log.add(name ? rows.map((row) => ({ ...row, decoding: name })) : rows),
      });
    }
  } finally {
    log.close();
  }
  const all = decodings.map(({ decoding }) => ({
    decoding,
    rows: questions.map(({ id }) =>
      Array.from({ length: decoding.samples }, (_, sample) => log.row(id, sample, nameOf(decoding))),
    ),
  }));
  const every = all.flatMap(({ rows }) => rows.flat());
  const failure = every.find(hasFailed)?.failure;
  const taken = { usage: usageOf(every), ...(failure !== undefined && { failure }) };
  const [first] = all;
  if (judge && first) {
    const answers = first.rows.map(answersOf);
    const judged = await judgeAnswers(judge, { task, questions, answers }, { folder, ...options });
    const results = judged.results.map((result, i) => ({ ...result, failed: failedOf(first.rows[i] ?? []) }));
    return { evaluations: [{ summary: summarize(results, first.decoding), results }], ...taken, judging: judged.usage };
  }
  const evaluations = all.map(({ decoding, rows }) => {
    const results = questions.map((question, i) => {
      const own = rows[i] ?? [];
      return { ...gradeQuestion(task, question, answersOf(own)), failed: failedOf(own) };
    });
    return { summary: summarize(results, decoding), results };
  });
  return { evaluations, ...taken };
}

function usageOf(rows: readonly AnswerRow[]): Usage {
  const paid = rows.filter(({ cached }) => !cached);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    prompt: sum(paid.map(({ prompt_tokens }) => prompt_tokens)),
    completion: sum(paid.map(({ tokens }) => tokens)),
    cached: rows.length - paid.length,
  };
}
