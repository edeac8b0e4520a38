/** Rubrics that a model behind a server writes, by the same rules as those of a model in this process (rubrics.ts). */
import type { TrainConfig } from '../../base/config/configs';
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import { hashString, hashWords } from '../../engine/tensors/random';
import type { ChatModel, ChatRequest } from '../../method/rollout/chat';
import { refuseTopK } from '../../method/rollout/remote/fields';
import { type GeneratedRubrics, generateRubrics } from '../../method/rubrics/generate';
import type { Task } from '../../questions/tasks/task';
import { serverViews } from './session';
import { rubricParser } from './shown';

/** How a server is asked for rubrics. */
export interface ServerRubrics extends OperationOptions {
  readonly chat: ChatModel;
  readonly questions: readonly Question[];
  readonly config: Pick<
    TrainConfig,
    'rubric_sampling' | 'rubric_student_sees_answer' | 'rubric_prompt' | 'prompts' | 'seed'
  >;
  /** Questions that are asked together. */
  readonly batchSize: number;
}

/**
 * Lets the model write a rubric for every question; invalid ones are asked for once more. A row that the server failed to
 * write is invalid with that reason, and counted in `failed`. Throws InputError for a top_k and for tasks with views of their own.
 */
export async function writeServerRubrics(
  task: Task,
  { chat, questions, config, batchSize, signal, onProgress }: ServerRubrics,
): Promise<GeneratedRubrics & { readonly failed: number }> {
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens } = config.rubric_sampling;
  refuseTopK(topK);
  const views = serverViews(task, config);
  const parse = rubricParser(task);
  const failures = new Map<string, string>();
  const generated = await generateRubrics({
    questions,
    signal,
    onProgress,
    batchSize,
    render: (question) =>
      views.render({
        question,
        purpose: 'rubric',
        ...(config.rubric_student_sees_answer && { answer: question.answer }),
      }),
    parse: (text, question) => {
      const failure = failures.get(question.id);
      if (failure === undefined) return parse(text, question);
      const reason = `the server failed: ${failure}`;
      return { questionId: question.id, source: 'generated', valid: false, reason, issues: [], criteria: [] };
    },
    sample: async (prompts, attempt, batch) => {
      const ids = batch.map(({ id }) => id);
      const requests = prompts.map((content, i): ChatRequest => {
        const seed = hashWords(config.seed.sampling, attempt, hashString(ids[i] as string));
        return { messages: [{ role: 'user', content }], temperature, topP, maxTokens, seed };
      });
      const replies = await chat.chat(requests, { signal });
      replies.forEach(({ failure }, i) => {
        if (failure === undefined) failures.delete(ids[i] as string);
        else failures.set(ids[i] as string, failure);
      });
      return replies.map(({ text }) => text);
    },
  });
  return { ...generated, failed: failures.size };
}
