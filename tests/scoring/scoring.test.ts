import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, InterruptedError } from '../../src/base/records/errors';
import { openModel } from '../../src/engine/model/load';
import { type LanguageModel, requireTokenizer } from '../../src/engine/model/model';
import { liveTensors, tf } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { PLAIN_DIVERGENCE } from '../../src/method/losses/plain';
import { divergenceSpec } from '../../src/method/losses/spec';
import { layOut, perSequence } from '../../src/method/scoring/align';
import { compareCompletions } from '../../src/method/scoring/compare';
import { scoreGuidance } from '../../src/method/scoring/guidance';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { countTokens, type Sequence, type TrainingSequence, targetsOf } from '../../src/method/scoring/sequence';
import { teacherVariation, variationOf } from '../../src/method/scoring/variation';
import { toMicroBatch } from '../../src/method/train/batch';
import { gradientStep } from '../../src/method/train/step';
import { FAMILIES, openFixture, randomTokens, temporaryFolder, writeScienceModel } from '../model/tiny';
import { allLogits } from '../parity/engine';
import { expectClose } from '../parity/reference';

/** Prompts and completions of many lengths, among them one token and none; some completions share a prompt. */
const ragged = (): Sequence[] => {
  const own = lengths();
  const shared = [1, 3, 3].map((i) => own[i] as Sequence);
  const more = shared.map(({ promptTokens }, i) => ({
    promptTokens,
    completionTokens: randomTokens(4 + 9 * i, { seed: 200 + i }),
  }));
  return [...own, ...more];
};

const lengths = (): Sequence[] =>
  [
    [1, 1],
    [30, 12],
    [5, 0],
    [64, 60],
    [2, 33],
    [3, 1],
  ].map(([prompt, completion], i) => ({
    promptTokens: randomTokens(prompt as number, { seed: i }),
    completionTokens: randomTokens(completion as number, { seed: 100 + i }),
  }));

/** Log-probabilities and entropies straight from the logits of one whole sequence. */
function directly(model: LanguageModel, { promptTokens, completionTokens }: Sequence) {
  const ids = [...promptTokens, ...completionTokens];
  const all = allLogits(model.config, model.weights, { input_ids: [ids], prompt_lengths: [0], lengths: [ids.length] });
  const { vocabSize } = model.config;
  const rows = completionTokens.map((token, t) => {
    const at = promptTokens.length - 1 + t;
    const logits = [...all.slice(at * vocabSize, (at + 1) * vocabSize)];
    const most = Math.max(...logits);
    const total = most + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - most), 0));
    const entropy = logits.reduce((sum, z) => sum - Math.exp(z - total) * (z - total), 0);
    return { logprob: (logits[token] as number) - total, entropy };
  });
  return { logprobs: rows.map((row) => row.logprob), entropy: rows.map((row) => row.entropy) };
}

describe.each(FAMILIES)('scores of %s', (name) => {
  it('are those of each sequence alone, read straight from its logits', async () => {
    const model = await openFixture(name);
    const sequences = ragged();
    const together = await scoreCompletions(model, sequences);
    for (const [i, sequence] of sequences.entries()) {
      const { logprobs, entropy } = directly(model, sequence);
      expect(together[i]?.logprobs).toHaveLength(sequence.completionTokens.length);
      expectClose(together[i]?.logprobs ?? [], logprobs, { tolerance: 2e-5, where: `log-probabilities of ${i}` });
      expectClose(together[i]?.entropy ?? [], entropy, { tolerance: 2e-5, where: `entropies of ${i}` });
    }
    model.dispose();
  });
});

