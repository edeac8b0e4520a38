/** How a question becomes the text a model sees. A task may own its views (microscience does); others use chat templates. */

import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';

/** One view: the question, what is asked for, and the privileged text that only a teacher may see. */
export interface ViewRequest {
  readonly question: Question;
  readonly purpose: 'answer' | 'rubric';
  /** Privileged: the reference answer. */
  readonly answer?: string;
  /** Privileged: the rubric. */
  readonly rubric?: Rubric;
  /** Privileged: an example of a response. */
  readonly demonstration?: string;
  readonly thinking?: boolean;
  /** Closes the privileged text with the do-not-mention transition. */
  readonly antiMention?: boolean;
}

/** Renders views as prompt text, the generation prompt included, ready for `tokenizer.encode`. */
export interface Views {
  /** Throws `InputError` when the request asks for something these views do not have. */
  render(request: ViewRequest): string;
  /**
   * Reason-first: the teacher's context is this prompt, the analysis written on it, the transition and the completion, joined as
   * tokens. Undefined for views that know no analysis.
   */
  readonly reasonFirst?: ReasonFirst;
}

/** The two texts around a teacher's analysis of its privileged text. */
export interface ReasonFirst {
  /** The prompt that asks for the analysis. */
  analysis(request: ViewRequest): string;
  /** The raw text behind the analysis, no new chat turn; `antiMention` picks the form that forbids mentioning. */
  transition(request: ViewRequest): string;
}
