/** The rubric record (papers: RCSD section 2.3): criteria with title, description, weight and importance. */

/** Importance classes of a criterion. */
export type Importance = 'essential' | 'important' | 'optional' | 'pitfall';

/** Whether meeting the criterion is a merit or a fault. Settled once, at parsing. */
export type Polarity = 'satisfied is good' | 'satisfied is bad';

/** One criterion; `id` is stable within its rubric. */
export interface Criterion {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly weight: number;
  readonly importance: Importance | null;
  readonly polarity: Polarity | null;
}

/** The criteria for one question and where they came from. */
export interface Rubric {
  readonly questionId: string;
  readonly criteria: readonly Criterion[];
  /** `generated`, `reference`, `generic`, `random`, `noisy`, `reduced`, `wrong`, `placebo` or `file:PATH`. */
  readonly source: string;
  readonly seed?: number;
}
