/**
 * The tables of docs/study.md, computed from the rows; `rcsd study --tables` prints them. Tables without rows are left
 * out.
 */
import { samplingText } from '../../base/records/decoding';
import { compactNumber, percent, percentInterval } from '../../results/figures/text';
import {
  average,
  type CellComparison,
  compareFamily,
  difference,
  gates,
  level,
  passAt,
  passDifference,
  recovery,
} from '../analysis';
import { type Cell, CONTROLS, DISTILLED, METHODS, TRIAL_RATES } from '../cells';
import { chosenRate } from '../plan';
import { decodingOfRow, type StudyRow, type StudyRows, underDecoding } from '../row';
import { clipTables, paperTables } from './paper';
import {
  chance,
  decoded,
  drawnAt,
  experimentOf,
  LEVEL_HEAD,
  labelsOf,
  levelTable,
  number,
  openRows,
  points,
  rowsOf,
  type StudyTable,
  sizeOf,
} from './parts';
import { reachTables } from './reach';
import { strataTables } from './strata';
import { worldTables } from './worlds';

function verdict({ estimate, adjusted, detectable }: CellComparison): string {
  const { value, low, high } = estimate;
  if (low <= 0 && high >= 0) return `not separated (detectable: ${(100 * detectable).toFixed(1)})`;
  return `${value > 0 ? 'higher' : 'lower'}${adjusted < 0.05 ? '' : ', not after the correction'}`;
}

const COMPARISON_HEAD = [
  'comparison',
  'difference in points',
  'p',
  "p after Holm's correction",
  'detectable alone / at the first threshold',
  'outcome',
];

const comparisonRows = (found: readonly CellComparison[]): string[][] =>
  found.map((each) => [
    each.name,
    points(each.estimate),
    chance(each.p),
    chance(each.adjusted),
    `${(100 * each.detectable).toFixed(1)} / ${(100 * each.detectableFirst).toFixed(1)}`,
    verdict(each),
  ]);

/** The comparisons of the ladder; `[a, b]` means a minus b. */
export const LADDER: readonly (readonly [Cell, Cell])[] = [
  ...[CONTROLS.filler, CONTROLS.generic, CONTROLS.placebo, CONTROLS.wrong, DISTILLED.opsd, CONTROLS.penalty].map(
    (cell) => [cell, CONTROLS.none] as const,
  ),
  ...[CONTROLS.sameFamily, CONTROLS.lawOnly, CONTROLS.stepOnly].map((cell) => [cell, CONTROLS.placebo] as const),
  [DISTILLED.reference, CONTROLS.sameFamily],
  ...[DISTILLED.learned, CONTROLS.full, CONTROLS.allLaws, DISTILLED.released].map(
    (cell) => [cell, DISTILLED.reference] as const,
  ),
];
/** The cells that RCSD with learned rubrics is compared with. */
export const RIVALS: readonly Cell[] = [...Object.values(METHODS), DISTILLED.opsd, CONTROLS.placebo];

/** Two cells of an experiment as a comparison. */
export const pair = (open: StudyRows, experiment: string, [a, b]: readonly [Cell, Cell]) => ({
  name: `${a.label} − ${b.label}`,
  a: open.of(experiment, a.label),
  b: open.of(experiment, b.label),
});

/** The primary comparison. */
export const contentEffect = (open: StudyRows) =>
  difference(open.of('content', DISTILLED.reference.label), open.of('content', CONTROLS.placebo.label));

function contextTables(open: StudyRows): StudyTable[] {
  const labels = labelsOf('contexts');
  const rows = rowsOf(open, 'contexts');
  return [
    {
      name: 'gate',
      title: decoded('Does each base read rubrics? Accuracy under four contexts, before training', rows),
      head: ['base', 'none', 'wrong law', 'placebo', 'reference', 'reference − placebo', 'gate'],
      rows: gates(rows).map(({ base, none, wrong, placebo, reference, passes }) => [
        base,
        ...[none, wrong, placebo, reference, reference - placebo].map(percent),
        passes ? 'passed' : 'failed',
      ]),
    },
    {
      name: 'contexts',
      title: decoded('Scores of the untrained bases under each context', rows),
      head: ['context', 'accuracy', 'process', 'faithful', 'bases'],
      rows: labels.flatMap((label) => {
        const own = open.of('contexts', label);
        if (own.length === 0) return [];
        const process = percent(average(own, (row) => row.process));
        return [
          [label, percentInterval(level(own)), process, percent(average(own, (row) => row.faithful)), `${own.length}`],
        ];
      }),
    },
  ];
}

