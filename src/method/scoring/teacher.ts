/**
 * Which weights the teacher has: those of the initial policy (`fixed`), the current ones (`live`), a moving average
 * (`ema`), or a copy of the current ones renewed every n updates (`snapshot`). Only the trained parameters differ;
 * under LoRA that is the adapter.
 */
import type { TeacherPolicy } from '../../base/config/parts';
import { compile } from '../../engine/tensors/compile';
import type { Params } from '../../engine/tensors/gradients';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';

/** The teacher during training. */
export interface Teacher {
  /** The teacher's trained parameters, given the student's current ones. */
  trainable(current: Params): Params;
  /** To be called after each update (counted from 1) with the student's new parameters. */
  afterUpdate(update: number, current: Params): void;
  /** What a checkpoint must hold to resume this teacher; undefined where nothing is needed. */
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

/**
 * `initial` are the trained parameters at the start; `restored` are the teacher's parameters from a checkpoint.
 * @internal
 */
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
