/** `rcsd power`: computes how small a difference an evaluation of a given size can detect, before it is run. */
import { type NullReading, nullReadings } from '../../results/evaluation/nullTable';
import {
  binaryVariances,
  detectableDifference,
  detectableSentence,
  differenceError,
  type PowerDesign,
  type PowerPoint,
  powerCurve,
  QUESTION_CORRELATION,
  QUESTION_SHARE,
  questionsNeeded,
  sizeText,
} from '../../results/evaluation/power';
import { percent } from '../../results/figures/text';
import { nullRows } from '../notebook/power';
import { numberOption, type ParsedArguments } from './shared/arguments';
import type { Command } from './shared/command';
import { print } from './shared/print';
import { textTable } from './shared/textTable';

/** All numbers that the command prints. */
interface PowerReport {
  readonly accuracy: number;
  readonly design: PowerDesign;
  readonly alpha: number;
  readonly power: number;
  readonly difference: number;
  readonly standardError: number;
  readonly detectable: number;
  /** Null where no number of questions is enough. */
  readonly questionsNeeded: number | null;
  readonly sentence: string;
  readonly curve: readonly PowerPoint[];
  readonly nullTable?: readonly NullReading[];
}

/** Differences of the power curve, in points. */
const CURVE = [0.5, 1, 2, 3, 5, 7, 10, 15];

const points = (share: number): string => `${(100 * share).toFixed(1)} points`;

function designOf(args: ParsedArguments, accuracy: number): PowerDesign {
  const share = (name: string, fallback: number) => numberOption(args, name, fallback, { min: 0, max: 1 });
  return {
    questions: numberOption(args, 'questions', 198, { min: 1, whole: true }),
    samples: numberOption(args, 'samples', 4, { min: 1, whole: true }),
    ...binaryVariances(accuracy, share('question_share', QUESTION_SHARE)),
    paired: args.options.unpaired !== true,
    correlation: share('correlation', QUESTION_CORRELATION),
    runs: numberOption(args, 'runs', 1, { min: 1, whole: true }),
    runDeviation: numberOption(args, 'run_sd', 0, { min: 0, max: 100 }) / 100,
  };
}

function reportOf(args: ParsedArguments): PowerReport {
  const inside = { min: 0, above: true, max: 0.999 };
  const accuracy = numberOption(args, 'accuracy', 0.62, inside);
  const [alpha, power] = [numberOption(args, 'alpha', 0.05, inside), numberOption(args, 'power', 0.8, inside)];
  const difference = numberOption(args, 'difference', 1, { min: 0, above: true, max: 100 }) / 100;
  const lead = numberOption(args, 'lead', 0.9, { min: 0, max: 100 }) / 100;
  const tables = numberOption(args, 'tables', 10_000, { min: 1, max: 1_000_000, whole: true });
  const seed = numberOption(args, 'seed', 20260617, { min: 0, whole: true });
  const design = designOf(args, accuracy);
  const needed = questionsNeeded(design, difference, { alpha, power });
  return {
    accuracy,
    design,
    alpha,
    power,
    difference,
    standardError: differenceError(design),
    detectable: detectableDifference(design, { alpha, power }),
    questionsNeeded: Number.isFinite(needed) ? needed : null,
    sentence: detectableSentence(design, difference, { alpha, power }),
    curve: powerCurve(design, [...CURVE.map((each) => each / 100)], { alpha }),
    ...(args.options.null_table === true && { nullTable: nullReadings({ lead, tables, seed }) }),
  };
}

function nullText(readings: readonly NullReading[]): string {
  const [{ tables = 0, methods = 0, lead = 0 } = {}] = readings;
  const rows = nullRows(readings);
  return [
    `${tables.toLocaleString('en-US')} tables of ${methods} equal methods on the paper's six benchmarks, at its n and k: how often the best average`,
    `leads by ${points(lead)} or more over the second, over one rival named beforehand, over the worst, by how runs differ`,
    '',
    textTable(Object.keys(rows[0] ?? {}), rows.map(Object.values)),
    '',
    'The paper prints RCSD 0.9 points over the second, and first on five of six. docs/statistics.md says what is assumed.',
  ].join('\n');
}

function powerText(report: PowerReport): string {
  const { accuracy, design, alpha, power, difference, standardError, detectable, sentence } = report;
  const { questions, samples, paired, runs = 1, runDeviation = 0 } = design;
  const runsText = runs > 1 || runDeviation > 0 ? `, ${runs} x runs with s.d. ${points(runDeviation)}` : '';
  const rows = [
    ['standard error of a difference', points(standardError)],
    [`smallest difference found with power ${percent(power)}`, points(detectable)],
    [
      `questions that ${points(difference)} would need`,
      report.questionsNeeded?.toLocaleString('en-US') ?? 'no number is enough',
    ],
  ];
  return [
    `${sizeText(questions, samples)}, accuracy ${percent(accuracy)}, ${paired ? 'paired' : 'unpaired'}${runsText}, alpha ${alpha}`,
    '',
    textTable(['', ''], rows).split('\n').slice(2).join('\n'),
    '',
    textTable(
      ['true difference', 'found'],
      report.curve.map((point) => [points(point.difference), percent(point.power)]),
    ),
    '',
    sentence,
    ...(report.nullTable ? ['', nullText(report.nullTable)] : []),
    '',
  ].join('\n');
}

export const command: Command = {
  options: [
    { name: 'questions', value: 'N', help: 'number of questions of the benchmark (default: 198)' },
    { name: 'samples', value: 'K', help: 'sampled answers to each question (default: 4)' },
    { name: 'accuracy', value: 'P', help: 'expected accuracy, 0..1 (default: 0.62)' },
    { name: 'difference', value: 'POINTS', help: 'difference to detect, in points (default: 1)' },
    { name: 'unpaired', help: 'the two models answer different questions' },
    {
      name: 'question_share',
      value: 'S',
      help: `share of an answer's variance between questions (default: ${QUESTION_SHARE})`,
    },
    {
      name: 'correlation',
      value: 'R',
      help: `correlation of two models' chances over questions (default: ${QUESTION_CORRELATION})`,
    },
    { name: 'runs', value: 'N', help: 'trained runs of each method (default: 1)' },
    { name: 'run_sd', value: 'POINTS', help: 'standard deviation of accuracy between runs, in points (default: 0)' },
    { name: 'alpha', value: 'A', help: 'level of the two-sided test (default: 0.05)' },
    { name: 'power', value: 'P', help: 'probability with which the difference should be found (default: 0.8)' },
    { name: 'null_table', help: "also simulate tables like the paper's in which no method is better" },
    { name: 'lead', value: 'POINTS', help: 'with --null-table: lead to look for, in points (default: 0.9)' },
    { name: 'tables', value: 'N', help: 'with --null-table: number of tables (default: 10000)' },
    { name: 'seed', value: 'N', help: 'with --null-table: seed of the simulation' },
    { name: 'json', help: 'write everything as JSON, with shares between 0 and 1' },
  ],
  notes:
    'Computes what an evaluation can detect before it is run. docs/statistics.md has the formulas and their assumptions.',
  examples: [
    'rcsd power',
    'rcsd power --questions 640 --samples 4 --accuracy 0.7 --runs 3 --run-sd 0.5',
    'rcsd power --null-table',
  ],
  async run(args) {
    const report = reportOf(args);
    print(args.options.json === true ? `${JSON.stringify(report, null, 2)}\n` : powerText(report));
  },
};
