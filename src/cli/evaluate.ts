/** `rcsd evaluate`: accuracy of a model on held-out questions, as a student or with privileged text in its prompt. */
import { join } from 'node:path';
import { privileged } from '../algorithms/algorithm';
import { resolveTrainConfig } from '../config/resolve';
import type { TrainConfig } from '../config/train';
import { type Evaluation, evaluate, limitQuestions } from '../evaluation/evaluate';
import { toResults, toSampleRows } from '../evaluation/results';
import type { Estimate } from '../evaluation/statistics';
import { sourceWithoutWriter, takeRubrics } from '../experiments/rubrics';
import { openSession, type Session } from '../experiments/session';
import { percentInterval } from '../figures/text';
import type { OperationOptions } from '../records/events';
import { gitCommit, writeEvaluationFiles } from '../records/runWriter';
import { choiceOption, type ParsedArguments, textOption } from './arguments';
import type { Command } from './command';
import { type Subset, subsetOverrides, subsetSettings } from './subsetSettings';

const SUBSET: Subset = {
  command: 'evaluate',
  names: ['profile', 'model', 'adapter', 'data', 'rubric_source', 'seed.data', 'seed.sampling'],
  group: 'evaluation',
};

const CONTEXTS = ['none', 'answer', 'rubric', 'answer+rubric'] as const;
type Context = (typeof CONTEXTS)[number];

async function evaluateSession(
  session: Session,
  config: TrainConfig,
  { context, ...options }: OperationOptions & { readonly context: Context },
): Promise<Evaluation> {
  const { model, task, views, train, test } = session;
  const questions = limitQuestions(test, config.evaluation);
  const { rubrics } = context.includes('rubric')
    ? takeRubrics(session, { questions, source: sourceWithoutWriter(config), pool: train, seed: config.seed.data })
    : { rubrics: [] };
  const byQuestion = new Map(rubrics.map((rubric) => [rubric.questionId, rubric]));
  const { evaluation: settings, seed } = config;
  return evaluate(
    {
      model,
      task,
      views,
      questions,
      settings,
      seed: seed.sampling,
      context: (question) => privileged({ question, rubric: byQuestion.get(question.id) }, context),
    },
    options,
  );
}

function printSummary(task: string, { summary }: Evaluation): void {
  const { accuracy, process: steps, passAtK, samples, unparsed, truncated, meanLength } = summary;
  const line = (name: string, estimate: Estimate) => `${name.padEnd(14)} ${percentInterval(estimate)}\n`;
  process.stdout.write(
    `${task}: ${accuracy.n} questions x ${samples} samples, 95 % intervals over questions\n` +
      line(`avg@${samples}`, accuracy) +
      line(`pass@${samples}`, passAtK) +
      (steps ? line('process score', steps) : '') +
      `${'mean length'.padEnd(14)} ${meanLength.toFixed(1)} tokens; ${unparsed} unparsed, ${truncated} truncated\n`,
  );
}

function writeFiles(
  folder: string,
  evaluation: Evaluation,
  facts: { task: string; config: TrainConfig; seconds: number },
): void {
  const { task, config, seconds } = facts;
  const { model, evaluation: settings, seed } = config;
  const results = toResults(evaluation, { task, model, settings, seed: seed.sampling, seconds, gitHash: gitCommit() });
  writeEvaluationFiles(folder, results, { [task]: toSampleRows(evaluation) });
  process.stdout.write(`written to     ${join(folder, 'results.json')}\n`);
}

function configOf(args: ParsedArguments): TrainConfig {
  const file = textOption(args, 'config', undefined);
  return resolveTrainConfig({ overrides: subsetOverrides(args, SUBSET), ...(file !== undefined && { file }) });
}

/** The command. */
export const command: Command = {
  options: [
    { name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value go over it' },
    {
      name: 'context',
      value: 'WHAT',
      help: 'none (default), answer, rubric or answer+rubric: what stands in the prompt',
    },
    { name: 'output', value: 'FOLDER', help: 'also write results.json and samples_TASK.jsonl there' },
  ],
  settings: subsetSettings(SUBSET),
  notes: 'With --context, the model is measured as a teacher; rubrics come from rubric_source (default: reference).',
  examples: [
    'rcsd evaluate',
    'rcsd evaluate --context rubric rubric_source=placebo',
    'rcsd evaluate model=runs/rcsd-microscience/stage-2/checkpoints/step-000040 data=microscience --output eval',
  ],
  async run(args, { signal, progress }) {
    const config = configOf(args);
    const context = choiceOption(args, 'context', CONTEXTS);
    const started = Date.now();
    const session = await openSession(config);
    const evaluation = await evaluateSession(session, config, { context, signal, onProgress: progress.onProgress });
    progress.finish();
    const task = session.task.name;
    printSummary(task, evaluation);
    const folder = textOption(args, 'output', undefined);
    if (folder !== undefined) writeFiles(folder, evaluation, { task, config, seconds: (Date.now() - started) / 1000 });
    session.dispose();
  },
};
