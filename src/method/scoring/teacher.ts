/**
 * Whose weights the teacher has: the initial policy (`fixed`), the current one (`live`), a moving average (`ema`), or a copy of the
 * current one renewed every n updates (`snapshot`). Policies differ only in what is trained: under LoRA that is the adapter.
 */
import type { TeacherPolicy } from '../../base/config/parts';
import { compile } from '../../engine/tensors/compile';
import type { Params } from '../../engine/tensors/gradients';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';

/** A teacher over the course of training; `trainable()` are the weights it has in place of the student's. */
export interface Teacher {
  /** The teacher's version of the trained parameters, given the student's current ones. */
  trainable(current: Params): Params;
  /** Called after each update (counted from 1) with the student's new parameters. */
  afterUpdate(update: number, current: Params): void;
  /** What a checkpoint must hold to go on; undefined where nothing is kept. */
  readonly kept: () => Params | undefined;
  dispose(): void;
}

const average = compile(
  (kept: Params, current: Params, decay: number): Params =>
    Object.fromEntries(
      Object.entries(kept).map(([name, old]) => [
        name,
        tf.add(tf.mul(old, decay), tf.mul(current[name] as Tensor, 1 - decay)),
      ]),
    ),
  'ema',
);

const copy = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, tf.add(value, 0)]));

/** Makes the teacher. `initial` are the trained parameters at the start, or `restored` those of a checkpoint. @internal */
export function createTeacher(
  policy: TeacherPolicy,
  initial: Params,
  options: { readonly emaDecay: number; readonly snapshotEvery: number; readonly restored?: Params },
): Teacher {
  const still = { afterUpdate: () => {}, kept: () => undefined, dispose: () => {} };
  if (policy === 'fixed') return { trainable: () => initial, ...still };
  if (policy === 'live') return { trainable: (current) => current, ...still };
  let kept = options.restored ?? copy(initial);
  const replace = (next: Params): void => {
    disposeTree(kept);
    kept = next;
  };
  return {
    trainable: () => kept,
    afterUpdate: (update, current) => {
      if (policy === 'ema') replace(average(kept, current, options.emaDecay));
      else if (update % options.snapshotEvery === 0) replace(copy(current));
    },
    kept: () => kept,
    dispose: () => disposeTree(kept),
  };
}
