/** The relatives' records by hand: what each keeps, shows its teacher, and tells its loss. */
import { describe, expect, it } from 'vitest';
import type { Algorithm, Example, RolloutGroup, TrainingRollout } from '../../src/method/algorithms/algorithm';
import { cripo, distillWeight } from '../../src/method/algorithms/cripo';
import { filteredSft } from '../../src/method/algorithms/filtered';
import { gkd } from '../../src/method/algorithms/gkd';
import { majority, majorityPlaces } from '../../src/method/algorithms/majority';
import { opd } from '../../src/method/algorithms/opd';
import { penalty } from '../../src/method/algorithms/penalty';
import { residual, rlcsd, shifted } from '../../src/method/algorithms/rlcsd';
import { sdft } from '../../src/method/algorithms/sdft';
import { sdpo } from '../../src/method/algorithms/sdpo';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { ssd } from '../../src/method/algorithms/ssd';
import type { Reward } from '../../src/method/rewards/reward';
import type { Rollout } from '../../src/method/rollout/rollout';
import { scienceTask } from '../../src/questions/tasks/science';
import type { Task } from '../../src/questions/tasks/task';

const stage = (...overrides: string[]) => resolveTrainConfig({ overrides: ['profile=paper', ...overrides] }).stage2;
const example: Example = {
  question: { id: 'q', task: 't', split: 'train', question: 'Why?', answer: '4', solution: 'So' },
};

/** The answer is the last word, where it is a number. */
const task: Pick<Task, 'grade'> = {
  grade: ({ answer }, response) => {
    const extracted = /(\d+)$/.exec(response)?.[1] ?? null;
    return { extracted, correct: extracted === answer };
  },
};

const rollout = (text: string): Rollout => ({
  ...{
    questionId: 'q',
    sample: 0,
    author: 'student',
    promptTokens: [1],
    completionTokens: [2, 3, 4],
    logprobs: [],
    samplingLogprobs: [],
  },
  ...{ text, finishReason: 'stop', seed: 0 },
});
/** The same as it is learned from. */
const learned = (text: string, more: Pick<TrainingRollout, 'assessment' | 'hinted' | 'mask'>): TrainingRollout => ({
  ...{ ...rollout(text), studentPrompt: [1], studentText: '' },
  ...more,
});
const group = (...texts: string[]): RolloutGroup => ({ example, rollouts: texts.map(rollout) });
const judged = async (algorithm: Algorithm, ...groups: RolloutGroup[]) => {
  const judgement = await algorithm.assess?.(groups);
  if (!judgement) throw new Error('no judgement');
  return judgement;
};

describe('filtered SFT', () => {
  const algorithm = filteredSft(stage('algorithm=sft', 'sft_source=filtered', 'num_generations=2'), task);

  it('keeps what the answer accepts and counts the rest', async () => {
    const { assessments: verdicts, metrics } = await judged(algorithm, group('is 4', 'is 5'), group('none', 'is 3'));
    expect(verdicts).toEqual([
      [{ reward: 1 }, null],
      [null, null],
    ]);
    expect(metrics).toEqual({ reward: 0.25, frac_no_success: 0.5 });
  });

  it('samples by whom the settings say', () => {
    expect(algorithm).toMatchObject({ rollouts: 'student', groupSize: 2, loss: { kind: 'cross_entropy' } });
    expect(algorithm.teacherView).toBeUndefined();
    const settings = stage('algorithm=sft', 'sft_source=filtered', 'sampler=teacher');
    expect(filteredSft(settings, task).rollouts).toBe('teacher');
  });
});

describe('the majority', () => {
  it.each([
    [
      ['a', 'b', 'b'],
      [1, 2],
    ],
    [
      ['a', 'b', 'b', 'a'],
      [0, 3],
    ],
    [[null, null, 'c'], [2]],
    [[null, null], []],
  ])('of %j stands at %j', (answers, expected) => expect([...majorityPlaces(answers)]).toEqual(expected));

  it('counts equal values in other words together, and learns them all', async () => {
    const { sameAnswer } = scienceTask;
    const question = { id: 'q', task: 'science', split: 'train', question: '?', answer: '0.5' };
    const same = (a: string, b: string) => sameAnswer?.(question, a, b) === true;
    expect([...majorityPlaces(['0.25', '1/2', '0.25', '0.5', '\\frac12'], same)]).toEqual([1, 3, 4]);
  });

  it('is learned from whether right or wrong', async () => {
    const algorithm = majority(stage('algorithm=majority', 'num_generations=3', 'batch_size=6'), task);
    const { assessments: verdicts, metrics } = await judged(
      algorithm,
      group('is 5', 'is 4', 'or 5'),
      group('no', 'no', 'no'),
    );
    expect(verdicts).toEqual([
      [{}, null, {}],
      [null, null, null],
    ]);
    expect(metrics).toEqual({ frac_majority: 2 / 6, frac_no_answer: 0.5 });
  });
});

