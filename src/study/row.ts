/** The result of one finished run, a line of data/results/study/runs.jsonl. */
import { join } from 'node:path';
import { type Decoding, decodingName } from '../base/records/decoding';
import { appendLines, cutLines, type LineWriter, readLines } from '../base/records/lines';
import { projectRoot } from '../engine/files/models';
import type { RunKind } from './experiments';

/** Floating-point operations by purpose; a multiplication and an addition count as two. */
export interface Flops {
  readonly rollout: number;
  readonly teacher: number;
  readonly update: number;
  /** Stage I: its rollouts, teacher and updates. */
  readonly stage1: number;
  /** Writing rubrics for the questions that the answering stage saw. */
  readonly writing: number;
  /** Reading by a judge; 0 where a rule judges. */
  readonly judge: number;
  readonly total: number;
}

/** What a run cost. */
export interface Budget {
  readonly flops: Flops;
  /** Number of different questions seen in training, over both stages. */
  readonly questions: number;
  /** Tokens of solutions, answers and reference rubrics of those questions that the method reads. */
  readonly annotation_tokens: number;
  /** Tokens that the model wrote in training: completions and rubrics. */
  readonly sampled_tokens: number;
}

/** For pass@k: how many of the `samples` answers to each question were right. */
export interface PassCounts {
  readonly samples: number;
  readonly correct: readonly number[];
  /** Right by the law and the key step. */
  readonly faithful: readonly number[];
  /** Right, and every process criterion met. */
  readonly verified: readonly number[];
  /** With the right rule and not the common wrong one; absent in rows of schema_version 1. */
  readonly rule?: readonly number[];
}

/** Training curves at some of the steps. */
export interface Curves {
  readonly step: readonly number[];
  readonly [metric: string]: readonly (number | null)[];
}

/** How good a writer's rubrics for the held-out questions are; shares. */
export interface WrittenQuality {
  readonly valid: number;
  readonly law: number;
  readonly wrong_law: number;
  readonly step: number;
  readonly pitfall: number;
  readonly generic: number;
  readonly duplicates: number;
  readonly criteria: number;
  /** Shares of valid rubrics that name the right law, by stratum; absent where questions have none. */
  readonly law_by_stratum?: Readonly<Record<string, number>>;
}

/** The scores on the questions of one stratum; shares. */
export interface StratumScores {
  readonly questions: number;
  readonly accuracy: number;
  readonly faithful: number;
  readonly verified: number;
  /** Answers that state the right rule and not the common wrong one. */
  readonly rule: number;
}

/** The scores of one evaluation under one decoding; shares, except lengths in tokens. */
export interface Scores {
  /** How the answers were drawn. Rows of schema_version 1 do not say it (`decodingOfRow`). */
  readonly decoding?: Decoding;
  readonly questions: number;
  readonly samples: number;
  readonly accuracy: number;
  readonly process: number;
  readonly faithful: number;
  readonly verified: number;
  /** Answers that state the right rule and not the common wrong one; rows of schema_version 1 do not have it. */
  readonly rule?: number;
  /** Answers that state the common wrong rule and not the right one. */
  readonly mistaken?: number;
  /** Answers whose box follows the rule that they state. */
  readonly consistent?: number;
  readonly transfer?: number;
  readonly length: number;
  readonly unparsed: number;
  readonly truncated: number;
  /**
   * Number of right answers to each question, as one digit each (from 10 on a letter, to base 36), in the order of the
   * questions; the same for faithful and verified ones. With several samples, `majority` is maj@k of each question.
   */
  readonly per_question: {
    readonly correct: string;
    readonly faithful: string;
    readonly verified: string;
    readonly rule?: string;
    readonly majority?: readonly number[];
  };
  /** By `metadata.stratum`, where questions have one. */
  readonly strata?: Readonly<Record<string, StratumScores>>;
}

/** Identifies a run. */
export interface RunName {
  /** Everything that determines its numbers, in words; runs with equal keys are the same run. */
  readonly key: string;
  readonly kind: RunKind;
  readonly experiment: string;
  readonly cell: string;
  readonly group: string;
  readonly base: string;
  readonly seed: number;
  /** Settings `name=value` in addition to COMMON and the seed. */
  readonly settings: readonly string[];
}

export interface StudyRow extends RunName, Partial<Scores> {
  /** 2 since rows name their decoding and have others beside it. */
  readonly schema_version: 1 | 2;
  /** SHA-256 of the base's model.safetensors. */
  readonly base_sha256: string;
  /** Name of the base's world; a number for a world that is named by one. */
  readonly world: string | number;
  readonly commit: string | null;
  readonly cpu: string;
  readonly threads: number;
  readonly seconds: number;
  /** The scores under further decodings; the row's own are those of `decoding`. */
  readonly decodings?: readonly Scores[];
  readonly pass?: PassCounts;
  /** The probability of the right rule of each template, by teacher forcing; p0 for an untrained base. */
  readonly true_rule?: Readonly<Record<string, number>>;
  readonly curves?: Curves;
  /** The same by stratum while the run was trained, from step 0 on; of its last training where there were two. */
  readonly trace?: Curves;
  readonly budget?: Budget;
  /** Mean log-probability of a token of drills, in nats. */
  readonly drills?: number;
  /** Quality of the model's rubrics for held-out questions; for a writer also of the untrained model's. */
  readonly written?: WrittenQuality;
  readonly untrained?: WrittenQuality;
}

/** The rows of the study, found by experiment and label. */
export interface StudyRows {
  readonly all: ReadonlyMap<string, StudyRow>;
  /** The rows of a cell of an experiment. Where the learning rate does not matter, any cell with that label. */
  of(experiment: string, label: string): readonly StudyRow[];
}

/** How the answers of a row's own scores were drawn; rows that do not say it were all sampled in this way. */
export const decodingOfRow = ({ decoding, samples = 2 }: StudyRow): Decoding =>
  decoding ?? { temperature: 1, top_p: 0.95, samples };

/** The rows with the scores of another decoding in the place of their own; rows without it are left out. */
export function underDecoding(rows: readonly StudyRow[], name: string): StudyRow[] {
  return rows.flatMap((row) => {
    if (decodingName(decodingOfRow(row)) === name) return [row];
    const other = row.decodings?.find(({ decoding }) => decoding && decodingName(decoding) === name);
    return other ? [{ ...row, ...other }] : [];
  });
}

/** Folder of the committed rows. */
export const RESULTS = join(projectRoot, 'data', 'results', 'study');

/** The file of a folder's rows. */
export const rowsFile = (folder: string): string => join(folder, 'runs.jsonl');

/** The rows of a folder by key. Of rows with equal keys, the last counts; an incomplete last line is ignored. */
export function readRows(folder: string = RESULTS): Map<string, StudyRow> {
  return new Map(readLines<StudyRow>(rowsFile(folder)).rows.map((row) => [row.key, row]));
}

/** Opens the rows for appending, after removing an incomplete last line that a killed process left. */
export function appendRows(folder: string = RESULTS): LineWriter {
  cutLines<StudyRow>(rowsFile(folder), () => true);
  return appendLines(rowsFile(folder));
}
