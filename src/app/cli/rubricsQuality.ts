/** `rcsd rubrics quality`: measures rubrics of one or several sources, side by side. */

import type { TrainConfig } from '../../base/config/configs';
import { decodingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import { writeFileAtomic } from '../../engine/files/jsonl';
import { resolveTrainConfig } from '../../method/algorithms/settings';
import { CRITERIA_RANGE, PIECE } from '../../method/rubrics/quality';
import { type LoadedTask, loadTask } from '../../questions/load';
import { limitQuestions } from '../../results/evaluation/evaluate';
import type { Estimate } from '../../results/evaluation/intervals';
import { counted } from '../../results/evaluation/power';
import { percent, percentInterval, visibleText } from '../../results/figures/text';
import { measureRubrics, type RubricQualityReport, type SourceQuality } from '../../run/probes/rubricQuality';
import { openSession, type Session } from '../../run/session/session';
import { takeRubrics } from '../../run/session/shown';
import { choiceOption, numberOption, type ParsedArguments, textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { outputFile } from './shared/outputFile';
import { print } from './shared/print';
import { NOTHING_KEPT, sayingWhatIsKept } from './shared/stopped';
import { type Subset, subsetOverrides, subsetSettings } from './shared/subsetSettings';

const SUBSET: Subset = {
  command: 'rubrics quality',
  group: 'evaluation',
};

const signed = (text: string): string => (/^[-–]/.test(text) ? text : `+${text}`);
const number = ({ value, low, high }: Estimate, digits: number): string =>
  Number.isFinite(value) ? `${value.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]` : '–';

type Row = readonly [string, (source: SourceQuality) => string | undefined];

/** The measures in order; a measure that no source has is left out. */
function measures({ piece }: RubricQualityReport): Row[] {
  const [least, most] = CRITERIA_RANGE;
  return [
    ['valid rubrics', ({ counts: { valid, questions } }) => `${valid} of ${questions} (${percent(valid / questions)})`],
    ['criteria', ({ text }) => number(text.criteria, 1)],
    [`${least} to ${most} criteria`, ({ text }) => percent(text.inRange.value)],
    ['category prefix', ({ text }) => percent(text.prefixed.value)],
    ["weights as the paper's prompt asks", ({ text }) => percent(text.conventionalWeights.value)],
    ['weights in -10..10', ({ text }) => percent(text.weightsInRange.value)],
    ['word for word repeats', ({ text }) => percent(text.repeats.value)],
    ['near duplicates', ({ text }) => percent(text.duplicates.value)],
    ['words a criterion', ({ text }) => number(text.wordsPerCriterion, 1)],
    [`leakage of ${piece}-grams`, ({ text }) => percentInterval(text.leakage)],
    ['words in an n-gram', ({ text }) => number(text.pieceWords, 1)],
    ['accuracy with rubric', ({ uplift }) => uplift && percentInterval(uplift.accuracy)],
    ['uplift: accuracy', ({ uplift }) => uplift && signed(percentInterval(uplift.gain))],
    ['uplift: log p(y*), nats', ({ uplift }) => uplift && signed(number(uplift.logprob, 2))],
    ['unparsed, truncated', ({ uplift }) => uplift && `${uplift.unparsed}, ${uplift.truncated}`],
    ['AUC, right against wrong', ({ discrimination }) => discrimination && number(discrimination.auc, 3)],
    ['  questions with both', ({ discrimination }) => discrimination && String(discrimination.auc.n)],
    ['  checkable criteria', ({ discrimination: d }) => d && percent(d.checkable / d.criteria)],
    ['TV to the reference teacher', ({ variation }) => variation && number(variation.perToken, 4)],
    ['  cross-entropy difference', ({ variation }) => variation && number(variation.difference, 2)],
    ['  bound, sum of 2 B TV', ({ variation }) => variation && number(variation.bound, 1)],
    ['  mean B, nats', ({ variation }) => variation && number(variation.surprise, 1)],
  ];
}

/**
 * The report as text: one column for each source, then why texts were not valid rubrics and what could not be measured.
 */
export function qualityText(report: RubricQualityReport): string {
  const { sources, base, task, model, split, questions, seed } = report;
  const rows = measures(report)
    .map(([name, of]) => [name, ...sources.map((source) => of(source) ?? '–')])
    .filter(([, ...cells]) => cells.some((cell) => cell !== '–'));
  const table = [['', ...sources.map(({ source }) => visibleText(source, 40))], ...rows];
  const widths = table[0]?.map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const notes = sources.flatMap(({ source, counts, notes: own }) => [
    ...Object.entries(counts.reasons).map(([reason, count]) => `${source}: ${count} x ${reason}`),
    ...own.map((note) => `${source}: ${note}`),
  ]);
  const without = base
    ? `; without a rubric ${percentInterval(base.accuracy)} right (${decodingText(base.decoding)}), ${base.unparsed} unparsed, ${base.truncated} truncated`
    : '';
  const head = `${task}, ${split}: ${counted(questions, 'question')}${base ? `, model ${model}` : ''}${without}`;
  const foot = `intervals: 95 % over questions; seeds: data ${seed.data}, sampling ${seed.sampling}`;
  return `${[head, '', ...lines, '', ...notes.map((note) => visibleText(note, 300)), foot].join('\n')}\n`;
}

function sourcesOf(args: ParsedArguments, config: TrainConfig): string[] {
  const sources = textOption(args, 'sources', config.rubric_source).split(',');
  if (sources.every((source) => source !== '') && new Set(sources).size === sources.length) return sources;
  throw new InputError('--sources must be different rubric sources, separated by single commas.');
}

/**
 * Takes the rubrics of every source that no model writes, to see before any answer is drawn that they are there. Throws InputError
 * for a file that cannot be read or has no rubric for the questions, and for a source that the data cannot serve.
 */
export function requireSources(
  opened: LoadedTask | Session,
  { config, sources, split }: { config: TrainConfig; sources: readonly string[]; split: 'train' | 'test' },
): void {
  const questions = limitQuestions(opened[split], config.evaluation);
  for (const source of sources.filter((each) => each !== 'generated')) {
    const taken = takeRubrics(opened, config, { questions, source });
    if (questions.length === 0 || taken.counts.valid > 0) continue;
    const reasons = Object.entries(taken.counts.reasons).map(([reason, count]) => `${count} x ${reason}`);
    throw new InputError(
      `--sources: ${source} has no valid rubric for the ${split} questions of ${opened.task.name} (${reasons.join(', ')}); check the file, or --split.`,
    );
  }
}

/** The command. */
export const command: Command = {
  options: [
    { name: 'sources', value: 'LIST', help: 'rubric sources, separated by commas (default: rubric_source)' },
    { name: 'split', value: 'NAME', help: 'which questions: test (default) or train' },
    {
      name: 'ngram',
      value: 'N',
      help: `length in words of the pieces of the answer that are searched for as leakage (default: ${PIECE})`,
    },
    { name: 'text_only', help: 'measure only what needs no model: form, duplicates, leakage' },
    { name: 'output', value: 'FILE', help: 'also write everything as JSON to this file' },
  ],
  settings: subsetSettings(SUBSET),
  notes: `Sources are the values of rubric_source. file:PATH reads rows {question_id | id, criteria | rubric | text} (rubrics.jsonl, a
cache, or raw text); generated lets the model write the rubrics. docs/rubric-quality.md says what each measure means, and what
it does not.`,
  examples: [
    'rcsd rubrics quality --sources reference,generic,wrong evaluation.questions=140',
    'rcsd rubrics quality --sources file:runs/NAME/rubrics.jsonl,reference --split train --output quality.json',
    'rcsd rubrics quality model=smollm2-135m data=data/science-sample --sources reference,generic questions=6 max_tokens=96',
  ],
  async run(args, { signal, progress }) {
    const config = resolveTrainConfig({ overrides: subsetOverrides(args, SUBSET) });
    const sources = sourcesOf(args, config);
    const split = choiceOption(args, 'split', ['test', 'train']);
    const piece = numberOption(args, 'ngram', PIECE, { min: 1, whole: true });
    const output = outputFile(args);
    const { onProgress } = progress;
    const opened = args.options.text_only === true ? loadTask(config.data) : await openSession(config);
    requireSources(opened, { config, sources, split });
    const report = await sayingWhatIsKept(NOTHING_KEPT, () =>
      measureRubrics(opened, { config, sources, split, piece, signal, onProgress }),
    );
    progress.finish();
    print(qualityText(report));
    if (output !== undefined) writeFileAtomic(output, `${JSON.stringify(report, null, 2)}\n`);
    if ('dispose' in opened) opened.dispose();
  },
};
