/** RCSD's relatives against TRL, their authors' code, or their papers' formulas in float64: from logits to the loss's gradient. */
import { describe, expect, it } from 'vitest';
import type { StageSettings } from '../../src/base/config/configs';
import { int32 } from '../../src/engine/tensors/raw';
import { tf } from '../../src/engine/tensors/tensorflow';
import type { Algorithm, Measuring, TrainingRollout } from '../../src/method/algorithms/algorithm';
import { cort, replayWeights, smoothStep } from '../../src/method/algorithms/cort';
import { cripo } from '../../src/method/algorithms/cripo';
import { iwOpd } from '../../src/method/algorithms/iwOpd';
import { opsa } from '../../src/method/algorithms/opsa';
import { rlsd } from '../../src/method/algorithms/rlsd';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { lossFunction } from '../../src/method/losses/spec';
import { type ComparedCompletion, comparedOf } from '../../src/method/scoring/compare';
import { tokenWeights } from '../../src/method/train/batch';
import { expectClose, largest, readReference } from './reference';

interface Made {
  loss: number;
  gradient: number[][][];
}
const reference = readReference<{
  student: number[][][];
  teacher: number[][][];
  tokens: number[][];
  lengths: number[];
  iw_opd_trl: Made;
  iw_opd: Made & { old: number[][]; weights: number[][] };
  rlsd: { rewarded: number[]; lambda: number; clip: number; advantages: number[][] };
  opsa: { entropies: number[][]; entropy: Made; fixed: Made };
  cort: { a: number; b: number; eta: number; z: number; weights: number[][] };
  cripo: {
    student: number[][];
    teacher: number[][];
    tokens: number[];
    chosen: boolean[];
    flips: boolean[];
    loss: number;
    gradient: number[][];
  };
}>('relatives.json');

const stage = (...overrides: string[]): StageSettings =>
  resolveTrainConfig({ overrides: ['profile=paper', 'temperature=1', ...overrides] }).stage2;

/** The counted tokens of a padded array, completion by completion. */
const counted = <X>(rows: readonly (readonly X[])[]): X[][] => rows.map((row, i) => row.slice(0, reference.lengths[i]));

interface Side {
  readonly logits: readonly number[][];
  readonly tokens: readonly number[];
}

/** What the product measures of completions whose logits are given. */
const compared = (student: Side, teacher: readonly number[][]): ComparedCompletion => {
  const names = ['student', 'teacher', 'favourite', 'divergence'] as const;
  const read = tf.tidy(() => {
    const logits = { student: tf.tensor2d([...student.logits]), teacher: tf.tensor2d([...teacher]) };
    const found = comparedOf(logits, 1, int32([...student.tokens]));
    return names.map((name) => [...found[name].dataSync()]) as never;
  }) as number[][];
  return Object.fromEntries(names.map((name, i) => [name, read[i]])) as never;
};

const rollout = (tokens: readonly number[], more: Pick<TrainingRollout, 'assessment' | 'first'>): TrainingRollout => ({
  ...{ questionId: 'q', sample: 0, author: 'student', promptTokens: [1], studentPrompt: [1], teacherPrompt: [1] },
  ...{ completionTokens: [...tokens], logprobs: [], samplingLogprobs: [], text: '', finishReason: 'stop', seed: 0 },
  ...{ studentText: '', ...more },
});

const tokens = counted(reference.tokens);
const sides = tokens.map((own, i) =>
  compared({ logits: counted(reference.student)[i] ?? [], tokens: own }, counted(reference.teacher)[i] ?? []),
);
const batchOf = (...more: Pick<TrainingRollout, 'assessment' | 'first'>[]): TrainingRollout[] =>
  tokens.map((own, i) => rollout(own, more[i] ?? { assessment: {} }));

const measuring = (of: readonly ComparedCompletion[], updates = 0): Measuring => ({
  score: async () =>
    of.map(({ student }, i) => ({ logprobs: student, entropy: counted(reference.opsa.entropies)[i] ?? [] })),
  compare: async () => of,
  updates,
});

/** The batch's loss and its gradient in all logits. */
async function lossOf(
  algorithm: Algorithm,
  settings: StageSettings,
  batch: readonly TrainingRollout[],
  { student, teacher, of }: { student: readonly number[][]; teacher: readonly number[][]; of: ComparedCompletion[] },
) {
  const signals = (await algorithm.signals?.(batch, measuring(of))) ?? [];
  const [weights] = tokenWeights([batch], settings.loss_aggregation, settings.sampling.max_tokens);
  return tf.tidy(() => {
    const names = Object.keys(signals[0] ?? {});
    const { values, gradient } = lossFunction(algorithm.loss)(tf.tensor2d([...student]), {
      targets: int32(batch.flatMap(({ completionTokens }) => completionTokens)),
      teacherLogits: tf.tensor2d([...teacher]),
      signals: Object.fromEntries(names.map((name) => [name, tf.tensor1d(signals.flatMap((own) => own[name] ?? []))])),
    });
    const each = tf.tensor1d(weights ?? new Float32Array());
    return {
      loss: tf.sum(tf.mul(values, each)).dataSync()[0],
      gradient: [...tf.mul(gradient, tf.expandDims(each, 1)).dataSync()],
    } as never;
  }) as { loss: number; gradient: number[] };
}