describe('SDPO', () => {
  const algorithm = sdpo(stage('algorithm=sdpo', 'num_generations=3', 'batch_size=6'), task);

  it('shows a successful sibling, never the completion itself, and drops what has none', async () => {
    const [a, b] = ['first 4', 'then 4'];
    const { assessments: verdicts, metrics } = await judged(
      algorithm,
      group(a, 'is 5', b),
      group('is 1', 'x', 'x'),
      group('x', a, 'y'),
    );
    expect(verdicts).toEqual([
      [
        { reward: 1, siblings: [b] },
        { reward: 0, siblings: [a] },
        { reward: 1, siblings: [a] },
      ],
      [null, null, null],
      [{ reward: 0, siblings: [a] }, null, { reward: 0, siblings: [a] }],
    ]);
    expect(metrics).toEqual({ reward: 3 / 9, frac_no_success: 1 / 3, frac_no_sibling: 4 / 9 });
  });

  it('to the teacher alone', () => {
    const view = algorithm.teacherView?.(example, { siblings: ['first 4'] });
    expect(view).toMatchObject({
      question: example.question,
      purpose: 'answer',
      thinking: true,
      demonstration: 'first 4',
    });
    expect([view?.answer, view?.rubric]).toEqual([undefined, undefined]);
    expect(algorithm.studentView(example)).toEqual({ question: example.question, purpose: 'answer', thinking: true });
    expect(algorithm.loss).toMatchObject({ kind: 'divergence', divergence: 'jsd', top_k: 100, tail: true });
  });
});

describe('SDFT', () => {
  const algorithm = sdft(stage('algorithm=sdft'));

  it('shows the teacher the solution', () => {
    expect(algorithm.rollouts).toBe('student');
    expect(algorithm.teacherView?.(example).demonstration).toBe('So');
    expect(algorithm.studentView(example).demonstration).toBeUndefined();
    const { solution: _, ...question } = example.question;
    expect(() => algorithm.teacherView?.({ question })).toThrow('Question q has no solution for the teacher to see');
  });
});

it('GKD draws the author by chance', () => {
  const authors = (lambda: number) => {
    const { rollouts } = gkd(stage('algorithm=gkd', `gkd_lambda=${lambda}`));
    if (typeof rollouts === 'string') throw new Error('no chance');
    return [0, 0.29, 0.3, 0.999].map(rollouts);
  };
  expect(authors(0.3)).toEqual(['student', 'student', 'data', 'data']);
  expect(new Set(authors(0))).toEqual(new Set(['data']));
  expect(new Set(authors(1))).toEqual(new Set(['student']));
});

it('OPD and SSD are plain records', () => {
  expect(opd(stage('algorithm=opd'))).toMatchObject({
    rollouts: 'student',
    loss: { kind: 'sampled_token', temperature: 1 },
  });
  expect(opd(stage('algorithm=opd')).teacherView?.(example)).toMatchObject({ answer: '4' });
  expect(ssd(stage('algorithm=ssd'))).toMatchObject({ rollouts: 'teacher', loss: { kind: 'cross_entropy' } });
});

describe('CriPO', () => {
  it.each([
    [0, 0.01],
    [1, 0.02],
    [9, 0.1],
    [10, 0.1],
    [400, 0.1],
  ])('weighs the distillation at update %i by %f', (updates, expected) => {
    const settings = stage('algorithm=cripo', 'distill_coef=0.1', 'distill_warmup_steps=10');
    expect(distillWeight(settings, updates)).toBeCloseTo(expected, 12);
  });

  it('starts at the whole weight without a warm-up, and has no teacher without a weight', () => {
    expect(distillWeight(stage('algorithm=cripo', 'distill_warmup_steps=0'), 0)).toBe(0.05);
    expect(cripo(stage('algorithm=cripo'), []).teacherView?.(example)).toMatchObject({ answer: '4' });
    expect(cripo(stage('algorithm=cripo', 'distill_coef=0'), []).teacherView).toBeUndefined();
  });
});