function contentTables(open: StudyRows): StudyTable[] {
  const effect = contentEffect(open);
  const rows = rowsOf(open, 'content');
  return [
    {
      name: 'content',
      title: decoded('Students by what their teacher saw, all at the rate 3e-4', rows),
      head: LEVEL_HEAD,
      rows: levelTable(open, 'content'),
    },
    {
      name: 'content-effect',
      title: decoded('The content effect, and the ladder of contents', rows),
      head: COMPARISON_HEAD,
      rows: [
        ...(effect
          ? comparisonRows(compareFamily([{ ...pair(open, 'content', [DISTILLED.reference, CONTROLS.placebo]) }]))
          : []),
        ...comparisonRows(compareFamily(LADDER.map((each) => pair(open, 'content', each)))),
      ],
    },
    {
      name: 'recovery',
      title: decoded("Share of the teacher's gap that its student recovered", [...rows, ...rowsOf(open, 'contexts')]),
      ...recoveryTable(open),
    },
  ];
}

/** Scores of the experiment `decoding`, and reference less placebo and less filler, under each of its decodings. */
function decodingTable(open: StudyRows): StudyTable {
  const columns = [
    ['greedy', 'greedy', 'correct'],
    ['t0.5', 'avg', 'correct'],
    ['t0.5', 'maj', 'majority'],
    ['t1', 'avg', 'correct'],
    ['t1', 'maj', 'majority'],
  ] as const;
  const all = rowsOf(open, 'decoding');
  const headOf = ([name, score]: (typeof columns)[number]): string => {
    const [row] = underDecoding(all, name);
    if (!row || score === 'greedy') return 'greedy';
    const decoding = decodingOfRow(row);
    return `${score}@${decoding.samples}, ${samplingText(decoding)}`;
  };
  const rowsAt = (label: string, name: string) => underDecoding(open.of('decoding', label), name);
  const less = ({ label: a }: Cell, { label: b }: Cell): string[] => [
    `${a} − ${b}, points`,
    ...columns.map(([name, , measure]) => {
      const found = difference(rowsAt(a, name), rowsAt(b, name), measure);
      return found ? points(found) : '–';
    }),
    sizeOf(open.of('decoding', a)),
  ];
  const levels = labelsOf('decoding').flatMap((label) => {
    const rows = open.of('decoding', label);
    const cells = columns.map(([name, , measure]) => percentInterval(level(rowsAt(label, name), measure)));
    return rows.length > 0 ? [[label, ...cells, sizeOf(rows)]] : [];
  });
  const contrasts = [CONTROLS.placebo, CONTROLS.filler].map((control) => less(DISTILLED.reference, control));
  return {
    name: 'decoding',
    title: 'Students of the content experiment by how they are decoded',
    head: ['student', ...columns.map(headOf), 'runs on bases'],
    rows: levels.length > 0 ? [...levels, ...contrasts] : [],
  };
}

/** The context that each student's teacher had. */
export const TAUGHT_BY: readonly (readonly [Cell, string])[] = [
  [DISTILLED.reference, 'reference'],
  [DISTILLED.learned, 'learned'],
  [CONTROLS.full, 'full'],
  [CONTROLS.lawOnly, 'law-only'],
  [CONTROLS.stepOnly, 'step-only'],
  [CONTROLS.sameFamily, 'same-family'],
  [CONTROLS.placebo, 'placebo'],
  [CONTROLS.allLaws, 'all-laws'],
  [DISTILLED.opsd, 'answer'],
  [DISTILLED.released, 'answer + reference'],
];

function recoveryTable(open: StudyRows): Pick<StudyTable, 'head' | 'rows'> {
  const bases = open.of('contexts', 'none');
  const rows = TAUGHT_BY.flatMap(([cell, context]) => {
    const teachers = open.of('contexts', context);
    const { perBase, mean: pooled } = recovery({ students: open.of('content', cell.label), teachers, bases });
    if (perBase.length === 0) return [];
    const each = perBase.map(({ share }) => percent(share)).join(', ');
    return [[cell.label, percentInterval(level(teachers)), percentInterval(pooled), each]];
  });
  return { head: ['student', 'its teacher', 'recovered', 'base by base'], rows };
}

function ratesTable(open: StudyRows): StudyTable {
  const experiment = experimentOf('main');
  const rows = experiment.cells.map((cell) => {
    const own = open.of('rates', cell.label);
    const chosen = chosenRate(cell, TRIAL_RATES, open.all);
    const tried = TRIAL_RATES.map((rate) =>
      percent(own.find(({ settings }) => settings.includes(`stage2.learning_rate=${rate}`))?.accuracy),
    );
    return [cell.label, ...tried, chosen === undefined ? '–' : String(chosen)];
  });
  return {
    name: 'rates',
    title: decoded(
      'Trials of the learning rate on the development split, base 0, seed 1, 210 questions',
      rowsOf(open, 'rates'),
    ),
    head: ['method', ...TRIAL_RATES.map(String), 'chosen'],
    rows,
  };
}

