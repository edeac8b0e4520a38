/** Compares how several modes grade the same responses: accuracy, pairwise disagreement, and where they disagree. */

import type { Grade } from '../../base/records/question';
import { MODE_NAMES, type ModeName } from '../../questions/grading/modes/mode';
import { wilson } from './intervals';

/** One response under each mode; null where a mode does not know such questions. */
export interface Graded {
  readonly id: unknown;
  readonly grades: Readonly<Partial<Record<ModeName, Grade | null>>>;
}

/** One mode over all responses: share correct with Wilson's 95 % interval, and how often it found no answer. */
export interface ModeScore {
  readonly mode: ModeName;
  readonly n: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly unparsed: number;
}

/** Two modes over the responses that both know, and on how many they disagree about correctness. */
export interface ModePair {
  readonly a: ModeName;
  readonly b: ModeName;
  readonly n: number;
  readonly differ: number;
}

/** `disputed` are the ids of responses that some modes call correct and others incorrect. */
export interface GradingReport {
  readonly modes: readonly ModeScore[];
  readonly pairs: readonly ModePair[];
  readonly disputed: readonly unknown[];
}

/** Compares the modes. Intervals treat responses as independent. */
export function gradingReport(graded: readonly Graded[]): GradingReport {
  const under = (mode: ModeName): Grade[] => graded.flatMap(({ grades }) => grades[mode] ?? []);
  const modes = MODE_NAMES.map((mode) => {
    const grades = under(mode);
    const accuracy = grades.filter(({ correct }) => correct).length / grades.length;
    const unparsed = grades.filter(({ extracted }) => extracted === null).length;
    return { mode, n: grades.length, accuracy, ...wilson(accuracy, grades.length), unparsed };
  });
  const pairs = MODE_NAMES.flatMap((a, i) =>
    MODE_NAMES.slice(i + 1).map((b) => {
      const both = graded.flatMap(({ grades }) =>
        grades[a] && grades[b] ? [[grades[a].correct, grades[b].correct]] : [],
      );
      return { a, b, n: both.length, differ: both.filter(([x, y]) => x !== y).length };
    }),
  ).filter(({ n }) => n > 0);
  const disputed = graded.filter(({ grades }) => {
    const verdicts = new Set(Object.values(grades).flatMap((grade) => (grade ? [grade.correct] : [])));
    return verdicts.size > 1;
  });
  return { modes, pairs, disputed: disputed.map(({ id }) => id) };
}
