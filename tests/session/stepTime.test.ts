/** The time of a step by part: against sums done here by hand, and what a device or a network may be called. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseModelConfig } from '../../src/engine/model/config';
import { countParameters } from '../../src/engine/model/shapes';
import { deviceNamed, networkRate } from '../../src/run/session/devices';
import { weightBytes } from '../../src/run/session/memory';
import { type Device, type PlannedStep, stepTime, totalOf } from '../../src/run/session/stepTime';
import { rcsdHere } from '../cli/runCli';

const [width, layers, inner, heads, kvHeads, headDim, vocabulary] = [8, 3, 24, 4, 2, 2, 32];
const shape = parseModelConfig(
  {
    ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], vocab_size: vocabulary, hidden_size: width },
    ...{ num_hidden_layers: layers, intermediate_size: inner, num_attention_heads: heads },
    ...{ num_key_value_heads: kvHeads, head_dim: headDim, rms_norm_eps: 1e-6, max_position_embeddings: 512 },
    ...{ tie_word_embeddings: true, hidden_act: 'silu', eos_token_id: 1 },
  },
  'config.json',
);
/** Entries of the seven matrices of all layers. */
const MATRICES = layers * (2 * width * heads * headDim + 2 * width * kvHeads * headDim + 3 * width * inner);
/** An adapter's numbers for each unit of its rank. */
const A_RANK = layers * (2 * (width + heads * headDim) + 2 * (width + kvHeads * headDim) + 3 * (width + inner));
const ALL = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/** Speeds that no two parts share, so that a mistaken one shows. */
const device: Device = {
  ...{ name: 'a device', reading: 1e9, learning: 3e9, drawing: 1e8, memory: 7e6, update: 1e5, exchange: 1e4 },
};
const step: PlannedStep = {
  algorithm: { rollouts: 'student', teacherView: () => ({}) as never },
  settings: { batch_size: 6, sampling: { max_tokens: 5 } as PlannedStep['settings']['sampling'] },
  ...{ lora: { rank: 4, targets: ALL }, rows: 100, format: 'fp32', lengths: { student: 10, teacher: 20 } },
};
/** 1 + 2 + ... + n. */
const triangle = (n: number): number => (n * (n + 1)) / 2;
/** Operations of reading a prompt and a completion without its last token, with logits for each token of the completion. */
const forward = (prompt: number, completion: number, adapter = 0): number =>
  2 * (MATRICES + adapter) * (prompt + completion - 1) +
  4 * layers * heads * headDim * triangle(prompt + completion - 1) +
  2 * vocabulary * width * completion;

describe('a step of one worker', () => {
  const time = stepTime(step, shape, { workers: 1, device });

  test('reads with the teacher, learns with the student, updates', () => {
    expect(time.teacher).toBeCloseTo((6 * forward(20, 5)) / device.reading, 12);
    const backward = forward(10, 5, 2 * 4 * A_RANK) + 4 * layers * heads * headDim * triangle(14);
    expect(time.student).toBeCloseTo((6 * (forward(10, 5, 4 * A_RANK) + backward)) / device.learning, 12);
    expect(time.update).toBeCloseTo((4 * A_RANK) / device.update, 12);
    expect(time['all-reduce']).toBe(0);
  });

  test('draws: prompts, then all rows a token at a time, whose weights and cache are read', () => {
    const prompts = 6 * forward(10, 1);
    const seen = 6 * (triangle(14) - triangle(10));
    const bytes = 4 * weightBytes(shape, 'fp32') + seen * layers * 2 * kvHeads * headDim * 4;
    const drawn = (6 * forward(10, 5) - prompts) / device.drawing;
    expect(time.rollouts).toBeCloseTo(prompts / device.reading + drawn + bytes / device.memory, 12);
    // Half of the rows at a time read the weights twice as often.
    const twice = stepTime({ ...step, rows: 3 }, shape, { workers: 1, device });
    expect(twice.rollouts - time.rollouts).toBeCloseTo((4 * weightBytes(shape, 'fp32')) / device.memory, 12);
    expect(time.other).toBeCloseTo((2 * 4 * MATRICES) / device.reading + (8 * MATRICES) / device.memory, 12);
  });

  test('does not count what an algorithm does not do, and counts again what it repeats', () => {
    const own = (algorithm: PlannedStep['algorithm'], more: Partial<PlannedStep> = {}) =>
      stepTime({ ...step, algorithm, ...more }, shape, { workers: 2, device });
    expect(own({ rollouts: 'data' })).toMatchObject({ rollouts: 0, teacher: 0, other: 0 });
    expect(own(step.algorithm, { served: true })).toMatchObject({ rollouts: 0, other: 0 });
    const [once, thrice] = [own({ rollouts: 'student' }), own({ rollouts: 'student', updates: 3 })];
    for (const part of ['student', 'all-reduce', 'update'] as const)
      expect(thrice[part]).toBeCloseTo(3 * once[part], 9);
    expect(thrice.rollouts).toBe(once.rollouts);
    expect(own(step.algorithm, { teachers: 2.5 }).teacher).toBeCloseTo(2.5 * own(step.algorithm).teacher, 12);
    // A prompt that three completions share is read once; the operations count their first logits apart nevertheless.
    const logits = 2 * vocabulary * width;
    const shared = own({ rollouts: 'student', groupSize: 3 });
    expect(once.rollouts - shared.rollouts).toBeCloseTo(
      (2 * forward(10, 1)) / device.reading - (2 * logits) / device.drawing,
      9,
    );
    const whole = own(step.algorithm, { lora: { rank: 0, targets: ALL } });
    expect(whole.update).toBeCloseTo(countParameters(shape) / device.update, 12);
    expect(whole.other).toBe(0);
  });
});

