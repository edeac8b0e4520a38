import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Params } from '../../src/engine/tensors/gradients';
import { liveTensors, tf } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { createTeacher } from '../../src/method/scoring/teacher';
import { expectClose } from '../parity/reference';

const OPTIONS = { emaDecay: 0.9, snapshotEvery: 2 };
const params = (value: number): Params => ({ w: tf.fill([2], value), b: tf.scalar(-value) });
const read = (of: Params | undefined): number[] => Object.values(of ?? {}).flatMap((tensor) => [...tensor.dataSync()]);

describe('the teacher', () => {
  let before: ReturnType<typeof liveTensors>;
  let steps: Params[];

  beforeEach(() => {
    tf.scalar(0).dispose();
    before = liveTensors();
    steps = [1, 2, 4, 8, 16].map(params);
  });
  afterEach(() => {
    disposeTree(steps);
    expect(liveTensors()).toEqual(before);
  });

  /** What the teacher is when the student is at each of its steps. */
  function course(policy: Parameters<typeof createTeacher>[0], restored?: Params) {
    const [initial, ...later] = steps as [Params, ...Params[]];
    const teacher = createTeacher(policy, initial, { ...OPTIONS, restored });
    const seen = [read(teacher.trainable(initial))];
    later.forEach((current, i) => {
      teacher.afterUpdate(i + 1, current);
      seen.push(read(teacher.trainable(current)));
    });
    const kept = teacher.kept() !== undefined;
    teacher.dispose();
    return { first: seen.map((values) => values[0]), all: seen, kept };
  }

  it('stays at the start when it is fixed, and has nothing to save', () => {
    expect(course('fixed')).toMatchObject({ first: [1, 1, 1, 1, 1], kept: false });
  });

  it('is the student when it is live', () => {
    expect(course('live')).toMatchObject({ first: [1, 2, 4, 8, 16], kept: false });
  });

  it('is the average when it is ema', () => {
    const { all, kept } = course('ema');
    let expected = 1;
    [1, 2, 4, 8, 16].forEach((value, i) => {
      if (i > 0) expected = 0.9 * expected + 0.1 * value;
      expectClose(all[i] ?? [], [expected, expected, -expected], { tolerance: 1e-6, where: `step ${i}` });
    });
    expect(kept).toBe(true);
  });

  it('is a copy renewed every n updates when it is a snapshot', () => {
    expect(course('snapshot')).toMatchObject({ first: [1, 1, 4, 4, 16], kept: true });
  });

  it.each(['ema', 'snapshot'] as const)('goes on from what a checkpoint held: %s', (policy) => {
    const { first } = course(policy, params(100));
    expectClose(first.slice(0, 2) as number[], policy === 'ema' ? [100, 90.2] : [100, 100], {
      tolerance: 1e-4,
      where: policy,
    });
  });
});