describe('scoring', () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openFixture('llama-tied');
  });
  afterAll(() => model.dispose());

  it('does not depend on how sequences are batched', async () => {
    const sequences = ragged();
    const whole = await scoreCompletions(model, sequences, { batchTokens: 1e6 });
    const single = await scoreCompletions(model, [...sequences].reverse(), { batchTokens: 1 });
    single.reverse().forEach((scores, i) => {
      expectClose(scores.logprobs, whole[i]?.logprobs ?? [], { tolerance: 1e-5, where: `sequence ${i}` });
    });
  });

  it('takes a sequence as long as the model and refuses a longer one, as it does an empty prompt', async () => {
    const full = { promptTokens: randomTokens(120, { seed: 1 }), completionTokens: randomTokens(8, { seed: 2 }) };
    expect((await scoreCompletions(model, [full]))[0]?.logprobs).toHaveLength(8);
    const long = { ...full, promptTokens: [...full.promptTokens, 5] };
    await expect(scoreCompletions(model, [full, long])).rejects.toThrow(
      /has 129 tokens, the model takes 128.*nothing is cut silently/,
    );
    const empty = { promptTokens: [], completionTokens: [4] };
    await expect(scoreCompletions(model, [empty])).rejects.toThrow(InputError);
  });

  it('reports what is done and stops when the signal is aborted', async () => {
    const abort = new AbortController();
    const done: number[] = [];
    const before = liveTensors();
    const run = scoreCompletions(model, ragged(), {
      batchTokens: 1,
      signal: abort.signal,
      onProgress: (event) => {
        done.push(event.done);
        if (event.done === 3) abort.abort();
      },
    });
    await expect(run).rejects.toThrow(InterruptedError);
    expect(done).toEqual([1, 2, 3]);
    expect(liveTensors()).toEqual(before);
  });
});

describe('the two views', () => {
  const [short, long] = [4, 29];
  const completion = randomTokens(7, { seed: 3 });
  const both: TrainingSequence[] = [
    {
      studentPrompt: randomTokens(short, { seed: 1 }),
      teacherPrompt: randomTokens(long, { seed: 2 }),
      completionTokens: completion,
    },
    {
      studentPrompt: randomTokens(11, { seed: 4 }),
      teacherPrompt: randomTokens(40, { seed: 5 }),
      completionTokens: completion.slice(0, 2),
    },
  ];

  it('are laid out so that the n-th row predicts the n-th completion token in each', () => {
    for (const prompt of [short, long]) {
      const sequences = [
        { promptTokens: randomTokens(prompt, { seed: 1 }), completionTokens: [50, 51, 52] },
        { promptTokens: [9, ...randomTokens(29, { seed: 2 })], completionTokens: [60] },
      ];
      const { ids, shape, rows } = layOut(sequences, { maxPositions: 128 });
      const next = [...targetsOf(sequences, rows.length)].slice(0, countTokens(sequences));
      expect(next).toEqual([50, 51, 52, 60]);
      // The row before each completion token; the last token of a sequence is not read.
      expect([...rows.slice(0, 4)]).toEqual([prompt - 1, prompt, prompt + 1, shape[1] + 29]);
      expect([ids[prompt], ids[prompt + 1], ids[prompt + 2], ids[shape[1]]]).toEqual([50, 51, 0, 9]);
    }
  });

  it('meet at the same token: each side has the log-probability of that token behind its own prompt', async () => {
    const model = await openFixture('qwen2');
    const batch = toMicroBatch(both, new Float32Array(9).fill(1), 128);
    const { params } = model.weights;
    const result = gradientStep(model.config)(
      { trainable: params },
      { params },
      batch,
      divergenceSpec(PLAIN_DIVERGENCE),
    );
    const metric = (name: string) => perSequence(both, result.metrics[name]?.dataSync() ?? []);
    for (const [i, sequence] of both.entries()) {
      const { completionTokens, studentPrompt, teacherPrompt = [] } = sequence;
      const student = directly(model, { promptTokens: studentPrompt, completionTokens });
      const teacher = directly(model, { promptTokens: teacherPrompt, completionTokens });
      expectClose(metric('student_logprob')[i] ?? [], student.logprobs, { tolerance: 2e-5, where: `student ${i}` });
      expectClose(metric('teacher_logprob')[i] ?? [], teacher.logprobs, { tolerance: 2e-5, where: `teacher ${i}` });
      expectClose(metric('entropy')[i] ?? [], student.entropy, { tolerance: 2e-5, where: `entropy ${i}` });
      expectClose(metric('teacher_entropy')[i] ?? [], teacher.entropy, {
        tolerance: 2e-5,
        where: `teacher's entropy ${i}`,
      });
    }
    disposeTree([batch, result]);
    model.dispose();
  });
});

