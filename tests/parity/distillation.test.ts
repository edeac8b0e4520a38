import { describe, it } from 'vitest';
import type { DivergenceSettings } from '../../src/base/config/parts';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import type { Precision } from '../../src/engine/tensors/hardware';
import { int32 } from '../../src/engine/tensors/raw';
import { tf } from '../../src/engine/tensors/tensorflow';
import { divergenceSpec } from '../../src/method/losses/spec';
import { layOut, toDevice } from '../../src/method/scoring/align';
import { countTokens, type Sequence, targetsOf } from '../../src/method/scoring/sequence';
import { gradientStep } from '../../src/method/train/step';
import { expectClose, fixture, largest, readArrays, readReference } from './reference';

interface Case extends Pick<DivergenceSettings, 'beta' | 'top_k' | 'tail' | 'clip' | 'clip_mode'> {
  name: string;
  temperature: number;
  values: number[];
}

interface Reference {
  rows: { student: number[]; teacher: number[]; completion: number[] }[];
  cases: Case[];
}

const settingsOf = ({ beta, temperature, top_k, tail, clip, clip_mode }: Case): DivergenceSettings => ({
  divergence: beta === 0 ? 'forward_kl' : 'jsd',
  beta,
  loss_temperature: temperature,
  top_k,
  support: 'teacher',
  tail,
  clip,
  clip_mode,
});

/** Loss per token and gradients of the token mean, both views in one compiled step. */
function distil(
  model: LanguageModel,
  { rows }: Reference,
  { settings, precision }: { settings: DivergenceSettings; precision: Precision },
) {
  const sequences = (side: 'student' | 'teacher'): Sequence[] =>
    rows.map((row) => ({ promptTokens: row[side], completionTokens: row.completion }));
  const [student, teacher] = [sequences('student'), sequences('teacher')].map((each) =>
    layOut(each, { maxPositions: model.config.maxPositions }),
  ) as [ReturnType<typeof layOut>, ReturnType<typeof layOut>];
  const tokens = countTokens(sequences('student'));
  const size = student.rows.length;
  const batch = {
    student: toDevice(student),
    teacher: toDevice(teacher),
    targets: int32(targetsOf(sequences('student'), size)),
    weights: tf.tensor1d(Float32Array.from({ length: size }, (_, i) => (i < tokens ? 1 / tokens : 0))),
  };
  const { params } = model.weights;
  return gradientStep(model.config)(
    { trainable: params, precision },
    { params, precision },
    batch,
    divergenceSpec(settings),
  );
}

describe.each(['llama-tied', 'qwen3'])('self-distillation of %s', (base) => {
  const reference = readReference<Reference>('references', `distillation-${base}.json`);
  const arrays = readArrays('references', `distillation-${base}.safetensors`);

  // The k-th entry and the clip of `released` are edges: rounding moves entries from one side to the other.
  const inBf16 = ({ top_k }: Case) => (top_k > 0 ? { values: 0.1, gradients: 0.3 } : { values: 0.05, gradients: 0.1 });
  const cases = reference.cases.flatMap((row) => [
    { ...row, precision: 'fp32', near: { values: 1e-5, gradients: 1e-4 } } as const,
    { ...row, precision: 'bf16', near: inBf16(row) } as const,
  ]);

  it.each(cases)('has the divergence of every token and the gradients: $name in $precision', async (row) => {
    const model = await openModel(fixture('models', base));
    const { precision, near } = row;
    const { metrics, gradients } = distil(model, reference, { settings: settingsOf(row), precision });
    const values = metrics.value?.dataSync().slice(0, row.values.length) ?? [];
    expectClose(values, row.values, { tolerance: near.values * largest(row.values), where: 'values' });
    for (const [key, expected] of arrays) {
      if (!key.startsWith(`${row.name}.`)) continue;
      const actual = gradients[key.slice(row.name.length + 1)]?.dataSync() ?? [];
      expectClose(actual, expected, { tolerance: near.gradients * largest(expected), where: key });
    }
    model.dispose();
  });
});