test('workers share all but the update and the reading of weights, and send each number twice at most', () => {
  const of = (workers: number, network?: number) =>
    stepTime(step, shape, { workers, device, ...(network && { network }) });
  const [one, two, six] = [of(1), of(2), of(6)];
  expect([one.teacher / two.teacher, one.student / six.student]).toEqual([2, 6].map((n) => expect.closeTo(n, 9)));
  // Four of six completions are no half: who has most of them is waited for.
  expect(of(4).teacher).toBeCloseTo(of(3).teacher, 12);
  const weights = (4 * weightBytes(shape, 'fp32')) / device.memory;
  expect((one.rollouts - weights) / (six.rollouts - weights)).toBeCloseTo(6, 9);
  expect(of(600).rollouts).toBe(six.rollouts);
  const bytes = 4 * 4 * A_RANK;
  expect(two['all-reduce']).toBeCloseTo(bytes / device.exchange, 12);
  expect(of(2, 500)['all-reduce']).toBeCloseTo(bytes / device.exchange + bytes / 500, 9);
  expect(of(1024)['all-reduce'] / two['all-reduce']).toBeCloseTo(2 * (1 - 1 / 1024), 9);
  expect(totalOf(one)).toBeCloseTo(one.rollouts + one.teacher + one.student + one.update + one.other, 12);
});

describe('a device', () => {
  const model = { name: 'tiny', config: shape, format: 'fp32' as const };
  const file = join(mkdtempSync(join(tmpdir(), 'rcsd-device-')), 'device.json');
  /** What a benchmark would write of a machine with the speeds of `device`. */
  function benchmarked() {
    const drawn = (rows: number) => {
      const time = stepTime(
        { ...step, algorithm: { rollouts: 'student' }, settings: { ...step.settings, batch_size: rows } },
        shape,
        {
          ...{ workers: 1, device },
        },
      );
      return { stage: `decode-${rows}`, median_seconds: time.rollouts, flops: rows * forward(10, 5) };
    };
    const at = (stage: string, flops: number, speed: number) => ({ stage, flops, median_seconds: flops / speed });
    const stages = [
      ...[drawn(1), drawn(8), at('teacher', 1e6, device.reading), at('student', 1e6, device.learning)],
      at('update', 16e5, 16 * device.update),
    ];
    const settings = { model: 'tiny', prompt_tokens: 10, completion_tokens: 5 };
    return { cpu: 'a processor', threads: 1, settings, stages, exchange: device.exchange };
  }

  test('is known again from what a benchmark measured of it', () => {
    writeFileSync(file, JSON.stringify(benchmarked()));
    const { name, ...speeds } = deviceNamed(file, model);
    const { name: _, ...own } = device;
    expect(speeds).toEqual(
      Object.fromEntries(Object.entries(own).map(([key, value]) => [key, expect.closeTo(value, 0)])),
    );
    expect(name).toContain('a processor');
  });

  test.each([
    [{ settings: { model: 'other' } }, 'measured with the model'],
    [{ stages: [] }, 'lacks one of the stages'],
    [{ stages: 'all' }, 'is no report of rcsd benchmark'],
    [{ settings: { model: 'tiny' } }, 'does not say its lengths'],
    [{ stages: benchmarked().stages.map((stage) => ({ ...stage, median_seconds: 1 })) }, 'too busy'],
    [{ stages: benchmarked().stages.map((stage) => ({ ...stage, median_seconds: 0 })) }, 'lacks one of the stages'],
  ])('is refused where the file tells too little: %j', (change, reason) => {
    writeFileSync(file, JSON.stringify({ ...benchmarked(), ...change }));
    expect(() => deviceNamed(file, model)).toThrow(reason);
  });

  test('may be a GPU by its name; a network has a rate', () => {
    expect(deviceNamed('H200', model).memory).toBeCloseTo(0.6 * 4.8e12, -3);
    expect(() => deviceNamed('h9000', model)).toThrow('a100, h100, h200, or a JSON file');
    expect([networkRate('25Gbps'), networkRate('100 mbps'), networkRate('2.5gbps')]).toEqual([
      3.125e9, 12.5e6, 0.3125e9,
    ]);
    for (const text of ['25', '0Gbps', '-1Gbps', '25GB/s', 'fast', ''])
      expect(() => networkRate(text)).toThrow('as in 25Gbps');
  });
});

test('rcsd train --dry-run prints a step by part for workers that are not here, and runs take no such options', async () => {
  const words = [
    'train',
    'algorithm=rcsd',
    'rubric_source=reference',
    'rank=4',
    'workers=64',
    'device=h100',
    'network=25Gbps',
  ];
  const { status, stdout } = await rcsdHere([...words, '--dry-run']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/a step of stage1 .* with 64 workers, each on h100 by its data sheet/);
  for (const part of ['rollouts', 'teacher', 'student', 'all-reduce', 'update', 'other'])
    expect(stdout.match(new RegExp(`^ +${part} +[\\d.]+ m?s$`, 'gm'))).toHaveLength(2);
  const here = await rcsdHere(['train', 'algorithm=grpo', '--dry-run']);
  expect(here.stdout).toMatch(/a step of stage2 .* on this machine/);
  const refused = await rcsdHere(words);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('give them with --dry-run')]);
});