const giga = (flops: number | undefined): string =>
  flops === undefined ? '–' : compactNumber(Math.round(flops / 1e9));

function mainTables(open: StudyRows): StudyTable[] {
  const labels = labelsOf('main');
  const all = rowsOf(open, 'main');
  const base = open.of('contexts', 'none');
  const learned = open.of('main', DISTILLED.learned.label);
  return [
    ratesTable(open),
    {
      name: 'main',
      title: decoded('The methods, each at its chosen rate', all),
      head: LEVEL_HEAD,
      rows: levelTable(open, 'main', labels),
    },
    {
      name: 'main-comparisons',
      title: decoded('RCSD with learned rubrics minus each other method', all),
      head: COMPARISON_HEAD,
      rows: comparisonRows(
        compareFamily(RIVALS.map(({ label }) => ({ name: `− ${label}`, a: learned, b: open.of('main', label) }))),
      ),
    },
    {
      name: 'budgets',
      title: decoded('Cost of each method in training', all),
      head: [
        'method',
        'accuracy',
        'GFLOP in total',
        'of which stage I and rubrics',
        'questions',
        'annotation tokens',
        'tokens drawn',
      ],
      rows: labels.flatMap((label) => {
        const rows = open.of('main', label);
        if (rows.length === 0) return [];
        const of = (part: (row: StudyRow) => number | undefined) => average(rows, part);
        return [
          [
            label,
            percent(of((row) => row.accuracy)),
            giga(of((row) => row.budget?.flops.total)),
            giga(of((row) => row.budget && row.budget.flops.stage1 + row.budget.flops.writing)),
            number(of((row) => row.budget?.questions)),
            number(of((row) => row.budget?.annotation_tokens)),
            number(of((row) => row.budget?.sampled_tokens)),
          ],
        ];
      }),
    },
    {
      name: 'pass',
      title: `pass@k on 56 questions x 64 answers, and pass@64 minus the base’s in points (${drawnAt(all)})`,
      head: [
        'method',
        ...['right', 'faithful', 'verified'].flatMap((name) => [`${name}: @1`, '@8', '@64', '@64 − base']),
      ],
      rows: [
        ['base', ...passCells(base, [])],
        ...labels.flatMap((label) => {
          const rows = open.of('main', label);
          return rows.length > 0 ? [[label, ...passCells(rows, base)]] : [];
        }),
      ],
    },
  ];
}

function passCells(rows: readonly StudyRow[], base: readonly StudyRow[]): string[] {
  return (['correct', 'faithful', 'verified'] as const).flatMap((measure) => {
    const less = passDifference(rows, base, { k: 64, measure });
    return [...[1, 8, 64].map((k) => percent(passAt(rows, k, measure)?.value)), less ? points(less) : '–'];
  });
}

function writersTable(open: StudyRows): StudyTable {
  const rows = open.of('writers', 'stage I');
  const line = (name: string, of: 'written' | 'untrained'): string[] => {
    const share = (part: Exclude<keyof NonNullable<StudyRow['written']>, 'law_by_stratum'>) =>
      average(rows, (row) => row[of]?.[part]);
    const shares = (['valid', 'law', 'wrong_law', 'step', 'pitfall', 'generic', 'duplicates'] as const).map((part) =>
      percent(share(part)),
    );
    return [name, ...shares, number(share('criteria')), sizeOf(rows)];
  };
  return {
    name: 'writers',
    title: 'Rubrics for held-out questions before and after stage I',
    head: [
      'writer',
      'valid',
      'right law',
      'wrong law',
      'right step',
      'pitfall',
      'foreign or generic item',
      'duplicates',
      'criteria',
      'runs on bases',
    ],
    rows: rows.length > 0 ? [line('untrained', 'untrained'), line('after stage I', 'written')] : [],
  };
}

/** Every table that has rows, in the order of the report. */
export function studyTables(all: ReadonlyMap<string, StudyRow>): StudyTable[] {
  const open = openRows(all);
  return [
    ...contextTables(open),
    writersTable(open),
    ...contentTables(open),
    decodingTable(open),
    ...mainTables(open),
    ...clipTables(open),
    ...paperTables(open),
    ...worldTables(open),
    ...strataTables(open),
    ...reachTables(open),
  ].filter(({ rows }) => rows.length > 0);
}
