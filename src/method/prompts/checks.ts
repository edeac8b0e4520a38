/** A first token that the two views disagree on. (A prompt that does not fit is refused where it is read.) */

import { findThinkTag } from '../../questions/grading/thinking';

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