it('the control gives unlikely tokens a negative advantage, and all others none', async () => {
  const algorithm = penalty(stage('algorithm=penalty', 'penalty=2', 'penalty_below=0.2'));
  const batch: TrainingRollout[] = [learned('x', { assessment: {} })];
  const logprobs = [0.5, 0.21, 0.19].map(Math.log);
  const signals = await algorithm.signals?.(batch, async () => [{ logprobs, entropy: [] }], 0);
  expect(signals).toEqual([{ advantage: [0, 0, -2] }]);
  expect(algorithm.teacherView).toBeUndefined();
});

describe('RLCSD', () => {
  const reward: Reward = {
    name: 'right',
    weight: 1,
    score: async (completions) => completions.map(({ question, text }) => Number(task.grade(question, text).correct)),
  };
  const settings = stage('algorithm=rlcsd', 'num_generations=4', 'batch_size=4');
  const algorithm = rlcsd(settings, [reward], task);

  it('shifts by the contrast of log-probabilities, within limits', () => {
    // e = log 0.5 - log((0.4 + 0.6) / 2) = 0
    expect(residual(Math.log(0.5), [0.4, 0.6].map(Math.log), 0.5)).toBeCloseTo(0, 12);
    expect(residual(-1, [-1.01], 0.5)).toBeCloseTo(0.5 * Math.tanh(0.5), 9);
    expect(residual(-1.01, [-1], 0.5)).toBeCloseTo(-0.5 * Math.tanh(0.5), 9);
    expect(residual(-1, [-800, -900], 5)).toBe(2);
    expect(residual(-900, [-1], 5)).toBe(-2);
  });

  it('never turns an advantage over', () => {
    expect([shifted(1, -0.4), shifted(0.3, -0.4), shifted(-0.3, 0.4), shifted(-1, -0.4), shifted(0, 0.4)]).toEqual([
      ...[0.6, 0, 0, -1.4, 0.4],
    ]);
  });

  it('hints at one right sibling and the wrong ones', async () => {
    const { assessments: verdicts, metrics } = await judged(
      algorithm,
      group('a 4', 'b 4', 'c 5', 'd'),
      group('a 4', 'b 5', 'c', 'd'),
    );
    const shown = verdicts.map((own) => own.map((verdict) => verdict?.siblings?.join()));
    expect(shown).toEqual([
      ['b 4,c 5,d', 'a 4,c 5,d', 'a 4,d', 'a 4,c 5'],
      [undefined, 'a 4,c,d', 'a 4,b 5,d', 'a 4,b 5,c'],
    ]);
    expect(metrics).toMatchObject({ frac_contrast: 7 / 8, reward: 3 / 8, frac_reward_zero_std: 0 });
    const views = algorithm.hintViews?.(example, verdicts[0]?.[2] ?? {});
    expect(views?.map(({ demonstration }) => demonstration)).toEqual(['a 4', 'd']);
    expect(algorithm.studentView(example)).not.toHaveProperty('demonstration');
  });

  it('tells the loss the shifted advantages and makes it a mean over each kind of token', async () => {
    const hinted = [
      [-1, -1, -1],
      [-1, -2, -1.01],
    ];
    const batch: TrainingRollout[] = [
      learned('x', { assessment: { advantage: 1 }, hinted }),
      learned('y', { assessment: { advantage: -1 }, mask: [true, true, false] }),
    ];
    const [first, second] = (await algorithm.signals?.(batch, async () => [], 0)) ?? [];
    const by = 0.5 * Math.tanh(0.5);
    expect(first?.advantage?.map((x) => Number(x.toFixed(9)))).toEqual([1, 1.5, Number((1 + by).toFixed(9))]);
    expect(second?.advantage).toEqual([-1, -1, -1]);
    // Five tokens count, of which two are selected.
    expect(first?.keep).toEqual([5 / 3, 5 / 2, 5 / 2]);
    expect(second?.keep).toEqual([5 / 3, 5 / 3, 5 / 3]);
  });
});
