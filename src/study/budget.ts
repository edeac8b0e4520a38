/**
 * What a training run took: floating-point operations, questions, annotation, written tokens. Counted from its run folder, with 2
 * operations a weight and token, and 2 d T^2 a layer for causal attention; a backward pass counts twice a forward pass (once
 * under LoRA, whose own weights are few). What two prompts share is counted for both. Evaluation is no part of it.
 */

import type { StageSettings, TrainConfig } from '../base/config/train';
import type { Question } from '../base/records/question';
import type { RubricRow } from '../base/records/rows';
import { openRun, type Run } from '../base/records/runReader';
import { type LanguageModel, requireTokenizer } from '../engine/model/model';
import { forwardOperations, wholeSequence } from '../engine/model/operations';
import { renderMicroscienceRubric } from '../questions/tasks/microscience';
import type { Task } from '../questions/tasks/task';
import type { Budget, Flops } from './row';

/** Operations of one forward pass over a sequence. */
const forwardFlops = ({ config }: Pick<LanguageModel, 'config'>, tokens: number): number =>
  forwardOperations(config, wholeSequence(tokens), { vectors: true });

/** What one stage took. */
export interface StageCost {
  readonly rollout: number;
  readonly teacher: number;
  readonly update: number;
  /** Tokens that were drawn in it. */
  readonly sampled: number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The cost of a stage from its folder. `drawn`: its completions were sampled, not taken from the data. */
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
    teacher: sum(rows.map((row) => (row.teacher_prompt ? forward(row.teacher_prompt, row.completion_ids) : 0))),
    update: (lora ? 2 : 3) * sum(rows.map((row) => forward(row.prompt, row.completion_ids))),
    sampled: drawn ? Math.round(sum(means) * settings.batch_size) : 0,
  };
}

/** Tokens of the annotations of a question that a method may read. */
export function annotationTokens(model: LanguageModel, task: Task) {
  const { encode } = requireTokenizer(model);
  return {
    solution: ({ solution = '' }: Question): number => encode(solution).length,
    answer: (question: Question): number => encode(task.boxed?.(question) ?? question.answer).length,
    rubric: ({ criteria }: Pick<RubricRow, 'criteria'>): number =>
      encode(renderMicroscienceRubric(criteria as Parameters<typeof renderMicroscienceRubric>[0])).length,
  };
}

/** Sources that say nothing of any question, and the model's own rubrics: no annotation. */
const FREE_SOURCES = ['generated', 'generic', 'filler'];

/** Annotation tokens that the answering stage reads of its questions. */
function annotationRead({ config, model, task, questions }: Spent, rubrics: readonly RubricRow[]): number {
  const { algorithm, stage2, rubric_source: source } = config;
  const tokens = annotationTokens(model, task);
  const all = (of: (question: Question) => number): number => sum(questions.map(of));
  const rubric = FREE_SOURCES.includes(source) ? 0 : sum(rubrics.map(tokens.rubric));
  if (algorithm === 'sft') {
    return stage2.relatives.sft_source === 'reference' ? all(tokens.solution) : all(tokens.answer);
  }
  if (algorithm === 'grpo') return stage2.grpo.rewards.includes('rubric') ? rubric : all(tokens.answer);
  if (algorithm !== 'rcsd' && algorithm !== 'opsd') return 0;
  const context = stage2.teacher_context;
  return (context.includes('answer') ? all(tokens.answer) : 0) + (context.includes('rubric') ? rubric : 0);
}

/** What a budget is counted for. */
export interface Spent {
  readonly config: TrainConfig;
  readonly model: LanguageModel;
  readonly task: Task;
  /** Folder of the answering stage, and of the run that holds its rubrics. */
  readonly stage: string;
  readonly folder: string;
  /** The questions that it saw. */
  readonly questions: readonly Question[];
  /** Stage I, where there was one. */
  readonly writer?: WriterCost;
}

/** What a writer took, to be added to whatever uses its rubrics. */
export interface WriterCost {
  readonly flops: number;
  readonly sampled: number;
  readonly annotation: number;
  /** Ids of the questions of stage I. */
  readonly questions: readonly string[];
  /** Mean tokens and operations of writing a rubric. */
  readonly written: { readonly tokens: number; readonly flops: number };
}

/** The budget of a run of which the answering stage has been made. */
export function budgetOf(spent: Spent): Budget {
  const { config, model, stage, folder, questions, writer } = spent;
  const drawn = config.algorithm !== 'sft' || config.stage2.relatives.sft_source === 'filtered';
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

/** Mean tokens and operations of writing these rubrics; prompts are taken to be as long as a short question. */
export function writingCost(
  model: LanguageModel,
  rubrics: readonly Pick<RubricRow, 'text'>[],
): { readonly tokens: number; readonly flops: number } {
  const { encode } = requireTokenizer(model);
  const lengths = rubrics.map(({ text = '' }) => encode(text).length + 1);
  const tokens = sum(lengths) / Math.max(1, lengths.length);
  return { tokens, flops: forwardFlops(model, tokens + PROMPT_TOKENS) };
}

/** A question with its marks. */
const PROMPT_TOKENS = 28;
