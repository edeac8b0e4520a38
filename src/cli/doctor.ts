/** `rcsd doctor`: does everything here work together? */
import { resolveTrainConfig } from '../config/resolve';
import { type Diagnosis, diagnose } from '../experiments/doctor';
import { visibleText } from '../figures/text';
import { InputError } from '../records/errors';
import { type ParsedArguments, textOption } from './arguments';
import type { Command } from './command';
import { TRAIN_SETTINGS } from './trainSettings';

/** Characters of a line outside a terminal. */
const WIDTH = 120;

/** Breaks a text into lines of at most `width` characters, at spaces where there are some. */
function wrap(text: string, width: number): string[] {
  const pattern = new RegExp(`.{1,${width}}(?:\\s|$)|.{1,${width}}`, 'g');
  return text.split('\n').flatMap((line) => line.match(pattern)?.map((part) => part.trimEnd()) ?? ['']);
}

/** Two texts in two columns under their titles. */
export function sideBySide(left: readonly [string, string], right: readonly [string, string], width: number): string {
  const column = Math.floor((width - 3) / 2);
  const [a, b] = [left, right].map(([title, text]) => [title, '-'.repeat(column), ...wrap(visibleText(text), column)]);
  const height = Math.max(a?.length ?? 0, b?.length ?? 0);
  const lines = Array.from({ length: height }, (_, i) =>
    `${(a?.[i] ?? '').padEnd(column)} | ${b?.[i] ?? ''}`.trimEnd(),
  );
  return lines.join('\n');
}

function printViews({ views }: Diagnosis): void {
  if (!views) return;
  const width = process.stdout.columns ?? WIDTH;
  process.stdout.write(`\n${sideBySide(['student sees', views.student], ['teacher sees', views.teacher], width)}\n`);
}

/** Prints what the doctor finds. Throws InputError with the reason when something cannot work. */
export async function runDoctor(args: ParsedArguments, { views }: { readonly views: boolean }): Promise<void> {
  const file = textOption(args, 'config', undefined);
  const config = resolveTrainConfig({ overrides: args.overrides, ...(file !== undefined && { file }) });
  const diagnosis = await diagnose(config);
  const width = Math.max(...diagnosis.checks.map(({ name }) => name.length));
  for (const { name, state, detail } of diagnosis.checks) {
    process.stdout.write(`${state.padEnd(7)}  ${name.padEnd(width)}  ${detail}\n`);
  }
  if (views) printViews(diagnosis);
  const failed = diagnosis.checks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return;
  throw new InputError(`This cannot work yet: ${failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`);
}

/** The command. */
export const command: Command = {
  options: [{ name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value go over it' }],
  settings: TRAIN_SETTINGS,
  notes:
    'Checks machine, engine, notebooks, model and data, shows what student and teacher see, and scores one sequence twice.',
  examples: ['rcsd doctor', 'rcsd doctor model=smollm2-135m data=data/science-sample profile=released'],
  run: (args) => runDoctor(args, { views: true }),
};
