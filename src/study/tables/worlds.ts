/** Tables: what holds over random worlds, what predicts it, and the second model size. */

import { type World, worldFromSeed } from '../../questions/tasks/microscience';
import { percent } from '../../results/figures/text';
import { shareOfWorlds, spearman } from '../analysis';
import { CONTROLS, DISTILLED, METHODS } from '../cells';
import type { StudyRow, StudyRows } from '../row';
import { decoded, LEVEL_HEAD, levelTable, rowsOf, type StudyTable } from './parts';

/** One world with its accuracies by name. */
export interface WorldLine {
  readonly base: string;
  readonly world: World;
  readonly students: Readonly<Record<string, number | undefined>>;
  readonly contexts: Readonly<Record<string, number | undefined>>;
}

const STUDENTS = {
  reference: DISTILLED.reference.label,
  learned: DISTILLED.learned.label,
  placebo: CONTROLS.placebo.label,
  wrong: CONTROLS.wrong.label,
  opsd: DISTILLED.opsd.label,
  grpo: METHODS.grpo.label,
} as const;
const CONTEXTS = ['none', 'reference', 'placebo', 'wrong', 'answer', 'learned'] as const;

/** One line for each world that has rows. */
export function worldLines(open: StudyRows): WorldLine[] {
  const byName = (rows: readonly StudyRow[], base: string) => rows.find((row) => row.base === base)?.accuracy;
  const bases = [...new Set(open.of('worlds-contexts', 'none').map(({ base }) => base))];
  return bases.map((base) => ({
    base,
    world: worldFromSeed(Number(base.split('-')[1])),
    students: Object.fromEntries(
      Object.entries(STUDENTS).map(([name, label]) => [name, byName(open.of('worlds', label), base)]),
    ),
    contexts: Object.fromEntries(CONTEXTS.map((name) => [name, byName(open.of('worlds-contexts', name), base)])),
  }));
}

/** The orderings that are tested: `[higher, lower]` of students; `base` is the untrained model. */
export const ORDERINGS: readonly (readonly [string, string])[] = [
  ['reference', 'placebo'],
  ['placebo', 'base'],
  ['base', 'wrong'],
  ['reference', 'opsd'],
  ['opsd', 'placebo'],
  ['opsd', 'base'],
  ['learned', 'placebo'],
  ['reference', 'learned'],
  ['grpo', 'reference'],
  ['grpo', 'learned'],
];

/** The gap of an ordering in each world that has both. */
export function gapsOf(lines: readonly WorldLine[], [high, low]: readonly [string, string]): number[] {
  const score = ({ students, contexts }: WorldLine, name: string) => (name === 'base' ? contexts.none : students[name]);
  return lines.flatMap((line) => {
    const [a, b] = [score(line, high), score(line, low)];
    return a === undefined || b === undefined ? [] : [a - b];
  });
}

function orderings(lines: readonly WorldLine[]): string[][] {
  return ORDERINGS.flatMap(([high, low]) => {
    const gaps = gapsOf(lines, [high, low]);
    if (gaps.length === 0) return [];
    const { value, low: least, high: most } = shareOfWorlds(gaps.map((gap) => gap > 0));
    const sorted = [...gaps].sort((a, b) => a - b).map((gap) => (100 * gap).toFixed(1));
    return [
      [
        `${high} > ${low}`,
        `${gaps.filter((gap) => gap > 0).length} of ${gaps.length}`,
        `${percent(value)} [${percent(least)}, ${percent(most)}]`,
        `${sorted[0]} to ${sorted.at(-1)}`,
      ],
    ];
  });
}

/** Numbers of a world that might predict an effect. */
export const PREDICTORS: Readonly<Record<string, (line: WorldLine) => number | undefined>> = {
  'content uplift in context (reference − placebo)': ({ contexts }) => minus(contexts.reference, contexts.placebo),
  'uplift in context (reference − none)': ({ contexts }) => minus(contexts.reference, contexts.none),
  'accuracy without context': ({ contexts }) => contexts.none,
  copyAnswer: ({ world }) => world.copyAnswer,
  answerHelp: ({ world }) => world.answerHelp,
  followLaw: ({ world }) => world.followLaw,
  followWrongLaw: ({ world }) => world.followWrongLaw,
  errorScale: ({ world }) => world.errorScale,
  'templates with a held-out law': ({ world }) => world.heldOutLaws.length,
};

/** Effects that might be predicted. */
export const OUTCOMES: Readonly<Record<string, (line: WorldLine) => number | undefined>> = {
  'content effect of students': ({ students }) => minus(students.reference, students.placebo),
  'recovered share, reference': ({ students, contexts }) =>
    over(minus(students.reference, contexts.none), minus(contexts.reference, contexts.none)),
  'OPSD − base': ({ students, contexts }) => minus(students.opsd, contexts.none),
};

const minus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a - b;
const over = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined || b === 0 ? undefined : a / b;

function predictors(lines: readonly WorldLine[]): string[][] {
  return Object.entries(PREDICTORS).map(([name, predictor]) => [
    name,
    ...Object.values(OUTCOMES).map((outcome) => {
      const pairs = lines.flatMap((line) => {
        const [x, y] = [predictor(line), outcome(line)];
        return x === undefined || y === undefined ? [] : [[x, y] as const];
      });
      if (pairs.length < 4) return '–';
      const rho = spearman(
        pairs.map(([x]) => x),
        pairs.map(([, y]) => y),
      );
      return Number.isNaN(rho) ? '–' : rho.toFixed(2);
    }),
  ]);
}

/** The worlds one by one, orderings over them, predictors, and the smaller model. */
export function worldTables(open: StudyRows): StudyTable[] {
  const lines = worldLines(open);
  const rows = [...rowsOf(open, 'worlds-contexts'), ...rowsOf(open, 'worlds')];
  const cells = (record: Readonly<Record<string, number | undefined>>, names: readonly string[]) =>
    names.map((name) => percent(record[name]));
  return [
    {
      name: 'worlds',
      title: decoded('Ten random worlds: accuracy of the untrained base by context, and of the students', rows),
      head: [
        'world',
        ...CONTEXTS,
        ...Object.keys(STUDENTS).map((name) => `student: ${name}`),
        'copyAnswer',
        'held-out laws',
      ],
      rows: lines.map((line) => [
        line.base,
        ...cells(line.contexts, CONTEXTS),
        ...cells(line.students, Object.keys(STUDENTS)),
        line.world.copyAnswer.toFixed(2),
        String(line.world.heldOutLaws.length),
      ]),
    },
    {
      name: 'orderings',
      title: decoded('In how many worlds does an ordering of students hold?', rows),
      head: ['ordering', 'worlds', 'share', 'range of the gap in points'],
      rows: orderings(lines),
    },
    {
      name: 'predictors',
      title: decoded("Spearman's rank correlation over worlds", rows),
      head: ['predictor', ...Object.keys(OUTCOMES)],
      rows: lines.length > 0 ? predictors(lines) : [],
    },
    {
      name: 'size',
      title: decoded('A base of about half the size', rowsOf(open, 'size')),
      head: LEVEL_HEAD,
      rows: levelTable(open, 'size'),
    },
  ];
}
