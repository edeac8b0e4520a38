/** Workers must begin with the same settings and inputs, on machines that compute the same bits. */
import type { TrainConfig } from '../../base/config/configs';
import { difference } from '../../base/records/differences';
import { InputError } from '../../base/records/errors';
import { changedInputs } from '../../base/records/inputs';
import type { RunConfig } from '../../base/records/rows';
import { decisive } from '../../base/records/runWriter';
import type { Ranks } from '../../engine/model/ranks';

/** Throws InputError in every worker, naming what one of them has otherwise than the first. */
export async function requireAlike(
  ranks: Ranks,
  { config, now }: { readonly config: TrainConfig; readonly now: RunConfig },
): Promise<void> {
  const { inputs = {}, cpu, kernels, git_commit: commit, versions } = now;
  const machine = { cpu, kernels: kernels ?? '', commit, node: versions.node, TensorFlow: versions.tensorflow };
  // As others read them: an undefined value is none.
  const settings = decisive(config);
  const [first, ...others] = await ranks.gather({ settings, inputs, machine });
  if (!first) return;
  for (const [i, other] of others.entries()) {
    const changed = changedInputs(first.inputs, other.inputs);
    const what =
      changed.length > 0
        ? `other ${changed.map((name) => name.replaceAll('_', ' ')).join(', other ')}`
        : (difference(first.settings, other.settings) ?? difference(first.machine, other.machine));
    if (what)
      throw new InputError(
        `Worker ${i + 1} does not fit worker 0: ${what}; start all workers with the same settings, files and version, on machines with the same processor.`,
      );
  }
}