/** Softmax and its negative logarithm in double precision. */
function distribution(logits: readonly number[]): { p: number[]; surprise: number[] } {
  const most = Math.max(...logits);
  const total = most + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - most), 0));
  const surprise = logits.map((z) => total - z);
  return { p: surprise.map((s) => Math.exp(-s)), surprise };
}

/** The terms of Proposition 1 for one token, in double precision. */
function apart(logits: { student: readonly number[]; reference: readonly number[]; other: readonly number[] }) {
  const [student, reference, other] = [logits.student, logits.reference, logits.other].map(distribution);
  const gap = (other?.p ?? []).map((p, v) => p - (reference?.p[v] as number));
  const surprise = student?.surprise ?? [];
  return {
    variation: gap.reduce((sum, d) => sum + Math.abs(d), 0) / 2,
    surprise: Math.max(...surprise),
    difference: gap.reduce((sum, d, v) => sum + d * (surprise[v] as number), 0),
  };
}

describe('the variation between teachers', () => {
  it('is that of a computation in double precision', () => {
    const tokens = [
      { student: [0, 0, 0], reference: [0, 0, 0], other: [0, 0, 0] },
      { student: [2, -1, 0.5], reference: [5, 0, -3], other: [-3, 0, 5] },
      { student: [30, -30, 0], reference: [1, 2, 3], other: [1, 2, 3.001] },
    ];
    const side = (name: 'student' | 'reference' | 'other') => tf.tensor2d(tokens.map((token) => token[name]));
    const measured = variationOf({ student: side('student'), reference: side('reference'), other: side('other') });
    const wanted = tokens.map(apart);
    for (const name of ['variation', 'surprise', 'difference'] as const)
      expectClose(
        [...measured[name].dataSync()],
        wanted.map((each) => each[name]),
        { tolerance: 1e-5, where: name },
      );
    // Two teachers without a common favourite are nearly 1 apart.
    expect(wanted[1]?.variation).toBeGreaterThan(0.99);
  });

  it('is measured at the tokens of each completion, whatever the batches, and bounds the difference', async () => {
    const model = await openFixture('qwen2');
    const completions = [
      [3, 9, 14, 5],
      [60, 61, 30, 12],
      [1, 20, 2, 100],
      [7, 7, 7, 100],
      [2, 3, 8, 100],
    ].map(([student, reference, other, length], i) => ({
      student: randomTokens(student as number, { seed: i }),
      reference: randomTokens(reference as number, { seed: 10 + i }),
      other: randomTokens(other as number, { seed: 20 + i }),
      completionTokens: randomTokens(length as number, { seed: 30 + i }),
    }));
    const before = liveTensors();
    const [together, apiece] = [
      await teacherVariation(model, completions),
      await teacherVariation(model, completions, { batchTokens: 1 }),
    ];
    expect(liveTensors()).toEqual(before);
    const { vocabSize } = model.config;
    for (const [i, { completionTokens, ...prompts }] of completions.entries()) {
      const rows = (prompt: readonly number[]) => {
        const ids = [...prompt, ...completionTokens];
        const batch = { input_ids: [ids], prompt_lengths: [0], lengths: [ids.length] };
        const all = allLogits(model.config, model.weights, batch);
        return completionTokens.map((_, t) => {
          const at = prompt.length - 1 + t;
          return [...all.slice(at * vocabSize, (at + 1) * vocabSize)];
        });
      };
      const [student, reference, other] = [prompts.student, prompts.reference, prompts.other].map(rows);
      const wanted = completionTokens.map((_, t) =>
        apart({ student: student?.[t] ?? [], reference: reference?.[t] ?? [], other: other?.[t] ?? [] }),
      );
      for (const name of ['variation', 'surprise', 'difference'] as const) {
        const values = wanted.map((each) => each[name]);
        expectClose(together[i]?.[name] ?? [], values, { tolerance: 5e-5, where: `${name} of ${i}` });
        expectClose(apiece[i]?.[name] ?? [], values, { tolerance: 5e-5, where: `${name} of ${i} alone` });
      }
      together[i]?.difference.forEach((difference, t) => {
        const bound = 2 * (together[i]?.surprise[t] as number) * (together[i]?.variation[t] as number);
        expect(bound).toBeGreaterThanOrEqual(difference);
      });
    }
    model.dispose();
  });
});

