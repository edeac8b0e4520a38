/** Groups questions by subject, by difficulty, by stratum and by length. Groups show where two runs differ, not why. */

import type { Question } from '../../base/records/question';
import type { SampleDoc, SampleRow } from '../../base/records/rows';
import { type LikelihoodRule, USUAL_RULE } from './loglikelihood';

/** One question of an evaluation as its files record it. */
export interface ScoredQuestion {
  readonly doc: SampleDoc;
  /** The question as asked, and its answer; two runs can be paired on questions with equal keys. */
  readonly key: string;
  /** One score for each sample; samples that a judge left unscored are missing. */
  readonly scores: readonly number[];
  readonly unparsed: number;
  readonly truncated: number;
  readonly unscored: number;
  /** Samples that a server failed to give; no other number counts them. */
  readonly failed: number;
  /** Tokens of all samples together, and the number of samples. */
  readonly tokens: number;
  readonly samples: number;
}

const count = (values: readonly unknown[], value: unknown): number => values.filter((each) => each === value).length;

/**
 * Turns a line of samples_TASK.jsonl into a scored question. `rule` selects the rule for choices taken by
 * log-likelihood.
 */
export function scoredQuestion(row: SampleRow, rule: LikelihoodRule = USUAL_RULE): ScoredQuestion {
  const graded = row.loglikelihoods ? [row[rule] ?? 0] : row.correct.map(Number);
  const scores = row.scores?.filter((score) => score !== null) ?? graded;
  return {
    doc: row.doc,
    key: JSON.stringify([row.doc.id, row.doc.question, row.doc.choices, row.target]),
    scores: scores as number[],
    unparsed: count(row.filtered_resps, null),
    truncated: count(row.truncated, true),
    unscored: count(row.scores ?? [], null),
    failed: row.failed ?? 0,
    tokens: row.tokens.reduce((sum, own) => sum + own, 0),
    samples: row.resps.length,
  };
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() || undefined : undefined;

/** Subject, difficulty and stratum from a question's metadata, under any of the names that data sets use. */
export function groupsOf({ metadata = {} }: Question): Pick<SampleDoc, 'subject' | 'difficulty' | 'stratum'> {
  const first = (...names: readonly string[]) => names.map((name) => text(metadata[name])).find(Boolean);
  const subject = first('subject', 'domain', 'category', 'discipline', 'topic', 'family');
  const difficulty = first('difficulty', 'level');
  const stratum = first('stratum');
  return {
    ...(subject !== undefined && { subject }),
    ...(difficulty !== undefined && { difficulty }),
    ...(stratum !== undefined && { stratum }),
  };
}

/** Number of characters of the question and its choices. */
const lengthOf = ({ question, choices = [] }: SampleDoc): number =>
  choices.reduce((sum, choice) => sum + choice.length, question.length);

/** Names for the thirds of the questions by length, with their limits in characters. */
function thirds(docs: readonly SampleDoc[]): (doc: SampleDoc) => string {
  const lengths = docs.map(lengthOf).sort((a, b) => a - b);
  const [short = 0, medium = 0] = [1, 2].map((part) => lengths[Math.floor((part * lengths.length) / 3)]);
  return (doc) => {
    const length = lengthOf(doc);
    if (length < short) return `under ${short} characters`;
    return length < medium ? `${short} to ${medium - 1}` : `${medium} or more`;
  };
}

/** The properties by which questions are grouped. */
export const GROUPINGS = ['subject', 'difficulty', 'stratum', 'length'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** One group of questions, given by their ids. */
export interface Group {
  readonly by: Grouping;
  readonly name: string;
  readonly ids: ReadonlySet<string>;
}

/**
 * The groups of some questions. A grouping that puts all questions into one group is left out. Length means thirds of
 * the questions as asked.
 */
export function questionGroups(docs: readonly SampleDoc[]): Group[] {
  const third = thirds(docs);
  const names: Readonly<Record<Grouping, (doc: SampleDoc) => string | undefined>> = {
    subject: ({ subject }) => subject,
    difficulty: ({ difficulty }) => difficulty,
    stratum: ({ stratum }) => stratum,
    length: third,
  };
  return GROUPINGS.flatMap((by) => {
    const ids = new Map<string, Set<string>>();
    const sorted = by === 'length' ? [...docs].sort((a, b) => lengthOf(a) - lengthOf(b)) : docs;
    for (const doc of sorted) {
      const name = names[by](doc);
      if (name !== undefined) ids.set(name, (ids.get(name) ?? new Set()).add(doc.id));
    }
    const groups = [...ids].map(([name, own]) => ({ by, name, ids: own }));
    if (groups.length < 2) return [];
    return by === 'length' ? groups : groups.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  });
}
