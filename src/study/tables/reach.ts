/** The tables of the study of reach (docs/study.md, "Reach"). */
import { wilson } from '../../results/evaluation/intervals';
import { percent } from '../../results/figures/text';
import { average } from '../analysis';
import { expectedOf, LEVEL_NAMES, type Reach, reachBases, reachOf, stepsToHalf } from '../reach/measured';
import { type Judged, judge, PREDICTIONS } from '../reach/predictions';
import { pulls, TEACHER, THEORY } from '../reach/theory';
import { type StudyRows, underDecoding } from '../row';
import { labelsOf, number, type StudyTable, sizeOf } from './parts';

/** What a base must have to count. */
export const REACH_GATE = {
  /** Largest factor between measured and designed p0, above and below it; from p0 = .01 on, where it is drawn often. */
  factor: 3,
  factorFrequent: 1.5,
  /** Largest p0 of the rules that are never used untold. */
  never: 0.001,
  /** Least share of answers that state the rule they are told, at every level, greedily and sampled. */
  told: 0.8,
  /** Least share of boxes that follow the stated rule. */
  boxed: 0.95,
} as const;

/** Whether measured p0 is near enough to the designed one. */
export function nearDesigned(level: string, p0: number): boolean {
  const designed = Number(level);
  if (designed === 0) return p0 < REACH_GATE.never;
  const factor = designed < 0.01 ? REACH_GATE.factor : REACH_GATE.factorFrequent;
  return p0 > designed / factor && p0 < designed * factor;
}

const p0Text = (p0: number | undefined): string => (p0 === undefined ? '–' : number(p0));

function gateTable(open: StudyRows): StudyTable {
  const rows = reachBases(open).map((base) => {
    const reach = reachOf(open, (name) => name === base);
    const untold = LEVEL_NAMES.map((level) => reach.untrained('none', level));
    const told = underDecoding(reach.contexts('reference'), 'greedy');
    const least = (of: (level: string) => number | undefined): number =>
      Math.min(...LEVEL_NAMES.map((level) => of(level) ?? Number.NaN));
    const greedy = least((level) => average(told, ({ strata }) => strata?.[level]?.rule));
    const sampled = least((level) => reach.told('reference', level));
    const boxed = average(reach.contexts('none'), ({ consistent }) => consistent);
    const sound =
      LEVEL_NAMES.every((level, i) => nearDesigned(level, untold[i] ?? Number.NaN)) &&
      Math.min(greedy, sampled) >= REACH_GATE.told &&
      (boxed ?? 0) >= REACH_GATE.boxed;
    const shown = (share: number) => percent(Number.isFinite(share) ? share : undefined);
    return [base, ...untold.map(p0Text), shown(greedy), shown(sampled), percent(boxed), sound ? 'passed' : 'failed'];
  });
  return {
    name: 'reach-gate',
    title:
      'The gate of each base: p0 by designed level, and the least share over levels of answers that state the rule they are told',
    head: ['base', ...LEVEL_NAMES.map((level) => `p0 ${level}`), 'told, greedy', 'told, T=1', 'box follows', 'gate'],
    rows,
  };
}

const COLUMNS = [...LEVEL_NAMES, 'absent'];

/** One line for each cell of an experiment, one column for each level. */
function levelsTable(
  open: StudyRows,
  facts: Pick<StudyTable, 'name' | 'title'> & {
    readonly experiments: readonly string[];
    /** The text of a cell. */
    readonly cell: (reach: Reach, label: string, level: string) => string;
  },
): StudyTable {
  const { experiments, cell, ...named } = facts;
  const bases = reachBases(open);
  const reach = reachOf(open, (base) => bases.includes(base));
  return {
    ...named,
    head: ['student', ...COLUMNS, 'runs on bases'],
    rows: experiments.flatMap(labelsOf).flatMap((label) => {
      const own = reach.rows(label);
      const cells = COLUMNS.map((level) => cell(reach, label, level));
      return cells.some((text) => text !== '–') ? [[label, ...cells, sizeOf(own)]] : [];
    }),
  };
}

const P0 = [0.25, 0.1, 0.01, 0.001] as const;

