/** What the page asks of its workers, and what they answer. Everything here can be copied from one to the other. */
import type { DivergenceSettings } from '../../base/config/parts';
import type { ProgressEvent } from '../../base/records/events';
import type { Criterion } from '../../base/records/rubric';
import type { PlainDivergence, PlainLogits } from '../../method/losses/plain';
import type { TokenScores } from '../../method/scoring/guidance';

/** A question of the embedded suite as the page lists it. */
export interface ListedQuestion {
  readonly id: string;
  readonly text: string;
  readonly stratum: string;
}

/** A question as it is asked, with the criteria that the teacher sees; its text may have been changed. */
export interface Asked {
  readonly id: string;
  readonly text: string;
  readonly criteria: readonly Criterion[];
}

/** How both sides draw their answers; equal numbers draw equal answers. */
export interface Drawing {
  readonly temperature: number;
  readonly sample: number;
}

/** One side's answer; `right` is null where the question was changed, so that nobody knows the answer. */
export interface SidesAnswer {
  readonly text: string;
  readonly tokens: readonly number[];
  readonly right: boolean | null;
}

export interface Answers {
  readonly reference: string | null;
  readonly student: SidesAnswer;
  readonly teacher: SidesAnswer;
}

export const DECODINGS = ['greedy', 'sampled'] as const;

/** The share of right answers on the `n` questions of a stratum, or of `all`, with its 95 % interval. */
export interface StratumScore {
  readonly stratum: string;
  readonly decoding: (typeof DECODINGS)[number];
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** What a training tells while it goes on. */
export type Told =
  | { readonly kind: 'progress'; readonly event: ProgressEvent; readonly seconds: number }
  | { readonly kind: 'scores'; readonly step: number; readonly scores: readonly StratumScore[] };

export const ARMS = ['rcsd', 'placebo'] as const;
/** The two trainings: under the question's own rubric, or under one of another question. */
export type Arm = (typeof ARMS)[number];

export interface Training {
  readonly arm: Arm;
  readonly steps: number;
  /** Steps between two measurements, and questions of each. */
  readonly every: number;
  readonly questions: number;
}

/** How a training ended: after how many steps, and whether that was before its time. */
export interface Trained {
  readonly steps: number;
  readonly stopped: boolean;
}

/** The calls that a worker answers, by their names. */
export interface Lab {
  questions(): readonly ListedQuestion[];
  rubric(id: string, source: string): readonly Criterion[];
  answer(asked: Asked, drawing: Drawing): Promise<Answers>;
  /** What the teacher thinks of an answer, token by token. */
  guidance(asked: Asked, tokens: readonly number[], loss: DivergenceSettings): TokenScores;
  /** The loss of a few tokens whose logits are given. */
  divergence(logits: PlainLogits, loss: DivergenceSettings): PlainDivergence;
  train(training: Training): Promise<Trained>;
  stop(): void;
  /** The run folder that the training wrote, or the model in it, as a zip archive. */
  download(what: 'run' | 'model'): Uint8Array;
}

/** Files by name. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** What goes to a worker, and comes back from it. */
export interface Call {
  readonly id: number;
  readonly name: keyof Lab | 'open';
  readonly args: readonly unknown[];
}
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly problem: string }
  | { readonly told: Told };
