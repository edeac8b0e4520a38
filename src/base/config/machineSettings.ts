/** Settings of what a run asks of the machine: number formats, memory and what keeps within it, and the processes that share the work. */
import { atLeastZero, choice, flag, group, text, whole } from './declare';
import type { Declarations } from './setting';

/** `opening` are the commands that open a model as a run does. @internal */
export const machineSettings = ({ opening: commands }: { readonly opening: readonly string[] }): Declarations => ({
  precision: choice(
    ['auto', 'fp32', 'bf16'],
    'auto', // the release uses bf16; not every processor has it
    'number format of the matrix products; auto takes the faster of this machine',
    { commands },
  ),
  weights: choice(
    ['auto', 'fp32', 'bf16'],
    'auto', // ours
    'number format in which frozen matrices are kept; auto takes fp32 where a run fits into memory, or where the file is not in bf16',
    { since: 5, before: 'fp32', commands },
  ),
  memory: atLeastZero(0, "memory that the plan of a run may use, in GiB; 0 for 80 % of the machine's", {
    since: 5, // ours
    commands,
  }),
  batches: group('BatchSettings', {
    // ours: a number does not depend on the rows it is computed with, beyond the order of sums in large products
    rollouts: whole(0, 'completions decoded at once while training; 0 for as many as fit into memory, at most 256', {
      since: 5,
      before: 256,
    }),
    rubrics: whole(0, 'rubrics decoded at once; 0 for as many as fit into memory, at most 128', {
      since: 5,
      before: 128,
    }),
    evaluation: whole(0, 'answers decoded at once while evaluating; 0 for as many as fit into memory, at most 256', {
      since: 5,
      before: 256,
      commands: ['evaluate'],
    }),
  }),
  workers: text(
    '1', // ours
    'processes that share the work: a number of them on this machine, or their addresses HOST:PORT,HOST:PORT',
    { since: 5 },
  ),
  // ours, and the two below
  worker: whole(0, 'with addresses in workers: which of them this process is, from 0', { since: 5 }),
  worker_timeout: whole(300, 'seconds to wait for the other workers', { min: 1, since: 5 }),
  insecure: flag(false, 'let workers listen at public addresses, though they encrypt nothing', { since: 5 }),
  rematerialize: flag(false, 'compute layers again for the gradient in place of keeping them: less memory, more time'), // ours
});
