/**
 * An algorithm is a record: whose completions are learned from, what each side sees, which loss. The loop knows none by name,
 * and none knows another.
 */
import type { StageSettings } from '../config/train';
import type { LossSpec } from '../losses/spec';
import type { Rubric } from '../rubrics/rubric';
import type { Question } from '../tasks/question';
import type { ViewRequest } from '../tasks/views';

/** A question and, where the algorithm needs one, the rubric its teacher sees. */
export interface Example {
  readonly question: Question;
  readonly rubric?: Rubric;
}

/** One training algorithm, or one stage of it. */
export interface Algorithm {
  readonly name: string;
  /** `student`: completions are sampled from the current policy; `reference`: they are the questions' solutions. */
  readonly rollouts: 'student' | 'reference';
  /** What the student sees; it is also what completions are sampled from. */
  studentView(example: Example): ViewRequest;
  /** What the teacher sees; absent for losses without a teacher. */
  teacherView?(example: Example): ViewRequest;
  readonly loss: LossSpec;
}

/** Privileged text for a teacher's view as the settings name it. Throws when the example lacks it. */
export function privileged(example: Example, context: StageSettings['teacher_context']): Partial<ViewRequest> {
  const { question, rubric } = example;
  const wantsRubric = context === 'rubric' || context === 'answer+rubric';
  if (wantsRubric && !rubric) throw new Error(`question ${question.id} came without the rubric its teacher needs`);
  return {
    ...((context === 'answer' || context === 'answer+rubric') && { answer: question.answer }),
    ...(wantsRubric && { rubric }),
  };
}
