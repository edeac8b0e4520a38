/** What the viewer's pages get to read: plain data, the same from the server as out of a bundle's files. */
import type { TokenScores } from '../../method/scoring/guidance';
import type { ClipSettings } from '../../results/report/inspector/quantities';

/** Where answers come from: a run's training, or one evaluation of it. */
export interface AnswerSource {
  readonly id: number;
  readonly run: number;
  readonly kind: 'training' | 'evaluation';
  /** `training`, or the moment of the evaluation: `before`, `after`. */
  readonly label: string;
  readonly count: number;
  /** Grows when the file was cut, so that what was read of it no longer holds. */
  readonly generation: number;
}

/** One score with its interval, as a share; `group` is `all`, or a stratum or subject. */
export interface ScoreRow {
  readonly moment: string;
  readonly task: string;
  readonly decoding: string;
  readonly score: string;
  readonly by: 'all' | 'stratum' | 'subject';
  readonly group: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Questions. */
  readonly n: number;
  readonly unparsed: number | null;
  readonly truncated: number | null;
}

/** One run folder, or a stage of one. */
export interface ViewedRun {
  readonly id: number;
  readonly name: string;
  /** A stage of another run, which has all settings. */
  readonly stage: boolean;
  /** Where it comes from: model, data, commit, versions, times. */
  readonly facts: readonly (readonly [string, string])[];
  readonly settings: Readonly<Record<string, string>>;
  readonly scores: readonly ScoreRow[];
  readonly warnings: readonly string[];
  /** Rows of metrics.jsonl so far, and how many times the file was cut. */
  readonly steps: number;
  readonly generation: number;
  readonly clip?: ClipSettings;
}

/** Everything but answers and curves. */
export interface Overview {
  /** Whether more may come. */
  readonly live: boolean;
  readonly runs: readonly ViewedRun[];
  readonly sources: readonly AnswerSource[];
}

/** What a metrics.jsonl holds: the steps, and a column for each metric, null where it was not measured. */
export interface MetricColumns {
  readonly step: readonly number[];
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

/** An answer as the list shows it. */
export interface AnswerRow {
  readonly question: string;
  /** Null in evaluations. */
  readonly step: number | null;
  readonly sample: number;
  readonly text: string;
  /** `unknown` where neither a file nor the task's rule says. */
  readonly verdict: 'right' | 'wrong' | 'unknown';
  readonly unparsed: boolean;
  readonly truncated: boolean;
  readonly task: string;
  readonly stratum: string | null;
  readonly subject: string | null;
  readonly decoding: string;
  readonly tokens: number;
  /** Mean divergence of its tokens, nats. */
  readonly divergence: number | null;
  readonly reward: number | null;
  /** Whether both sides' next tokens were kept. */
  readonly details: boolean;
}

/** A criterion of the rubric that belongs to an answer, and what is known of the answer by it. */
export interface MarkedCriterion {
  readonly title: string;
  readonly description: string;
  readonly weight: number;
  readonly importance: string | null;
  readonly polarity: string | null;
  readonly verdict: 'met' | 'not met' | 'not judged';
}

/** Everything of one answer. */
export interface AnswerDetail {
  readonly prompt: string;
  readonly teacherPrompts: readonly string[];
  readonly text: string;
  readonly asked: string | null;
  readonly choices: readonly string[];
  readonly target: string | null;
  readonly extracted: string | null;
  /** Where the rubric comes from; null without one. */
  readonly rubricSource: string | null;
  readonly criteria: readonly MarkedCriterion[];
  readonly scores: TokenScores | null;
  readonly process: number | null;
}

/** How many rows or details one file or request holds. */
export const ROWS = 500;
export const DETAILS = 20;

/** The names of the documents. */
export const documentName = {
  overview: 'overview',
  metrics: (run: number) => `metrics-${run}`,
  rows: (source: number, chunk: number) => `rows-${source}-${chunk}`,
  details: (source: number, chunk: number) => `details-${source}-${chunk}`,
};
