/** `rcsd doctor`: checks that machine, engine, notebooks, model and data work together. */

import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import { resolveTrainConfig } from '../../method/algorithms/settings';
import { type Diagnosis, diagnose } from '../../run/probes/doctor';
import type { UpliftPlan } from '../../run/probes/uplift';
import { numberOption, type ParsedArguments, textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { print } from './shared/print';
import { sideBySide } from './shared/sideBySide';
import { settingsOfTraining } from './shared/trainSettings';
import { runUplift } from './uplift';

/** Line width where the output is not a terminal. */
const WIDTH = 120;

function printViews({ views }: Diagnosis): void {
  if (!views) return;
  const width = process.stdout.columns ?? WIDTH;
  print(`\n${sideBySide(['student sees', views.student], ['teacher sees', views.teacher], width)}\n`);
}

/** The settings that the arguments describe; a file can be given to --config or to --train. */
function configOf(args: ParsedArguments): TrainConfig {
  const { train } = args.options;
  const file = typeof train === 'string' ? train : textOption(args, 'config', undefined);
  return resolveTrainConfig({ overrides: args.overrides, ...(file !== undefined && { file }) });
}

/** Runs the checks and prints their results. Throws InputError with the reasons when something cannot work. */
export async function runDoctor(args: ParsedArguments, { views }: { readonly views: boolean }): Promise<void> {
  const config = configOf(args);
  const diagnosis = await diagnose(config);
  const width = Math.max(...diagnosis.checks.map(({ name }) => name.length));
  for (const { name, state, detail } of diagnosis.checks) {
    print(`${state.padEnd(7)}  ${name.padEnd(width)}  ${detail}\n`);
  }
  if (views) printViews(diagnosis);
  const failed = diagnosis.checks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return;
  throw new InputError(
    `This set-up cannot work yet: ${failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`,
  );
}

/** The size of the measurement. By default small: seconds for the embedded model, minutes for a real one. */
function planOf(args: ParsedArguments): UpliftPlan {
  return {
    questions: numberOption(args, 'questions', 16, { min: 2, whole: true }),
    samples: numberOption(args, 'samples', 2, { min: 0, whole: true }),
    maxTokens: numberOption(args, 'answer_tokens', 128, { min: 1, whole: true }),
  };
}

export const command: Command = {
  options: [
    { name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value overrides them' },
    {
      name: 'train',
      value: 'FILE',
      optional: true,
      help: 'also measure the teacher of this run: what its context is worth compared with none and with a placebo',
    },
    { name: 'questions', value: 'N', help: 'with --train: number of questions to measure on (default: 16)' },
    {
      name: 'samples',
      value: 'K',
      help: 'with --train: answers to each question (default: 2); 0 measures log-likelihoods only, which is much faster',
    },
    { name: 'answer_tokens', value: 'N', help: 'with --train: longest answer in tokens (default: 128)' },
    { name: 'force', help: 'with --train: accept a teacher that would be refused' },
  ],
  settings: settingsOfTraining('doctor'),
  notes: `Checks machine, engine, notebooks, model and data, shows the prompts of student and teacher side by side (| both, < student
only, > teacher only), and scores one sequence twice. With --train it refuses a teacher whose context is not better than a
placebo.`,
  examples: [
    'rcsd doctor',
    'rcsd doctor model=smollm2-135m data=data/science-sample profile=released',
    'rcsd doctor --train run.yaml --questions 32',
    'rcsd doctor --train data=microscience rubric_source=generic',
  ],
  async run(args, context) {
    await runDoctor(args, { views: true });
    if (args.options.train)
      await runUplift(configOf(args), { plan: planOf(args), force: args.options.force === true }, context);
  },
};