const two = { student: counted(reference.student).flat(), teacher: counted(reference.teacher).flat(), of: sides };
const sameGradient = (actual: number[], made: Made): void => {
  const expected = counted(made.gradient).flat(2);
  expectClose(actual, expected, { tolerance: 1e-5 * largest(expected), where: 'gradient' });
};
const sameLoss = (actual: number, made: { loss: number }): void =>
  expectClose([actual], [made.loss], { tolerance: 1e-5 * Math.abs(made.loss), where: 'loss' });

describe('IW-OPD', () => {
  it("agrees with TRL's trainer at a batch's first update", async () => {
    const settings = stage('algorithm=iw_opd', 'iw_total=completion');
    const { gradient } = await lossOf(iwOpd(settings), settings, batchOf(), two);
    sameGradient(gradient, reference.iw_opd_trl);
  });

  it("agrees with the paper's formula at a later one, with ratio and clips", async () => {
    const settings = stage('algorithm=iw_opd', 'num_iterations=2');
    const first = counted(reference.iw_opd.old).map((logprob) => ({ assessment: {}, first: { logprob } }));
    const { loss, gradient } = await lossOf(iwOpd(settings), settings, batchOf(...first), two);
    sameLoss(loss, reference.iw_opd);
    sameGradient(gradient, reference.iw_opd);
  });
});

describe('RLSD', () => {
  it("weighs advantages as the authors' code does", async () => {
    const { rewarded, lambda, clip, advantages } = reference.rlsd;
    const settings = stage('algorithm=rlsd', 'rlsd_decay_steps=50', `rlsd_lambda=${2 * lambda}`, `rlsd_clip=${clip}`);
    const batch = batchOf(...rewarded.map((advantage) => ({ assessment: { advantage } })));
    // Half of the fifty updates: lambda is half of what it was.
    const signals = await rlsd(settings, []).signals?.(batch, measuring(sides, 25));
    const found = signals?.flatMap(({ advantage }) => advantage ?? []) ?? [];
    expectClose(found, counted(advantages).flat(), { tolerance: 1e-6, where: 'advantages' });
    const late = await rlsd(settings, []).signals?.(batch, measuring(sides, 50));
    expect(new Set(late?.[0]?.advantage)).toEqual(new Set([rewarded[0]]));
  });
});

describe('OPSA', () => {
  it.each(['entropy', 'fixed'] as const)('agrees with the formula: %s', async (way) => {
    const settings = stage('algorithm=opsa', `opsa_advantage=${way}`);
    const { gradient } = await lossOf(opsa(settings), settings, batchOf(), two);
    sameGradient(gradient, reference.opsa[way]);
  });
});

describe('CoRT', () => {
  it('weighs tokens as the formula does', async () => {
    const { a, b, eta, z, weights } = reference.cort;
    const found = sides.map(({ student, teacher }) =>
      replayWeights(
        student.map((logprob, t) => logprob - (teacher[t] as number)),
        { cort_slope: a, cort_offset: b, cort_eta: eta, level: smoothStep(z) },
      ),
    );
    expectClose(found.flat(), counted(weights).flat(), { tolerance: 1e-6, where: 'weights' });
    const settings = stage('algorithm=cort', `cort_slope=${a}`, `cort_offset=${b}`, `cort_eta=${eta}`);
    const batch = batchOf({ assessment: { advantage: 2 } }, { assessment: { advantage: -1 } });
    // Ten updates of warm-up, and three of the ten of the ramp.
    const signals = await cort(settings, []).signals?.(batch, measuring(sides, 13));
    const expected = counted(weights).flatMap((own, i) => own.map((w) => w * (i === 0 ? 2 : -1)));
    expectClose(signals?.flatMap(({ advantage }) => advantage ?? []) ?? [], expected, { tolerance: 1e-6, where: 'A' });
    const early = await cort(settings, []).signals?.(batch, measuring(sides, 10));
    expect(new Set(early?.[1]?.advantage)).toEqual(new Set([-1]));
  });
});

describe('CriPO', () => {
  const { student, teacher, tokens: drawn, chosen, flips, ...made } = reference.cripo;
  const settings = stage('algorithm=cripo', 'distill_coef=1', 'distill_warmup_steps=0');
  const algorithm = cripo(settings, async () => []);
  const own = compared({ logits: student, tokens: drawn }, teacher);
  const revised = (towards: 'meet' | 'avoid', advantage: number) => [
    rollout(drawn, { assessment: { advantage, revision: { towards, criteria: [] } } }),
  ];

  it('learns the tokens of the formula, with its gradient', async () => {
    const batch = revised('meet', 0);
    const signals = await algorithm.signals?.(batch, measuring([own]));
    expect(signals?.[0]?.distill_weight?.map((x) => x > 0)).toEqual(chosen);
    const { loss, gradient } = await lossOf(algorithm, settings, batch, { student, teacher, of: [own] });
    sameLoss(loss, made);
    const expected = made.gradient.flat();
    expectClose(gradient, expected, { tolerance: 1e-5 * largest(expected), where: 'gradient' });
  });

  it('turns over the advantages of the formula', async () => {
    const signals = await algorithm.signals?.(revised('avoid', -2), measuring([own]));
    expect(signals?.[0]?.advantage).toEqual(flips.map((flip) => (flip ? 0.1 : -2)));
  });
});
