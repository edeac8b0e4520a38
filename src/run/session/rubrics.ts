/** Rubrics that a model writes for a set of questions, with the settings' rules for invalid ones; shown.ts takes those of other sources. */
import { join } from 'node:path';
import type { TrainConfig } from '../../base/config/configs';
import { type OperationOptions, saying } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { Inputs } from '../../base/records/rows';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { leads, led } from '../../engine/model/ranks';
import { hashWords } from '../../engine/tensors/random';
import { generate } from '../../method/rollout/generate';
import { openRubricCache, type RubricCache } from '../../method/rubrics/cache';
import { type GeneratedRubrics, generateRubrics } from '../../method/rubrics/generate';
import { writerContent } from './inputs';
import { MOST_ROWS } from './memory';
import type { Session } from './session';
import { requireReferences, rubricParser } from './shown';

/** How a model is asked for rubrics. */
export interface RubricWriting extends OperationOptions {
  readonly writer: LanguageModel;
  /** Names the writer's weights in the cache. */
  readonly writerName: string;
  readonly questions: readonly Question[];
  readonly config: Pick<TrainConfig, 'rubric_sampling' | 'rubric_student_sees_answer' | 'seed' | 'batches'> & {
    readonly stage1: Pick<TrainConfig['stage1'], 'thinking'>;
  };
  /** Folder of the cache file, and the contents of what the session was opened from; without it nothing is cached. */
  readonly cache?: { readonly folder: string; readonly inputs: Inputs };
}

/** Lets a model write a rubric for every question; invalid ones are asked for once more, then dropped and counted. */
export async function writeRubrics({ model, task, views }: Session, writing: RubricWriting): Promise<GeneratedRubrics> {
  const { writer, writerName, questions, config, signal, onProgress } = writing;
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens } = config.rubric_sampling;
  const tokenizer = requireTokenizer(writer);
  const seed = config.seed.sampling;
  const rows = config.batches.rubrics || MOST_ROWS.rubrics;
  const parse = rubricParser(task);
  if (config.rubric_student_sees_answer) requireReferences(questions, 'rubric_student_sees_answer=true');
  const { ranks } = writer;
  const render = (question: Question): string => {
    const answer = config.rubric_student_sees_answer ? { answer: question.answer } : {};
    return views.render({ question, purpose: 'rubric', thinking: config.stage1.thinking.student, ...answer });
  };
  const own =
    writing.cache && leads(ranks)
      ? openRubricCache(
          join(writing.cache.folder, 'rubric-cache.jsonl'),
          {
            model: writerName,
            writer: writerContent(writer, model, writing.cache.inputs),
            seed,
            sampling: config.rubric_sampling,
          },
          saying({ onProgress }),
        )
      : undefined;
  try {
    const known = await led(ranks, () => questions.map((question) => own?.find(question.id, render(question))));
    const found = new Map(questions.map(({ id }, i) => [id, known[i]]));
    const cache: RubricCache = {
      find: (id) => found.get(id),
      add: (row, prompt) => own?.add(row, prompt),
      close: () => own?.close(),
    };
    return await generateRubrics({
      questions,
      cache,
      signal,
      onProgress,
      batchSize: rows,
      parse: (text, question) => ({ ...parse(text, question), seed }),
      render,
      sample: async (prompts, attempt, batch) => {
        const requests = prompts.map((prompt, i) => ({
          questionId: (batch[i] as Question).id,
          sample: attempt,
          promptTokens: tokenizer.encode(prompt),
        }));
        const options = { temperature, topP, topK, maxTokens, seed: hashWords(seed, attempt), maxBatch: rows, signal };
        return (await generate(writer, requests, options)).map(({ text }) => text);
      },
    });
  } finally {
    own?.close();
  }
}