/** What theory says without any run. */
function pullsTable(): StudyTable {
  return {
    name: 'reach-pulls',
    title: `Pull on the right rule’s logit, by the student’s probability of the rule, under a teacher of ${TEACHER}`,
    head: ['loss', ...P0.map(String)],
    rows: Object.entries(THEORY).map(([label, loss]) => [label, ...pulls(loss, P0).map((pull) => number(pull))]),
  };
}

/** Measured probabilities beside those of gradient descent on two logits, its length fitted to forward KL alone. */
function theoryTable(open: StudyRows): StudyTable {
  const bases = reachBases(open);
  const reach = reachOf(open, (base) => bases.includes(base));
  const expected = expectedOf(reach);
  const rows = Object.entries(THEORY).flatMap(([label, loss]) =>
    expected && reach.rows(label).length > 0
      ? [
          [label, 'measured', ...LEVEL_NAMES.map((level) => p0Text(reach.final(label, level)))],
          [label, 'theory', ...expected.under(loss).map(p0Text)],
        ]
      : [],
  );
  return {
    name: 'reach-theory',
    title: `Probability of the right rule after 40 steps, by teacher forcing, beside gradient descent on two logits of the length ${p0Text(expected?.travel)} that fits forward KL best`,
    head: ['loss', '', ...LEVEL_NAMES],
    rows,
  };
}

const numbersText = ({ numbers }: Judged): string =>
  Object.entries(numbers)
    .map(([name, value]) => `${name}: ${name === 'drills' ? number(value) : percent(value)}`)
    .join('; ');

/** In how many of the bases that measured it a prediction holds. */
function basesText(judged: readonly Judged[]): string {
  const made = judged.filter(({ verdict }) => verdict !== 'not measured');
  if (made.length === 0) return '';
  const held = made.filter(({ verdict }) => verdict === 'held').length;
  const { low, high } = wilson(held / made.length, made.length);
  return `${held} of ${made.length} [${percent(low)}, ${percent(high)}]`;
}

/** The predictions, which are there before any row, with their verdicts. */
function predictionsTable(open: StudyRows): StudyTable {
  const bases = reachBases(open);
  const all = reachOf(open, (base) => bases.includes(base));
  const each = bases.map((name) => reachOf(open, (base) => base === name));
  return {
    name: 'reach-predictions',
    title:
      "The predictions, what refutes each, and what came out; in how many bases each holds, with Wilson's interval",
    head: ['', 'prediction', 'refuted by', 'verdict', 'measured', 'bases'],
    rows: PREDICTIONS.map((prediction) => {
      const { id, claim, refutedBy } = prediction;
      const judged = judge(prediction, all);
      return [
        id,
        claim,
        refutedBy,
        judged.verdict,
        numbersText(judged),
        basesText(each.map((reach) => judge(prediction, reach))),
      ];
    }),
  };
}

/** The tables of reach; those of theory and predictions need no rows. */
export const reachTables = (open: StudyRows): StudyTable[] => {
  const greedy = 'Greedy answers that state the right rule, by designed p0';
  const share = (measure: 'greedy' | 'sampled' | 'final') => (reach: Reach, label: string, level: string) =>
    percent(reach[measure](label, level));
  return [
    predictionsTable(open),
    pullsTable(),
    gateTable(open),
    levelsTable(open, {
      name: 'reach-greedy',
      title: greedy,
      experiments: ['reach', 'reach-alone'],
      cell: share('greedy'),
    }),
    levelsTable(open, {
      name: 'reach-final',
      title: 'Probability of the right rule at the end of training, by teacher forcing, by designed p0',
      experiments: ['reach', 'reach-alone'],
      cell: share('final'),
    }),
    levelsTable(open, {
      name: 'reach-steps',
      title: 'Steps until the right rule has a probability of one half, by teacher forcing, by designed p0',
      experiments: ['reach', 'reach-alone'],
      cell: (reach, label, level) => {
        const steps = stepsToHalf(reach, label, level);
        if (steps === undefined) return '–';
        return Number.isFinite(steps) ? steps.toFixed(1) : '> 40';
      },
    }),
    theoryTable(open),
    levelsTable(open, { name: 'reach-dose', title: greedy, experiments: ['reach-dose'], cell: share('greedy') }),
    levelsTable(open, {
      name: 'reach-dose-t1',
      title: 'Answers at T=1, top_p 1, that state the right rule, by designed p0',
      experiments: ['reach-dose'],
      cell: share('sampled'),
    }),
  ];
};
