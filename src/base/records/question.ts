/** The question record that walks through the whole pipeline, and what a task knows about it. */

/** Values that survive a JSON round trip. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One question with its reference answer. `choices` are shown in the order given. */
export interface Question {
  readonly id: string;
  readonly task: string;
  readonly split: string;
  readonly question: string;
  readonly choices?: readonly string[];
  /** Reference answer: a letter for choices, otherwise the value or text. */
  readonly answer: string;
  /** Worked reference solution. */
  readonly solution?: string;
  /** Reference rubric, in the JSON form that `parseRubric` reads. */
  readonly rubric?: readonly RubricItem[];
  readonly metadata?: Readonly<Record<string, Json>>;
}

/** A reference rubric item as it stands in a data file. */
export interface RubricItem {
  readonly title?: string;
  readonly description: string;
  readonly weight: number;
}

/** What grading one response found. `extracted` is null when no answer was found: incorrect, and counted apart. */
export interface Grade {
  readonly extracted: string | null;
  readonly correct: boolean;
  /** Share of the weighted process criteria met, 0..1, where the task can verify them. */
  readonly process?: number;
  /** Whether the response states the question's right rule and not the common wrong one, where the task knows both. */
  readonly rule?: boolean;
}
