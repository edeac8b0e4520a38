/**
 * `rcsd contexts`: measures what each context is worth to a model before any training, and the smallest effect that
 * this could detect.
 */
import { saying } from '../../../base/records/events';
import { shellWord } from '../../../base/records/printable';
import { resolveTrainConfig } from '../../../method/algorithms/settings';
import { normalQuantile } from '../../../results/evaluation/distributions';
import type { Estimate } from '../../../results/evaluation/intervals';
import { questionsHash } from '../../../results/evaluation/results';
import { clusteredShare, estimate } from '../../../results/evaluation/statistics';
import { percentInterval, signedInterval } from '../../../results/figures/text';
import {
  contextDifference,
  MATRIX_CONTEXTS,
  type MatrixContext,
  type MatrixRow,
  measureContexts,
} from '../../../run/probes/contextMatrix';
import { inputsOf } from '../../../run/session/inputs';
import { openSession } from '../../../run/session/session';
import { writeMeasurement } from '../../../study/speed/measurement';
import { choiceOption, numberOption } from '../shared/arguments';
import type { Command } from '../shared/command';
import { outputFile } from '../shared/outputFile';
import { print } from '../shared/print';
import { type Subset, subsetOverrides, subsetSettings } from '../shared/subsetSettings';
import { textTable } from '../shared/textTable';
import { fingerprintOf, workOff } from '../shared/workOff';

const SUBSET: Subset = {
  command: 'contexts',
};

/**
 * The comparisons: first the content effect, then the effects of any context at all, of an answer, and of a wrong
 * answer.
 */
const PAIRS: readonly (readonly [MatrixContext, MatrixContext])[] = [
  ['reference', 'shuffled'],
  ['reference', 'placebo'],
  ['reference', 'generic'],
  ['shuffled', 'none'],
  ['answer', 'none'],
  ['answer', 'wrong answer'],
];

/** An estimate with its interval, and the smallest true effect that would be found 80 times in 100 at the 5 % level. */
function effect(found: Estimate | undefined, digits: number, scale = 1): [string, string] {
  if (!found) return ['–', '–'];
  const least = scale * (normalQuantile(0.975) + normalQuantile(0.8)) * found.standardError;
  return [signedInterval(found, digits, scale), least.toFixed(digits)];
}

/** The rows as two tables: each context by itself, and the differences between contexts. */
export function contextsText(rows: readonly MatrixRow[]): string {
  const own = (context: MatrixContext) => rows.filter((row) => row.context === context);
  const levels = MATRIX_CONTEXTS.map((context) => {
    const solution = estimate(own(context).map((row) => row.solution));
    const choices = own(context).flatMap(({ correct }) => (correct === undefined ? [] : [[Number(correct)]]));
    const { value, low, high, n } = solution;
    return [
      context,
      `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
      String(n),
      choices.length > 0 ? percentInterval(clusteredShare(choices)) : '–',
      String(choices.length),
    ];
  });
  const differences = PAIRS.map(([context, against]) => {
    const { solution, option } = contextDifference(rows, [context, against]);
    return [`${context} − ${against}`, ...effect(solution, 3), ...effect(option, 1, 100)];
  });
  return [
    textTable(['context', 'solution, nats a token', 'questions', 'right option likeliest', 'with options'], levels),
    '',
    textTable(['difference', 'nats a token', 'detectable', 'points of options', 'detectable'], differences),
    '',
    '95 % intervals over questions, differences paired; detectable: the smallest true effect found 80 times in 100 at 5 %.',
    'The content effect is reference − shuffled, where shuffled is the rubric of another question.\n',
  ].join('\n');
}

export const command: Command = {
  options: [
    { name: 'split', value: 'NAME', help: 'which questions: test (default), train, or all' },
    { name: 'questions', value: 'N', help: 'at most this many of them (default: all)' },
    {
      name: 'output',
      value: 'FILE',
      help: 'also write how it was measured and a row for each question and context; keeps finished contexts when stopped',
    },
  ],
  settings: subsetSettings(SUBSET),
  notes: `Samples no answers and trains nothing: measures log-likelihoods of the reference solution, and of the sentence that names each
option. Train with rubrics only where the interval of the content effect excludes zero. With --output\nthe same command resumes a stopped one.`,
  examples: [
    'rcsd contexts data=microscience --questions 140',
    'rcsd contexts model=smollm2-135m data=data/science-sample --output contexts.jsonl',
  ],
  async run(args, { signal, progress }) {
    const config = resolveTrainConfig({ overrides: subsetOverrides(args, SUBSET) });
    const split = choiceOption(args, 'split', ['test', 'train', 'all']);
    const wanted = numberOption(args, 'questions', Number.MAX_SAFE_INTEGER, { min: 2, whole: true });
    const output = outputFile(args);
    const started = Date.now();
    const session = await openSession(config);
    try {
      const { test, train } = session;
      const questions = { test, train, all: [...test, ...train] }[split].slice(0, wanted);
      const options = { signal, onProgress: progress.onProgress };
      await workOff({
        stage: 'contexts',
        inputs: await inputsOf(config, session, options),
        output: output ?? '-',
        fingerprint: fingerprintOf([config, session.model.weights.precision, questionsHash(questions)]),
        rows: MATRIX_CONTEXTS.length,
        piece: 1,
        each: questions.length,
        of: (first, end) => {
          const contexts = MATRIX_CONTEXTS.slice(first, end);
          return measureContexts(session, config, { questions, contexts, ...options });
        },
        write: (made) => {
          const rows = made as readonly MatrixRow[];
          progress.finish();
          print(contextsText(rows));
          const limit = questions.length === wanted ? [`--questions ${wanted}`] : [];
          const command = ['rcsd contexts', ...args.overrides.map(shellWord), `--split ${split}`, ...limit].join(' ');
          if (output !== undefined)
            writeMeasurement(output, rows, { session, config, command, seconds: (Date.now() - started) / 1000 });
        },
        say: saying(options),
        signal,
      });
    } finally {
      session.dispose();
    }
  },
};
