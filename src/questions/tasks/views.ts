/**
 * The interface that turns a question into the text that a model sees. A task may have its own implementation
 * (microscience has); others use chat templates.
 */

import type { Question } from '../../base/records/question';
import type { Criterion, Rubric } from '../../base/records/rubric';

/** A request to make a response meet criteria, or no longer meet them, with as little change as possible. */
export interface Revision {
  readonly towards: 'meet' | 'avoid';
  readonly criteria: readonly Criterion[];
  /** The response; absent where only the criteria are shown. */
  readonly response?: string;
}

/** A worked example of another problem, as a show of care and not for its content. */
export interface UnrelatedExample {
  readonly question: Question;
  readonly solution: string;
}

/** What one prompt shows: the question, what is asked for, and the privileged text that only a teacher may see. */
export interface ViewRequest {
  readonly question: Question;
  readonly purpose: 'answer' | 'rubric';
  /** Privileged: the reference answer. */
  readonly answer?: string;
  /** Privileged: the rubric. */
  readonly rubric?: Rubric;
  /** Privileged: an example of a response. */
  readonly demonstration?: string;
  /** Privileged: a worked example of another problem. */
  readonly unrelated?: UnrelatedExample;
  /** Privileged: how a response is to be revised. */
  readonly revision?: Revision;
  readonly thinking?: boolean;
  /** Ends the privileged text with the instruction not to mention it. */
  readonly antiMention?: boolean;
}

/** Renders prompts as text, ended where the reply begins, ready for `tokenizer.encode`. */
export interface Views {
  /** Throws `InputError` when the request asks for something that these prompts cannot show. */
  render(request: ViewRequest): string;
  /**
   * For reason_first: the teacher's context is the prompt for an analysis, the analysis, the transition and the
   * completion, joined as tokens. Undefined where an analysis cannot be asked for.
   */
  readonly reasonFirst?: ReasonFirst;
}

/** The two texts around a teacher's analysis of its privileged text. */
export interface ReasonFirst {
  /** The prompt that asks for the analysis. */
  analysis(request: ViewRequest): string;
  /**
   * The text after the analysis, in the same chat turn; `antiMention` selects the form that forbids mentioning the
   * privileged text.
   */
  transition(request: ViewRequest): string;
}
