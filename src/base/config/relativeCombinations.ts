/** Combinations of settings that GRPO's and RCSD's relatives could not train with, or would silently do something else. */
import { ALGORITHM_NAMES, readsSetting, takesSetting, traitsOf } from './algorithms';
import { refuse } from './refuse';
import type { TrainConfig } from './train';

/** A setting as it is called on the command line. */
const short = (name: string): string => name.replace(/^(stage[12]\.)?(grpo\.|relatives\.)?/, '');

/** Throws InputError for a setting, given by hand, that the algorithm does not read. */
export function checkUnread({ algorithm }: TrainConfig, given: ReadonlySet<string>): void {
  const unread = [...given].find((name) => !takesSetting(algorithm, name));
  if (unread === undefined) return;
  const readers = ALGORITHM_NAMES.filter((name) => readsSetting(name, unread)).join(', ');
  const other = short(unread) === 'top_k' ? ', or set sampling.top_k' : '';
  refuse(
    true,
    `${short(unread)} is for algorithm=${readers}; algorithm=${algorithm} has no use for it, leave it out${other}.`,
  );
}

function checkFiltered({ algorithm, stage2 }: TrainConfig, given: ReadonlySet<string>): void {
  if (algorithm !== 'sft' || stage2.relatives.sft_source === 'filtered') return;
  const unread = [...given].find((name) => /\.(num_generations|sampler)$/.test(name));
  refuse(
    unread !== undefined,
    `${unread && short(unread)} is about sampled completions, and sft_source=${stage2.relatives.sft_source} samples none; leave it out, or use sft_source=filtered.`,
  );
}

function checkGroups({ algorithm, stage2 }: TrainConfig): void {
  const { batch_size, grpo, relatives } = stage2;
  if (algorithm === 'sft' && relatives.sft_source !== 'filtered') return;
  if (!readsSetting(algorithm, 'grpo.num_generations')) return;
  refuse(
    batch_size % grpo.num_generations !== 0,
    `batch_size=${batch_size} counts completions and must be a multiple of num_generations=${grpo.num_generations}.`,
  );
  refuse(
    grpo.num_generations === 1 && (algorithm === 'majority' || algorithm === 'sdpo'),
    `num_generations=1 leaves a completion without siblings, which algorithm=${algorithm} learns by; draw 2 or more of each question.`,
  );
}

/** Throws InputError, with the reason, for a run of one stage that could not train. `given` holds the names set by hand. */
export function checkRelatives(config: TrainConfig, given: ReadonlySet<string>): void {
  const { algorithm, stage2, data } = config;
  checkFiltered(config, given);
  checkGroups(config);
  refuse(
    traitsOf(algorithm).demonstrates === true && data.startsWith('microscience'),
    `algorithm=${algorithm} shows its teacher a whole response, for which microscience's views have no place (an answer and a rubric only); use data with a chat model, or algorithm=opsd, which shows the answer.`,
  );
  refuse(
    algorithm === 'cripo' && stage2.grpo.kl_coef > 0,
    `kl_coef=${stage2.grpo.kl_coef} needs a reference in the student's view, and cripo's one teacher has a view of its own; set kl_coef=0 or use algorithm=grpo.`,
  );
}
