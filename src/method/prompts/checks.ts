/**
 * Warns about student and teacher prompts that make the two models expect different first tokens. (A prompt that is too
 * long is refused where it is read.)
 */

import { findThinkTag } from '../../questions/grading/thinking';

/** How a prompt leaves the thinking block: `open` expects thoughts next, `closed` expects the answer. */
export type ThinkingState = 'open' | 'closed' | 'untouched';

/** The state at the end of a prompt. A tag counts only if nothing but blanks (or an empty block) follows it. */
export function thinkingState(prompt: string): ThinkingState {
  const ending = prompt.trimEnd();
  const from = Math.max(0, ending.length - 16);
  for (let tag = findThinkTag(ending, from); tag; tag = findThinkTag(ending, tag.end))
    if (tag.end === ending.length) return tag.closing ? 'closed' : 'open';
  return 'untouched';
}

/**
 * A warning when the two prompts leave the thinking in different states. Student and teacher then expect different
 * first tokens, and the divergence there says nothing about the question (OPSD issue 10). Undefined when they agree.
 */
export function thinkingMismatch(studentPrompt: string, teacherPrompt: string): string | undefined {
  const student = thinkingState(studentPrompt);
  const teacher = thinkingState(teacherPrompt);
  if (student === teacher) return undefined;
  return (
    `The student's prompt leaves the thinking ${student}, the teacher's ${teacher}: their first tokens will differ ` +
    'for every question; set thinking.student and thinking.teacher alike, or keep this in mind when you read divergence/first_token.'
  );
}
