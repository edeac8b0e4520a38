/** Two things that go wrong between views: a prompt that does not fit, and a first token that the two sides disagree on. */

import { InputError } from '../records/errors';
import { findThinkTag } from '../tasks/thinking';

/** A prompt with the tokens that will follow it. */
export interface PromptLength {
  /** Names the prompt in the message, e.g. `question q12, teacher`. */
  readonly what: string;
  readonly promptTokens: number;
  readonly newTokens: number;
  /** Positions that the model has. */
  readonly limit: number;
}

/** Throws `InputError` when a prompt with its completion passes the model's context: nothing is ever cut silently. */
export function checkLength({ what, promptTokens, newTokens, limit }: PromptLength): void {
  if (promptTokens + newTokens <= limit) return;
  throw new InputError(
    `The prompt of ${what} has ${promptTokens} tokens; with ${newTokens} new ones it passes the model's ${limit}: ` +
      'lower max_tokens, shorten the rubric, or leave the question out.',
  );
}

/** How a generation prompt leaves the thinking: `open` asks for thoughts next, `closed` for the answer. */
export type ThinkingState = 'open' | 'closed' | 'untouched';

/** The thinking state at the end of a prompt: only a tag that nothing but blanks (or an empty block) follows counts. */
export function thinkingState(prompt: string): ThinkingState {
  const ending = prompt.trimEnd();
  const from = Math.max(0, ending.length - 16);
  for (let tag = findThinkTag(ending, from); tag; tag = findThinkTag(ending, tag.end))
    if (tag.end === ending.length) return tag.closing ? 'closed' : 'open';
  return 'untouched';
}

/**
 * One sentence when the two prompts leave the thinking in different states: then student and teacher expect different first
 * tokens, and the divergence there says nothing about the question (OPSD issue 10). Undefined when they agree.
 */
export function thinkingMismatch(studentPrompt: string, teacherPrompt: string): string | undefined {
  const student = thinkingState(studentPrompt);
  const teacher = thinkingState(teacherPrompt);
  if (student === teacher) return undefined;
  return (
    `The student's prompt leaves the thinking ${student}, the teacher's ${teacher}: their first tokens will differ ` +
    'whatever the question; set thinking.student and thinking.teacher alike, or read divergence/first_token with that in mind.'
  );
}
