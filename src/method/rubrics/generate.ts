/**
 * Runs between the two stages of training: the model from stage I writes a rubric for each question; an invalid one is
 * asked for again.
 */

import { throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { RubricRow } from '../../base/records/rows';
import type { Rubric } from '../../base/records/rubric';
import type { RubricCache } from './cache';
import type { ParsedRubric } from './parse';
import { countReasons, type RubricSet, type RubricYield } from './yield';

/**
 * What generation needs. Sampling and parsing are passed in, because this folder does not depend on models or tasks.
 */
export interface RubricGeneration extends OperationOptions {
  readonly questions: readonly Question[];
  render(question: Question): string;
  /** Returns one text for each prompt. `attempt` counts from 0; a second attempt must use other random numbers. */
  sample(prompts: readonly string[], attempt: number, questions: readonly Question[]): Promise<readonly string[]>;
  parse(text: string, question: Question): ParsedRubric;
  /** Further attempts for an invalid rubric; default 1. */
  readonly retries?: number;
  /** Prompts in one call of `sample`; default 32. */
  readonly batchSize?: number;
  readonly cache?: RubricCache;
}

/** The valid rubrics, the counts, and a row with the raw text for every question. */
export interface GeneratedRubrics extends RubricSet {
  readonly rows: readonly RubricRow[];
}

interface Asked {
  readonly question: Question;
  readonly prompt: string;
}

/**
 * Generates rubrics for all questions. A question whose rubric stays invalid after the retries is dropped and counted.
 * Finished rows are added to the cache, and rows found there are not generated again. Stops between batches when the
 * signal is aborted.
 */
export async function generateRubrics(generation: RubricGeneration): Promise<GeneratedRubrics> {
  const { questions, render, retries = 1, cache } = generation;
  const settled = new Map<string, RubricRow>();
  let pending: Asked[] = [];
  for (const question of questions) {
    const prompt = render(question);
    const row = cache?.find(question.id, prompt);
    if (row) settled.set(question.id, row);
    else pending.push({ question, prompt });
  }
  for (let attempt = 0; attempt <= retries && pending.length > 0; attempt++)
    pending = await askOnce(generation, pending, { attempt, last: attempt === retries, settled });
  const rows = questions.map((question) => settled.get(question.id)).filter((row) => row !== undefined);
  return { rubrics: rows.filter((row) => row.valid).map(toRubric), rows, counts: countRows(rows) };
}

interface Attempt {
  readonly attempt: number;
  readonly last: boolean;
  readonly settled: Map<string, RubricRow>;
}

/** Asks once for each pending rubric; returns those that must be asked for again. */
async function askOnce(
  generation: RubricGeneration,
  pending: readonly Asked[],
  { attempt, last, settled }: Attempt,
): Promise<Asked[]> {
  const { questions, sample, parse, batchSize = 32, cache, signal, onProgress } = generation;
  const again: Asked[] = [];
  for (let start = 0; start < pending.length; start += batchSize) {
    throwIfAborted(signal);
    const batch = pending.slice(start, start + batchSize);
    const prompts = batch.map((asked) => asked.prompt);
    const batchQuestions = batch.map((asked) => asked.question);
    const texts = await sample(prompts, attempt, batchQuestions);
    if (texts.length !== batch.length)
      throw new RangeError(`generateRubrics: ${texts.length} texts for ${batch.length} prompts`);
    batch.forEach((asked, i) => {
      const text = texts[i] as string;
      const parsed = parse(text, asked.question);
      if (!parsed.valid && !last) {
        again.push(asked);
        return;
      }
      const row = toRow(parsed, { text, attempts: attempt + 1 });
      settled.set(asked.question.id, row);
      cache?.add(row, asked.prompt);
    });
    onProgress?.({ stage: 'rubrics', done: settled.size, total: questions.length, metrics: validShare(settled) });
    await yieldToEvents();
  }
  return again;
}

function validShare(settled: ReadonlyMap<string, RubricRow>): Record<string, number> {
  const valid = [...settled.values()].filter((row) => row.valid).length;
  return settled.size === 0 ? {} : { valid: valid / settled.size };
}

function toRow(parsed: ParsedRubric, { text, attempts }: { text: string; attempts: number }): RubricRow {
  const { questionId, source, seed, valid, reason, issues, criteria } = parsed;
  return {
    question_id: questionId,
    source,
    valid,
    ...(reason === undefined ? {} : { reason }),
    issues,
    text,
    criteria,
    ...(seed === undefined ? {} : { seed }),
    attempts,
  };
}

function toRubric({ question_id, source, seed, criteria }: RubricRow): Rubric {
  return {
    questionId: question_id,
    source,
    ...(seed === undefined ? {} : { seed }),
    // The cache's rows were written by `toRow`, so importance and polarity have the right types.
    criteria: criteria as Rubric['criteria'],
  };
}

function countRows(rows: readonly RubricRow[]): RubricYield {
  const valid = rows.filter((row) => row.valid);
  const dropped = rows.filter((row) => !row.valid);
  return {
    questions: rows.length,
    valid: valid.length,
    retried: rows.filter((row) => (row.attempts ?? 1) > 1).length,
    recovered: valid.filter((row) => (row.attempts ?? 1) > 1).length,
    dropped: dropped.length,
    reasons: countReasons(dropped.map((row) => row.reason ?? 'no reason was given')),
  };
}