describe('guidance', () => {
  it('shows the divergence and the favourites of the teacher at each token', async () => {
    const folder = temporaryFolder();
    const model = await openModel(await writeScienceModel(folder.path));
    const tokenizer = requireTokenizer(model);
    const encode = (text: string) => tokenizer.encode(text);
    const answer = {
      studentPrompt: encode('<|user|> Given 1 2 <|solve|> <|assistant|>'),
      teacherPrompt: encode('<|user|> Given 1 2 <|ref|> 4 <|solve|> <|assistant|>'),
      completionTokens: encode('So 1 2 \\boxed{ 4 }'),
    };
    const before = liveTensors();
    const scores = scoreGuidance({ student: model, teacher: model }, answer, PLAIN_DIVERGENCE);
    expect(liveTensors()).toEqual(before);
    const sides = { student: answer.studentPrompt, teacher: answer.teacherPrompt };
    const { completionTokens } = answer;
    const student = directly(model, { promptTokens: sides.student, completionTokens });
    const teacher = directly(model, { promptTokens: sides.teacher, completionTokens });
    expectClose(scores.studentLogprobs, student.logprobs, { tolerance: 2e-5, where: 'student' });
    expectClose(scores.teacherLogprobs, teacher.logprobs, { tolerance: 2e-5, where: 'teacher' });
    expect(scores.tokens.join('')).toBe('So 1 2 \\boxed{ 4 }');
    expect(scores.divergence.every((value) => value > 0)).toBe(true);
    const next = scores.details?.next ?? [];
    next.forEach((own, t) => {
      const [teachers, students] = [own.map((each) => each[3]), own.map((each) => each[2])];
      expect(teachers).toEqual([...teachers].sort((a, b) => b - a));
      expect(Math.max(...teachers)).toBeGreaterThanOrEqual((scores.teacherLogprobs[t] as number) - 1e-5);
      const before = completionTokens.slice(0, t);
      for (const [side, prompt, k] of [
        ['student', sides.student, students.indexOf(Math.max(...students))],
        ['teacher', sides.teacher, 0],
      ] as const) {
        const [id, , ofStudent, ofTeacher] = own[k] as (typeof own)[number];
        const best = directly(model, { promptTokens: [...prompt, ...before], completionTokens: [id] });
        const said = side === 'student' ? ofStudent : ofTeacher;
        expectClose(best.logprobs, [said], { tolerance: 2e-5, where: `the ${side}'s favourite at ${t}` });
      }
      // Forward KL, entry by entry.
      const terms = own.map(([, , s, p]) => Math.exp(p) * (p - s));
      expectClose(
        own.map((each) => each[4]),
        terms,
        { tolerance: 1e-5, where: `terms at ${t}` },
      );
    });
    // A token is written as the answer writes its tokens, the space between words included.
    expect(next[0]?.every(([, token]) => !token.startsWith(' '))).toBe(true);
    expect(next.slice(1).every((each) => each.every(([, token]) => token.startsWith(' ')))).toBe(true);
    const same = scoreGuidance(
      { student: model, teacher: model },
      { ...answer, teacherPrompt: sides.student },
      PLAIN_DIVERGENCE,
    );
    expect(Math.max(...same.divergence.map(Math.abs))).toBeLessThan(1e-6);
    model.dispose();
    folder.remove();
  });

  it('tells which criterion moves the student most, under the joint teacher or under a mixture', async () => {
    const folder = temporaryFolder();
    const model = await openModel(await writeScienceModel(folder.path));
    const { encode } = requireTokenizer(model);
    const asked = (shown: string) => encode(`<|user|> Given 1 2 <|rubric|> ${shown} <|solve|> <|assistant|>`);
    const rubric = ['States 4', 'Lists 1 2 .', 'Checks'];
    const answer = {
      studentPrompt: encode('<|user|> Given 1 2 <|solve|> <|assistant|>'),
      teacherPrompt: asked(rubric.join(' ')),
      completionTokens: encode('So 1 2 \\boxed{ 4 }'),
    };
    const sides = { student: model, teacher: model };
    const alone = rubric.map((text) =>
      scoreGuidance(sides, { ...answer, teacherPrompt: asked(text) }, PLAIN_DIVERGENCE),
    );
    const strongest = answer.completionTokens.map((_, t) => {
      const distances = alone.map(({ divergence }) => divergence[t] as number);
      return distances.indexOf(Math.max(...distances));
    });
    expect(new Set(strongest).size).toBeGreaterThan(1);
    const criteria = rubric.map((title) => ({ title, prompt: asked(title) }));
    const before = liveTensors();
    const joint = scoreGuidance(sides, { ...answer, criteria }, PLAIN_DIVERGENCE);
    expect(liveTensors()).toEqual(before);
    const { criteria: titles, criterion, ...rest } = joint;
    expect([titles, criterion]).toEqual([rubric, strongest]);
    expect(rest).toEqual(scoreGuidance(sides, answer, PLAIN_DIVERGENCE));
    const mixed = scoreGuidance(sides, { ...answer, criteria }, { ...PLAIN_DIVERGENCE, teacher_mixture: 'strongest' });
    const expected = strongest.map((k, t) => alone[k]?.divergence[t] as number);
    expectClose(mixed.divergence, expected, { tolerance: 1e-5, where: 'divergence' });
    model.dispose();
    folder.remove();
  });
});

