/** `rcsd quickstart`: runs the whole method on the embedded model and ends with a table, figures and a report. */
import { join } from 'node:path';
import { decodingsText } from '../../base/records/decoding';
import { InterruptedError } from '../../base/records/errors';
import { duration } from '../../base/records/progress';
import { percent, percentInterval } from '../../results/figures/text';
import type { MethodComparison } from '../../run/experiments/comparison';
import { quickstart } from '../../run/experiments/quickstart';
import { type ParsedArguments, textOption } from './shared/arguments';
import type { Command, CommandContext } from './shared/command';
import { print } from './shared/print';
import { textTable } from './shared/textTable';
import { settingsOfEmbedded } from './shared/trainSettings';

/** The comparison as text: accuracy by stratum of each method under each decoding, then the rubrics and the time. */
export function comparisonText({ methods, strata = [], rubricCounts, seconds }: MethodComparison): string {
  const total = Object.values(seconds).reduce((a, b) => a + b, 0);
  const lines = [strata.length > 0 ? strataTable(strata) : methodTable(methods)];
  if (rubricCounts) {
    const { valid, asked } = rubricCounts;
    lines.push('', `valid rubrics: ${valid} of ${asked} (${percent(valid / asked)})`);
  }
  const how = decodingsText([...strata, ...methods].map(({ decoding }) => decoding));
  return `${lines.join('\n')}\ndecoding: ${how}; intervals: 95 % over questions; time: ${duration(total)}\n`;
}

function methodTable(methods: MethodComparison['methods']): string {
  const head = ['method', 'accuracy', 'process score', "teacher's gap recovered"];
  const rows = methods.map(({ method, accuracy, process: steps, recovered }) => [
    method,
    ...[accuracy, steps, recovered].map(percentInterval),
  ]);
  return textTable(head, rows);
}

function strataTable(strata: NonNullable<MethodComparison['strata']>): string {
  const names = Object.keys(strata[0]?.strata ?? {});
  const rows = strata.map(({ method, decoding, all, strata: own }) => [
    method,
    decoding?.temperature === 0 ? 'greedy' : `T=${decoding?.temperature}`,
    percentInterval(all),
    ...names.map((name) => percent(own[name]?.value)),
  ]);
  return textTable(['accuracy', 'decoding', 'all questions', ...names], rows);
}

/** Runs the quickstart that the arguments describe and prints its results; also used by `rcsd start`. */
export async function runQuickstart(args: ParsedArguments, { signal, progress }: CommandContext): Promise<void> {
  const runs = textOption(args, 'runs', 'runs');
  const name = textOption(args, 'name', 'quickstart');
  const { overrides, options } = args;
  const place = [...(runs === 'runs' ? [] : [`--runs ${runs}`]), ...(name === 'quickstart' ? [] : [`--name ${name}`])];
  const again = ['npx rcsd quickstart', ...place, ...overrides].join(' ');
  try {
    const outcome = await quickstart({
      runs,
      name,
      overrides,
      fresh: options.fresh === true,
      command: again,
      signal,
      onProgress: progress.onProgress,
    });
    progress.finish();
    print(`\n${comparisonText(outcome.comparison)}report: ${outcome.report}\n`);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(`Stopped on request; what is in ${join(runs, name)} is kept; resume with: ${again}`);
  }
}

export const command: Command = {
  options: [
    { name: 'runs', value: 'FOLDER', help: 'folder in which the run folder is made (default: runs)' },
    { name: 'name', value: 'NAME', help: 'name of the run folder (default: quickstart)' },
    { name: 'fresh', help: 'delete what an earlier quickstart of this name left' },
  ],
  settings: settingsOfEmbedded(['name', 'runs']),
  notes: `Runs stage I, rubrics and stage II on the embedded model, OPSD for comparison, and evaluates the teachers too: some minutes on
two cores. Running the command again resumes where it stopped.`,
  examples: [
    'rcsd quickstart',
    'rcsd quickstart --fresh seed=7',
    'rcsd quickstart name=short steps=4 evaluation.questions=48',
  ],
  run: runQuickstart,
};
