/**
 * What a training run cost: floating-point operations, questions, annotation tokens, written tokens. Counted from its
 * run folder, with 2 operations for each weight and token, and 2 d T^2 for each layer's causal attention. A backward
 * pass counts as two forward passes (as one under LoRA, which trains few weights). A prefix that two prompts share is
 * counted for both. Evaluation is not included.
 */

import { readsRubrics } from '../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../base/config/configs';
import type { Question } from '../base/records/question';
import type { RubricRow } from '../base/records/rows';
import { openRun, type Run } from '../base/records/runReader';
import { type LanguageModel, requireTokenizer } from '../engine/model/model';
import { forwardOperations, wholeSequence } from '../engine/model/operations';
import { algorithmNamed } from '../method/algorithms';
import { renderMicroscienceRubric } from '../questions/tasks/microscience';
import type { Task } from '../questions/tasks/task';
import { answeringReaders } from '../run/session/requirements';
import type { Budget, Flops } from './row';

/** Operations of one forward pass over a sequence. */
const forwardFlops = ({ config }: Pick<LanguageModel, 'config'>, tokens: number): number =>
  forwardOperations(config, wholeSequence(tokens), { vectors: true });

/** The cost of one stage. */
export interface StageCost {
  readonly rollout: number;
  readonly teacher: number;
  readonly update: number;
  /** Number of tokens that were sampled in it. */
  readonly sampled: number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The cost of a stage from its folder. `drawn` means that its completions were sampled, not taken from the data. */
export function stageCost(
  run: Run,
  model: LanguageModel,
  { settings, lora, drawn }: { readonly settings: StageSettings; readonly lora: boolean; readonly drawn: boolean },
): StageCost {
  const { encode } = requireTokenizer(model);
  const lengths = new Map<string, number>();
  const lengthOf = (text: string): number => {
    const known = lengths.get(text) ?? encode(text).length;
    lengths.set(text, known);
    return known;
  };
  const rows = run.completions();
  const forward = (prompt: string, ids: readonly number[]): number =>
    forwardFlops(model, lengthOf(prompt) + ids.length);
  const prompt = sum(rows.map((row) => lengthOf(row.prompt))) / Math.max(1, rows.length);
  const means = run.metrics().map((row) => row['completions/mean_length'] ?? 0);
  return {
    rollout: drawn ? sum(means.map((mean) => settings.batch_size * forwardFlops(model, prompt + mean))) : 0,
    teacher: sum(
      rows.flatMap(({ teacher_prompt, teacher_prompts = [], completion_ids }) =>
        [...(teacher_prompt ? [teacher_prompt] : []), ...teacher_prompts].map((text) => forward(text, completion_ids)),
      ),
    ),
    update: (lora ? 2 : 3) * sum(rows.map((row) => forward(row.prompt, row.completion_ids))),
    sampled: drawn ? Math.round(sum(means) * settings.batch_size) : 0,
  };
}

/** Counts the tokens of those annotations of a question that a method may read. */
export function annotationTokens(model: LanguageModel, task: Task) {
  const { encode } = requireTokenizer(model);
  return {
    solution: ({ solution = '' }: Question): number => encode(solution).length,
    answer: (question: Question): number => encode(task.boxed?.(question) ?? question.answer).length,
    rubric: ({ criteria }: Pick<RubricRow, 'criteria'>): number =>
      encode(renderMicroscienceRubric(criteria as Parameters<typeof renderMicroscienceRubric>[0])).length,
  };
}

/** Rubric sources that need no annotation: they say nothing about the question, or the model writes them. */
const FREE_SOURCES = ['generated', 'generic', 'filler'];

/** Annotation tokens of its questions that the answering stage reads. */
function annotationRead({ config, model, task, questions }: Spent, rubrics: readonly RubricRow[]): number {
  const { rubric_source: source } = config;
  const tokens = annotationTokens(model, task);
  const all = (of: (question: Question) => number): number => sum(questions.map(of));
  const rubric = FREE_SOURCES.includes(source) ? 0 : sum(rubrics.map(tokens.rubric));
  const { answers, solutions } = answeringReaders(config);
  return (
    (solutions === undefined ? 0 : all(tokens.solution)) +
    (answers === undefined ? 0 : all(tokens.answer)) +
    (readsRubrics(algorithmNamed(config.algorithm), config.stage2) ? rubric : 0)
  );
}

/** The run whose budget is counted. */
export interface Spent {
  readonly config: TrainConfig;
  readonly model: LanguageModel;
  readonly task: Task;
  /** Folder of the answering stage, and of the run that contains its rubrics. */
  readonly stage: string;
  readonly folder: string;
  /** The questions that the answering stage saw. */
  readonly questions: readonly Question[];
  /** Cost of stage I, if there was one. */
  readonly writer?: WriterCost;
}

/** The cost of a writer of rubrics, added to every run that uses its rubrics. */
export interface WriterCost {
  readonly flops: number;
  readonly sampled: number;
  readonly annotation: number;
  /** Ids of the questions of stage I. */
  readonly questions: readonly string[];
  /** Mean tokens and operations for writing one rubric. */
  readonly written: { readonly tokens: number; readonly flops: number };
}

/** The budget of a run whose answering stage is finished. */
export function budgetOf(spent: Spent): Budget {
  const { config, model, stage, folder, questions, writer } = spent;
  const drawn = algorithmNamed(config.algorithm).needs(config.stage2).samples;
  const cost = stageCost(openRun(stage), model, { settings: config.stage2, lora: config.lora.rank > 0, drawn });
  const rubrics = openRun(folder).rubrics();
  const own = config.rubric_source === 'generated' && !writer ? writingCost(model, rubrics) : undefined;
  const written = writer?.written ?? own ?? { tokens: 0, flops: 0 };
  const parts = {
    rollout: cost.rollout,
    teacher: cost.teacher,
    update: cost.update,
    stage1: writer?.flops ?? 0,
    writing: written.flops * rubrics.length,
    judge: 0,
  };
  const flops: Flops = { ...parts, total: sum(Object.values(parts)) };
  const seen = new Set([...questions.map(({ id }) => id), ...(writer?.questions ?? [])]);
  return {
    flops,
    questions: seen.size,
    annotation_tokens: annotationRead(spent, rubrics) + (writer?.annotation ?? 0),
    sampled_tokens: Math.round(cost.sampled + written.tokens * rubrics.length + (writer?.sampled ?? 0)),
  };
}

/**
 * Mean tokens and operations for writing these rubrics; all prompts are assumed to have the length of a short question.
 */
export function writingCost(
  model: LanguageModel,
  rubrics: readonly Pick<RubricRow, 'text'>[],
): { readonly tokens: number; readonly flops: number } {
  const { encode } = requireTokenizer(model);
  const lengths = rubrics.map(({ text = '' }) => encode(text).length + 1);
  const tokens = sum(lengths) / Math.max(1, lengths.length);
  return { tokens, flops: forwardFlops(model, tokens + PROMPT_TOKENS) };
}

/** Tokens of a short question with the tokens around it. */
const PROMPT_TOKENS = 28;
