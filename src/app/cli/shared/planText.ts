/** The plan of a run as `rcsd train --dry-run` prints it. */
import { printable } from '../../../base/records/printable';
import { duration } from '../../../base/records/progress';
import { memoryBudget } from '../../../run/session/memory';
import type { RunPlan } from '../../../run/session/plan';
import type { StepEstimate } from '../../../run/session/steps';
import { STEP_PARTS, totalOf } from '../../../run/session/stepTime';
import { print, printBeside } from './print';
import { columns } from './textTable';

export const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** What a stage learns from: a row for each data set, and one for the prompts that are too long. */
function questionRows({ stage, sets, tooLong }: RunPlan['selections'][number]): [string, string][] {
  const all = sets.reduce((sum, { draws = 0 }) => sum + draws, 0);
  const share = (draws: number): string => `; drawn ${draws} times of ${all} (${((100 * draws) / all).toFixed(1)} %)`;
  return [
    [`questions of ${stage}`, ''],
    ...sets.map(({ data, questions, chosen, draws }): [string, string] => [
      `  ${printable(data, 60)}`,
      `${chosen} of ${questions}${draws === undefined ? '' : share(draws)}`,
    ]),
    ...(tooLong
      ? [
          [
            '  left out',
            `${tooLong.count} of the first ${tooLong.of}, whose prompts are longer than ${tooLong.limit} tokens`,
          ] as [string, string],
        ]
      : []),
  ];
}

function secondsText(seconds: number): string {
  if (seconds > 0 && seconds < 0.1) return `${(1000 * seconds).toPrecision(2)} ms`;
  return `${seconds >= 100 ? Math.round(seconds) : seconds.toPrecision(3)} s`;
}

/** A step of a stage: its whole time, and below it the parts. */
function stepRows({ stage, workers, device, time }: StepEstimate): [string, string][] {
  const where = workers === 1 ? `on ${device}` : `with ${workers} workers, each on ${device}`;
  return [
    [`a step of ${stage}`, `about ${secondsText(totalOf(time))} ${where}`],
    ...STEP_PARTS.map((part): [string, string] => [`  ${part}`, secondsText(time[part])]),
  ];
}

/** Prints the plan of a run that is not started. */
export function printPlan({ config, estimate, selections, steps }: RunPlan): void {
  const { memory, tokens, operations, disk, seconds, gflops } = estimate;
  const count = (value: number): string => value.toLocaleString('en-US');
  const { rollouts, rubrics, evaluation } = config.batches;
  const rows: [string, string][] = [
    [
      'memory',
      `${gib(memory.peak)}, at its fullest while ${memory.moment}; the plan may use ${gib(memoryBudget(config))}`,
    ],
    ...Object.entries(memory.parts).map(([part, bytes]): [string, string] => [`  ${part}`, gib(bytes)]),
    ...selections.flatMap(questionRows),
    ['weights', config.weights],
    ['rows decoded at once', `${rollouts} of rollouts, ${rubrics} of rubrics, ${evaluation} of evaluation`],
    ['tokens', `${count(tokens.drawn)} drawn, ${count(tokens.read)} read, if every completion has its full length`],
    ['operations', `${(operations / 1e15).toPrecision(3)} PFLOP`],
    ['time', `at most about ${duration(seconds)} (matrix products run at ${gflops.toFixed(0)} GFLOP/s here)`],
    ['disk', gib(disk)],
    ...steps.flatMap(stepRows),
  ];
  print(`${columns(rows)}\n`);
  if (memory.peak > memoryBudget(config))
    printBeside(
      'The plan is larger than the memory; set rematerialize=true, a smaller microbatch_size, max_tokens or batches, or weights=bf16.\n',
    );
}
