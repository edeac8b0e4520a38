/** Rubrics for a set of questions, written by a model or taken from a source, with the settings' rules for invalid ones. */
import { join } from 'node:path';
import type { TrainConfig } from '../../base/config/configs';
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { RubricRow } from '../../base/records/rows';
import type { Rubric } from '../../base/records/rubric';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { hashWords } from '../../engine/tensors/random';
import { generate } from '../../method/rollout/generate';
import { openRubricCache } from '../../method/rubrics/cache';
import { type GeneratedRubrics, generateRubrics } from '../../method/rubrics/generate';
import { type ParsedRubric, parseRubric } from '../../method/rubrics/parse';
import { rubricsFromSource } from '../../method/rubrics/sources';
import type { RubricYield } from '../../method/rubrics/yield';
import type { Task } from '../../questions/tasks/task';
import type { Session } from './session';

/** How a model is asked for rubrics. */
export interface RubricWriting extends OperationOptions {
  readonly writer: LanguageModel;
  /** Names the writer's weights in the cache. */
  readonly writerName: string;
  readonly questions: readonly Question[];
  readonly config: Pick<TrainConfig, 'rubric_sampling' | 'rubric_student_sees_answer' | 'seed'> & {
    readonly stage1: Pick<TrainConfig['stage1'], 'thinking'>;
  };
  /** Folder of the cache file; without it nothing is cached. */
  readonly cacheFolder?: string;
}

/** How a task reads a written rubric: by its own strict rules, or by the general ones. */
export function rubricParser(task: Task): (text: string, question: Pick<Question, 'id'>) => ParsedRubric {
  return (text, { id: questionId }) => {
    if (!task.parseRubric) return parseRubric(text, { questionId, source: 'generated' });
    const criteria = task.parseRubric(text);
    const base = { questionId, source: 'generated', issues: [] };
    return criteria
      ? { ...base, valid: true, criteria }
      : { ...base, valid: false, reason: `not a rubric of ${task.name}`, criteria: [] };
  };
}

/** Lets a model write a rubric for every question; invalid ones are asked for once more, then dropped and counted. */
export async function writeRubrics({ task, views }: Session, writing: RubricWriting): Promise<GeneratedRubrics> {
  const { writer, writerName, questions, config, cacheFolder, signal, onProgress } = writing;
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens } = config.rubric_sampling;
  const tokenizer = requireTokenizer(writer);
  const seed = config.seed.sampling;
  const cache = cacheFolder
    ? openRubricCache(join(cacheFolder, 'rubric-cache.jsonl'), {
        model: writerName,
        seed,
        sampling: config.rubric_sampling,
      })
    : undefined;
  try {
    return await generateRubrics({
      questions,
      cache,
      signal,
      onProgress,
      batchSize: 128,
      parse: rubricParser(task),
      render: (question) => {
        const answer = config.rubric_student_sees_answer ? { answer: question.answer } : {};
        return views.render({ question, purpose: 'rubric', thinking: config.stage1.thinking.student, ...answer });
      },
      sample: async (prompts, attempt, batch) => {
        const requests = prompts.map((prompt, i) => ({
          questionId: (batch[i] as Question).id,
          sample: attempt,
          promptTokens: tokenizer.encode(prompt),
        }));
        const options = { temperature, topP, topK, maxTokens, seed: hashWords(seed, attempt), signal };
        return (await generate(writer, requests, options)).map(({ text }) => text);
      },
    });
  } finally {
    cache?.close();
  }
}

/** The source that rubrics are taken from where no stage-I model has written any: the reference stands in for `generated`. */
export const sourceWithoutWriter = ({ rubric_source: source }: Pick<TrainConfig, 'rubric_source'>): string =>
  source === 'generated' ? 'reference' : source;

/** Rubrics of a source other than `generated`, with rows as rubrics.jsonl holds them. */
export function takeRubrics(
  { task }: Pick<Session, 'task'>,
  {
    questions,
    source,
    pool,
    seed,
  }: { questions: readonly Question[]; source: string; pool: readonly Question[]; seed: number },
): { rubrics: readonly Rubric[]; counts: RubricYield; rows: RubricRow[] } {
  const parse = (text: string, id: string) => rubricParser(task)(text, { id });
  const { rubrics, counts } = rubricsFromSource(questions, source, { seed, pool, task, parse });
  const rows = rubrics.map(({ questionId, criteria, source: from }) => ({
    question_id: questionId,
    source: from,
    valid: true,
    criteria,
  }));
  return { rubrics, counts, rows };
}
