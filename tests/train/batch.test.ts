import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StageSettings } from '../../src/base/config/configs';
import { AGGREGATIONS } from '../../src/base/config/policyGradient';
import type { LanguageModel } from '../../src/engine/model/model';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { divergenceSpec } from '../../src/method/losses/spec';
import type { TrainingSequence } from '../../src/method/scoring/sequence';
import { batchGradients, splitBatch, tokenWeights } from '../../src/method/train/batch';
import { openFixture, randomTokens } from '../model/tiny';
import { expectClose, largest } from '../parity/reference';

/** A completion of so many tokens; `masked` of them are left out of the loss at its start. */
const completion = (tokens: number, masked = 0): TrainingSequence => ({
  studentPrompt: randomTokens(3, { seed: tokens }),
  completionTokens: randomTokens(tokens, { seed: 10 + tokens }),
  ...(masked > 0 && { mask: Array.from({ length: tokens }, (_, t) => t >= masked) }),
});

describe('the weights of tokens', () => {
  // Micro-batches of 2 + 4 and of 3 tokens, of which one is masked.
  const microBatches = [[completion(2), completion(4)], [completion(3, 1)]];

  it.each([
    [
      'batch-token',
      [
        [1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8],
        [0, 1 / 8, 1 / 8],
      ],
    ],
    [
      'sequence',
      [
        [1 / 6, 1 / 6, 1 / 12, 1 / 12, 1 / 12, 1 / 12],
        [0, 1 / 6, 1 / 6],
      ],
    ],
    [
      'microbatch-token',
      [
        [1 / 12, 1 / 12, 1 / 12, 1 / 12, 1 / 12, 1 / 12],
        [0, 1 / 4, 1 / 4],
      ],
    ],
    [
      'sum',
      [
        [1, 1, 1, 1, 1, 1],
        [0, 1, 1],
      ],
    ],
    [
      'sequence-sum',
      [
        [1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3],
        [0, 1 / 3, 1 / 3],
      ],
    ],
    [
      'longest-token',
      [
        [1 / 15, 1 / 15, 1 / 15, 1 / 15, 1 / 15, 1 / 15],
        [0, 1 / 15, 1 / 15],
      ],
    ],
  ] as const)('of %s', (aggregation, expected) => {
    const weights = tokenWeights(microBatches, aggregation, 5);
    expect(weights).toHaveLength(2);
    weights.forEach((own, i) => {
      expectClose(own, expected[i] ?? [], { tolerance: 1e-7, where: `micro-batch ${i}` });
    });
  });

  it('are finite where everything is masked', () => {
    for (const aggregation of AGGREGATIONS) {
      expect([...(tokenWeights([[completion(2, 2)]], aggregation, 5)[0] ?? [])]).toEqual([0, 0]);
    }
  });
});

describe('a batch', () => {
  it('is split into micro-batches of like length that hold every sequence once', () => {
    const sequences = [5, 1, 9, 3, 7, 2, 8].map((tokens) => completion(tokens));
    const parts = splitBatch(sequences, 3);
    expect(parts.map((part) => part.map(({ completionTokens }) => completionTokens.length))).toEqual([
      [9, 8, 7],
      [5, 3, 2],
      [1],
    ]);
  });
});

describe('accumulated gradients', () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openFixture('qwen2');
  });
  afterAll(() => model.dispose());

  const sequences = [2, 9, 5, 1, 12, 4, 7, 3].map((tokens, i): TrainingSequence & { id: number } => ({
    ...completion(tokens, i === 4 ? 5 : 0),
    teacherPrompt: randomTokens(4 + 3 * i, { seed: 50 + i }),
    id: i,
  }));

  /** Loss, gradients and numbers per token of the batch, read and freed. */
  async function run(changes: Partial<StageSettings>) {
    const settings = { ...profileDefaults('paper', 'rcsd').stage2, ...changes };
    const { params } = model.weights;
    const result = await batchGradients({
      config: model.config,
      student: { trainable: params },
      teacher: { params },
      sequences,
      settings,
      loss: divergenceSpec(settings),
    });
    const gradients = Object.fromEntries(Object.entries(result.gradients).map(([name, g]) => [name, g.dataSync()]));
    disposeTree(result.gradients);
    const scored = new Map(result.scored.map((sequence) => [sequence.id, sequence.tokens]));
    return { loss: result.loss, gradients, scored };
  }

  const sameGradients = (a: Record<string, ArrayLike<number>>, b: Record<string, ArrayLike<number>>): void => {
    expect(Object.keys(a)).toEqual(Object.keys(b));
    for (const [name, expected] of Object.entries(b)) {
      expectClose(a[name] ?? [], expected, { tolerance: 1e-5 * largest(expected) + 1e-9, where: name });
    }
  };

  it.each(['batch-token', 'sequence', 'sum', 'sequence-sum', 'longest-token'] as const)(
    'of 1, 4 or 8 completions at a time are the same: %s',
    async (loss_aggregation) => {
      const whole = await run({ loss_aggregation, microbatch_size: 8 });
      for (const microbatch_size of [1, 4]) {
        const parts = await run({ loss_aggregation, microbatch_size });
        expectClose([parts.loss], [whole.loss], { tolerance: 1e-5 * Math.abs(whole.loss), where: 'loss' });
        sameGradients(parts.gradients, whole.gradients);
        for (const { id, completionTokens } of sequences) {
          const [own, expected] = [parts.scored.get(id), whole.scored.get(id)];
          expect(expected?.value).toHaveLength(completionTokens.length);
          expectClose(own?.value ?? [], expected?.value ?? [], { tolerance: 1e-5, where: `values of ${id}` });
        }
      }
    },
  );

  it('of token means in each micro-batch depend on it, as the setting says', async () => {
    const whole = await run({ loss_aggregation: 'microbatch-token', microbatch_size: 8 });
    const single = await run({ loss_aggregation: 'microbatch-token', microbatch_size: 1 });
    expect(Math.abs(single.loss - whole.loss)).toBeGreaterThan(1e-3 * whole.loss);
    const perSequence = await run({ loss_aggregation: 'sequence', microbatch_size: 8 });
    expectClose([single.loss], [perSequence.loss], {
      tolerance: 1e-5 * perSequence.loss,
      where: 'one completion each',
    });
    sameGradients(single.gradients, perSequence.gradients);
  });

  it('are of the loss that the numbers per token add up to', async () => {
    const { loss, scored } = await run({ loss_aggregation: 'batch-token', microbatch_size: 4 });
    const values = sequences.flatMap(({ id, mask }) =>
      (scored.get(id)?.value ?? []).filter((_, t) => mask?.[t] !== false),
    );
    expect(values).toHaveLength(43 - 5);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expectClose([loss], [mean], { tolerance: 1e-5 * mean, where: 'mean' });
  });

  it('leave no tensor behind', async () => {
    await run({ microbatch_size: 4 });
    const before = liveTensors();
    for (let i = 0; i < 3; i++) await run({ microbatch_size: 4 });
    expect(liveTensors()).toEqual(before);
  });
});
