/**
 * The content of a report as plain data, so that a report can be made again from a run folder and checked by a test.
 */

import type { Decoding } from '../../base/records/decoding';
import type { Question } from '../../base/records/question';
import type { StageData } from '../../base/records/rows';
import type { Rubric } from '../../base/records/rubric';
import type { TokenScores } from '../../method/scoring/guidance';
import type { CurvePanel, RunCurves } from '../figures/curves';
import type { FamilyScore } from '../figures/families';
import type { Figure, ValueWithInterval } from '../figures/figure';
import type { ClipSettings } from './inspector/quantities';

/** One line of the summary; shares are 0 to 1, intervals as the evaluation computed them. */
export interface MethodSummary {
  readonly method: string;
  /** How the answers were drawn; absent where an earlier version did not record it. */
  readonly decoding?: Decoding;
  readonly accuracy: ValueWithInterval;
  /** Share of the weighted process criteria met, if the task verifies them. */
  readonly process?: ValueWithInterval;
  /** Share of the teacher's gap recovered. */
  readonly recovered?: ValueWithInterval;
  /** Number of questions, and of samples for each. */
  readonly questions: number;
  readonly samples: number;
  /** Answers in which no final answer was found; they count as wrong. */
  readonly unparsed: number;
  /** Answers that reached the length limit. */
  readonly truncated: number;
}

/** The accuracy of one method under one decoding, over all questions and by `metadata.stratum`. */
export interface StrataSummary {
  readonly method: string;
  readonly decoding?: Decoding;
  readonly all: ValueWithInterval;
  readonly strata: Readonly<Record<string, ValueWithInterval>>;
}

/** What a method of the run does, in words. */
export interface MethodDescription {
  readonly method: string;
  /** What its teacher sees; a dash without one. */
  readonly teacher: string;
  /** Where the rubrics come from that its teacher sees. */
  readonly rubrics: string;
  readonly completions: string;
  readonly loss: string;
  readonly source: string;
}

/** What the run took. */
export interface RunCost {
  /** By part; a part is training or an evaluation. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The largest memory of its process, bytes; absent where it was not recorded. */
  readonly peakMemory?: number;
}

/** Counts of the rubrics that were generated between the stages. */
export interface RubricCounts {
  readonly asked: number;
  readonly valid: number;
  readonly retried: number;
  readonly dropped: number;
}

/** A rubric with its question. */
export interface ReportRubric {
  readonly rubric: Rubric;
  readonly question?: Question;
}

/** An answer with the teacher's scores; `question` is shown above it. */
export interface ReportGuidance {
  readonly guidance: TokenScores;
  readonly question: string;
  readonly caption?: string;
}

/** Everything in a report; parts that are left out are not shown. */
export interface ReportData {
  readonly title: string;
  /** One or two sentences about what was run. */
  readonly lead?: string;
  readonly about?: readonly MethodDescription[];
  /** What each stage learned from. */
  readonly data?: readonly StageData[];
  readonly cost?: RunCost;
  readonly methods: readonly MethodSummary[];
  /** Where questions have strata. */
  readonly strata?: readonly StrataSummary[];
  /** How the intervals were made, e.g. "95 % bootstrap over questions". */
  readonly intervals: string;
  readonly families?: readonly FamilyScore[];
  readonly curves?: readonly RunCurves[];
  readonly curvePanels?: readonly CurvePanel[];
  readonly figures?: readonly { readonly figure: Figure; readonly caption: string }[];
  readonly rubrics?: readonly ReportRubric[];
  /** By which rule the rubrics and the answers that are shown were chosen. */
  readonly rubricRule?: string;
  readonly guidanceRule?: string;
  readonly rubricCounts?: RubricCounts;
  readonly guidance?: readonly ReportGuidance[];
  /** How the loss behind `guidance` was cut. */
  readonly clip?: ClipSettings;
  readonly warnings?: readonly string[];
  /** The frozen settings; nested objects are shown with dotted names. */
  readonly settings: object;
  /** Versions, processor, commit, times: everything that says where the numbers come from. */
  readonly provenance?: Readonly<Record<string, string | number>>;
  /** The command that makes this run again. */
  readonly reproduce: string;
}