describe('both sides of completions', () => {
  it('are what each model gives behind its own prompt, at the temperature', async () => {
    const model = await openFixture('llama-tied');
    const params = Object.entries(model.weights.params).map(([name, tensor]) => [name, tf.mul(tensor, 1.05)]);
    const teacher = { ...model, weights: { ...model.weights, params: Object.fromEntries(params) } };
    const completions = ragged()
      .filter(({ completionTokens }) => completionTokens.length > 0)
      .map(({ promptTokens, completionTokens }, i) => ({
        completionTokens,
        studentPrompt: promptTokens,
        teacherPrompt: randomTokens(2 + 5 * i, { seed: 300 + i }),
      }));
    const before = liveTensors();
    const found = await compareCompletions({ student: model, teacher }, completions, { temperature: 1.3 });
    expect(liveTensors()).toEqual(before);
    const alone = async (policy: LanguageModel, promptOf: 'studentPrompt' | 'teacherPrompt') => {
      const sequences = completions.map((own) => ({
        promptTokens: own[promptOf],
        completionTokens: own.completionTokens,
      }));
      return (await scoreCompletions(policy, sequences, { temperature: 1.3 })).flatMap(({ logprobs }) => logprobs);
    };
    const of = (name: keyof (typeof found)[number]) => found.flatMap((own) => own[name]);
    expectClose(of('student'), await alone(model, 'studentPrompt'), { tolerance: 5e-5, where: 'student' });
    expectClose(of('teacher'), await alone(teacher, 'teacherPrompt'), { tolerance: 5e-5, where: 'teacher' });
    const [favourite, likely] = [of('favourite'), of('teacher')];
    expect(favourite.every((most, t) => most >= (likely[t] as number) - 1e-5 && most <= 0)).toBe(true);
    expect(Math.min(...of('divergence'))).toBeGreaterThan(0);
    const same = await compareCompletions(
      { student: model, teacher: model },
      completions.map((own) => ({ ...own, teacherPrompt: own.studentPrompt })),
      { temperature: 1.3 },
    );
    expectClose(
      same.flatMap(({ divergence }) => divergence),
      likely.map(() => 0),
      { tolerance: 1e-5, where: 'itself' },
    );
    disposeTree(teacher.weights.params);
    model.dispose();
  });
});
