/**
 * `rcsd compare`: shows evaluations side by side, with paired differences to the first one and with published scores.
 */
import { join } from 'node:path';
import { requireWritable, writeFileAtomic } from '../../base/records/atomic';
import { samplingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import { csv } from '../../engine/files/csv';
import { type Comparison, compareEvaluations, type EvaluationComparison } from '../../results/evaluation/compare';
import { readMeasured } from '../../results/evaluation/compareRead';
import { LIKELIHOOD_MODE, LIKELIHOOD_RULES, USUAL_RULE } from '../../results/evaluation/loglikelihood';
import { comparisonFigure } from '../../results/figures/comparison';
import { figureToSvg } from '../../results/figures/svg/render';
import { percent, percentInterval, visibleText } from '../../results/figures/text';
import { choiceOption, textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { print } from './shared/print';
import { textTable } from './shared/textTable';

const COUNTS = ['unparsed', 'truncated', 'unscored', 'failed'] as const;
const HEAD = ['score', 'p', 'Holm', 'questions x samples', ...COUNTS, 'mean length'] as const;

const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** A difference as `+3.1 points [-0.2, 6.4]`. */
function points({ difference }: EvaluationComparison): string {
  if (!difference) return '';
  const text = percentInterval(difference).replace(' %', ' points');
  return difference.value >= 0 ? `+${text}` : text;
}

function rowCells(row: EvaluationComparison): string[] {
  const { score, difference, samples, meanLength } = row;
  return [
    percentInterval(score),
    points(row),
    difference ? probability(difference.p) : '',
    difference ? probability(difference.adjusted) : '',
    `${score.n} x ${samples}`,
    ...COUNTS.map((name) => String(row[name])),
    meanLength.toFixed(1),
  ];
}

/** One table: the rows of a benchmark under one grouping. */
function tableOf(rows: readonly EvaluationComparison[], first: string): string {
  const [{ by } = { by: 'all' }] = rows;
  const [score, ...others] = HEAD;
  const head = [...(by === 'all' ? ['run'] : [`by ${by}`, 'run']), score, `less ${first}`, ...others];
  const cells = rows.map((row, i) => {
    const isNew = rows[i - 1]?.group !== row.group;
    const group = by === 'all' ? [] : [isNew ? visibleText(row.group, 30) : ''];
    return [...group, visibleText(row.run, 40), ...rowCells(row)];
  });
  return textTable(head, cells);
}

/** How the questions of a benchmark were asked and answered; the number of samples stands in each row. */
const howText = (row: EvaluationComparison | undefined): string =>
  row && isScored(row) ? `mode ${row.mode}` : `mode ${row?.mode}, ${samplingText(row?.decoding)}`;

/** By log-likelihood nothing is decoded. */
const isScored = ({ mode }: EvaluationComparison): boolean => mode.startsWith(LIKELIHOOD_MODE);

/** Runs whose shares of cut-off answers are this far apart, or further, are not compared on equal terms. */
const UNEQUAL = 0.01;

/**
 * What a reader must know first where the runs of a benchmark were cut off unequally: a cut-off answer counts as wrong, so that a
 * difference of scores may be one of lengths.
 */
function cutOffText({ rows }: Comparison): string[] {
  const whole = rows.filter((row) => row.by === 'all' && !isScored(row));
  const share = ({ truncated, score, samples }: EvaluationComparison): number => truncated / (score.n * samples);
  return [...new Set(whole.map(({ benchmark }) => benchmark))].flatMap((benchmark) => {
    const own = whole.filter((row) => row.benchmark === benchmark);
    const shares = own.map(share);
    if (Math.max(...shares) - Math.min(...shares) < UNEQUAL) return [];
    const said = own.map((row) => `${visibleText(row.run, 40)} ${percent(share(row))}`).join(', ');
    return `${benchmark}: the answers are cut off unequally (${said}), and a cut-off answer counts as wrong; raise max_tokens before reading the difference.`;
  });
}

/** The comparison as text: for each benchmark the scores with published ones, then its groups. */
function comparisonText(comparison: Comparison): string {
  const { rows, published } = comparison;
  const benchmarks = [...new Set(rows.map(({ benchmark }) => benchmark))];
  const parts = benchmarks.flatMap((benchmark) => {
    const own = rows.filter((row) => row.benchmark === benchmark);
    const first = visibleText(own[0]?.run ?? '', 40);
    const groupings = [...new Set(own.map(({ by }) => by))];
    const known = published.filter((score) => score.benchmark === benchmark);
    const scores = known.map(({ method, score }) => `${method} ${percent(score)}`).join(', ');
    return [
      `${benchmark}, ${howText(own[0])}`,
      tableOf(
        own.filter(({ by }) => by === 'all'),
        first,
      ),
      ...(known.length > 0 ? [`${known[0]?.label}: ${scores}`] : []),
      ...groupings
        .filter((by) => by !== 'all')
        .map((by) =>
          tableOf(
            own.filter((row) => row.by === by),
            first,
          ),
        ),
    ];
  });
  const tests = [...new Set(rows.flatMap(({ difference }) => difference?.test ?? []))];
  const how =
    tests.length > 0
      ? [
          `differences are paired by question, with 95 % intervals; p: two-sided ${tests.join(' and ')} test; Holm: p corrected for
multiple comparisons, over all whole benchmarks compared here and, separately, over all groups`,
        ]
      : [];
  return `${[...cutOffText(comparison), ...parts, ...how].join('\n\n')}\n`;
}

/** Flat rows for other programs. */
const tidy = ({ rows, published }: Comparison): object[] => [
  ...rows.map(({ score, difference, meanLength, decoding, ...row }) => ({
    ...row,
    decoding: decoding && samplingText(decoding),
    mean_length: meanLength,
    questions: score.n,
    score: score.value,
    stderr: score.standardError,
    low: score.low,
    high: score.high,
    difference: difference?.value,
    difference_low: difference?.low,
    difference_high: difference?.high,
    p: difference?.p,
    p_holm: difference?.adjusted,
    test: difference?.test,
    source: 'measured',
  })),
  ...published.map(({ benchmark, method, score, label }) => ({
    ...{ benchmark, by: 'all', group: 'all', run: method, score, source: label },
  })),
];

function figureOf({ rows, published }: Comparison): string {
  const whole = rows.filter(({ by }) => by === 'all');
  const panels = [...new Set(whole.map(({ benchmark }) => benchmark))].map((benchmark) => ({
    benchmark,
    how: howText(whole.find((row) => row.benchmark === benchmark)),
    scores: whole.filter((row) => row.benchmark === benchmark),
    published: published.filter((score) => score.benchmark === benchmark),
  }));
  return figureToSvg(comparisonFigure(panels, published[0]?.label ?? ''));
}

const WRITERS: Readonly<Record<string, (comparison: Comparison) => string>> = {
  json: (comparison) => `${JSON.stringify(comparison, null, 2)}\n`,
  csv: (comparison) => csv(tidy(comparison)),
  svg: figureOf,
};

/** The files to write for `--output`: one file if the name has a known ending, otherwise all formats in a folder. */
function outputFiles(output: string): { readonly path: string; readonly format: string }[] {
  const ending = /\.(\w+)$/.exec(output)?.[1] ?? '';
  if (Object.hasOwn(WRITERS, ending)) return [{ path: output, format: ending }];
  requireWritable(output);
  return Object.keys(WRITERS).map((format) => ({ path: join(output, `comparison.${format}`), format }));
}

export const command: Command = {
  positionals: 'RUN ...',
  options: [
    {
      name: 'rule',
      value: 'RULE',
      help: `for evaluations by log-likelihood: ${LIKELIHOOD_RULES.join(', ')} (default: ${USUAL_RULE})`,
    },
    {
      name: 'decoding',
      value: 'NAME',
      help: 'for evaluations with --ladder: which of its decodings, greedy, t0.5 or t1',
    },
    {
      name: 'output',
      value: 'PLACE',
      help: 'FILE.json, FILE.csv or FILE.svg; any other name is a folder that gets all three',
    },
  ],
  notes: `RUN is a run folder (its evaluation after training, or before if there is no other), an evaluation's folder, or a
results.json. Differences are to the first RUN that has the benchmark. Evaluations with other questions, another mode or
another decoding are refused. See docs/evaluation.md.`,
  examples: [
    'rcsd compare runs/eval/base runs/opsd runs/rcsd',
    'rcsd compare runs/rcsd/eval/before runs/rcsd --output runs/rcsd/comparison',
    'rcsd compare runs/eval/base-ladder runs/eval/rcsd-ladder --decoding greedy',
  ],
  async run(args) {
    if (args.positionals.length === 0)
      throw new InputError(
        'rcsd compare takes run or evaluation folders, for example: rcsd compare runs/eval/base runs/rcsd',
      );
    const output = textOption(args, 'output', undefined);
    const rule = args.options.rule === undefined ? USUAL_RULE : choiceOption(args, 'rule', LIKELIHOOD_RULES);
    const decoding = textOption(args, 'decoding', undefined);
    const choice = { rule, ...(decoding !== undefined && { decoding }) };
    const comparison = compareEvaluations(readMeasured(args.positionals, choice));
    const files = output === undefined ? [] : outputFiles(output);
    print(comparisonText(comparison));
    for (const { path, format } of files)
      writeFileAtomic(path, (WRITERS[format] as (c: Comparison) => string)(comparison));
    if (files.length > 0) print(`written: ${files.map(({ path }) => path).join(', ')}\n`);
  },
};
