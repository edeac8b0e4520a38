/** The relatives' records by hand: what each keeps, shows its teacher, and tells its loss. */
import { describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import type { Criterion } from '../../src/base/records/rubric';
import type {
  Algorithm,
  Example,
  Measuring,
  RolloutGroup,
  TrainingRollout,
} from '../../src/method/algorithms/algorithm';
import { cort, smoothStep } from '../../src/method/algorithms/cort';
import { cripo, flipped, localised, suppressed } from '../../src/method/algorithms/cripo';
import { filteredSft } from '../../src/method/algorithms/filtered';
import { gkd } from '../../src/method/algorithms/gkd';
import { distillWeight } from '../../src/method/algorithms/groupPolicy';
import { grpoOpsd } from '../../src/method/algorithms/grpoOpsd';
import { iwOpd, prefixWeights } from '../../src/method/algorithms/iwOpd';
import { majority, majorityPlaces } from '../../src/method/algorithms/majority';
import { donorsOf, op2sd } from '../../src/method/algorithms/op2sd';
import { opd } from '../../src/method/algorithms/opd';
import { byEntropy, opsa } from '../../src/method/algorithms/opsa';
import { penalty } from '../../src/method/algorithms/penalty';
import { residual, rlcsd, shifted } from '../../src/method/algorithms/rlcsd';
import { sized } from '../../src/method/algorithms/rlsd';
import { sdft } from '../../src/method/algorithms/sdft';
import { sdpo } from '../../src/method/algorithms/sdpo';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { ssd } from '../../src/method/algorithms/ssd';
import type { Reward } from '../../src/method/rewards/reward';
import type { Rollout } from '../../src/method/rollout/rollout';
import type { ComparedCompletion } from '../../src/method/scoring/compare';
import type { CompletionScores } from '../../src/method/scoring/logprobs';
import { scienceTask } from '../../src/questions/tasks/science';
import type { Task } from '../../src/questions/tasks/task';
import { expectClose } from '../parity/reference';

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
/** What a batch is measured at before an update. */
const measuring = (
  scores: readonly CompletionScores[] = [],
  compared: readonly ComparedCompletion[] = [],
  updates = 0,
): Measuring => ({ score: async () => scores, compare: async () => compared, updates });
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

describe('GRPO + OPSD', () => {
  it.each([
    [0, 0.01],
    [1, 0.02],
    [9, 0.1],
    [10, 0.1],
    [400, 0.1],
  ])('weighs the distillation at update %i by %f', (updates, expected) => {
    const settings = stage('algorithm=grpo_opsd', 'distill_coef=0.1', 'distill_warmup_steps=10');
    expect(distillWeight(settings, updates)).toBeCloseTo(expected, 12);
  });

  it('starts at the whole weight without a warm-up, and has no teacher without a weight', () => {
    expect(distillWeight(stage('algorithm=grpo_opsd', 'distill_warmup_steps=0'), 0)).toBe(0.05);
    expect(grpoOpsd(stage('algorithm=grpo_opsd'), []).teacherView?.(example)).toMatchObject({ answer: '4' });
    expect(grpoOpsd(stage('algorithm=grpo_opsd', 'distill_coef=0'), []).teacherView).toBeUndefined();
  });
});

describe('CriPO', () => {
  const criterion = (id: string, weight: number): Criterion => ({
    ...{ id, title: id, description: `Says ${id}.`, weight, importance: null, polarity: 'satisfied is good' },
  });
  const criteria = [
    criterion('a', 5),
    criterion('b', 3),
    criterion('c', 1),
    criterion('d', 2),
    criterion('e', 4),
    criterion('f', 9),
  ];
  const settings = stage('algorithm=cripo', 'num_generations=4', 'batch_size=8', 'distill_warmup_steps=0');
  const algorithm = cripo(settings, async (completions) =>
    completions.map(({ text }) =>
      criteria.map((each) => ({ criterion: each, degree: text.includes(each.id) ? 0.8 : 0.4 })),
    ),
  );

  it('has the best revised to meet the heaviest criteria that nobody meets, and bad ones to avoid what is held against them', async () => {
    const { assessments, metrics } = await judged(algorithm, group('f', 'b', 'b', 'z'), group('a', 'a', 'a', 'a'));
    // b is met by two whose advantages sum below 0; f by the best alone; the rest by nobody.
    const shown = assessments.map((own) =>
      own.map(
        (each) =>
          each?.revision && [
            each.revision.towards,
            each.revision.criteria.map(({ id }) => id).join(),
            each.revision.response,
          ],
      ),
    );
    expect(shown).toEqual([
      [['meet', 'a,e,d', 'f'], ['avoid', 'b', 'b'], ['avoid', 'b', 'b'], undefined],
      [['meet', 'f,e,b', 'a'], undefined, undefined, undefined],
    ]);
    expectClose(assessments[0]?.map((each) => each?.reward ?? 9) ?? [], [9 / 24, 3 / 24, 3 / 24, 0], {
      tolerance: 1e-12,
      where: 'reward',
    });
    expect(metrics).toMatchObject({ 'cripo/unexplored': 1, 'cripo/suppressed': 0.5, frac_reward_zero_std: 0.5 });
    const [revised, plain] = [assessments[0]?.[1], assessments[1]?.[1]].map((each) =>
      algorithm.teacherView?.(example, each ?? {}),
    );
    expect(revised?.revision).toMatchObject({ towards: 'avoid', response: 'b' });
    expect(plain).toEqual(algorithm.studentView(example));
    const alone = cripo(stage('algorithm=cripo', 'cripo_shows_response=false'), async () => [[], []]);
    expect((await judged(alone, group('x', 'y'))).assessments).toEqual([[{ advantage: 0 }, { advantage: 0 }]]);
  });

  it.each([
    [[true, true, false, null], [0.5, -0.6, 0.1, 0], true],
    [[true, false, false, false], [0, 0, 0, 0], true],
    [[true, true, false, false], [0, 0, 0, 0], false],
    [[false, false, null, false], [-1, 0, 1, 0], false],
    [[true, false, false, false], [1, -1, 0, 0], false],
  ])('finds %j with the advantages %j suppressed: %s', (met, advantages, expected) => {
    expect(suppressed(met, advantages)).toBe(expected);
  });

  it('learns where most of the divergence is, without the ends', () => {
    expect(localised([0.1, 5, 0.2, 50, 0])).toEqual([false, true, false, true, false]);
    expect(localised([1, 1, 1, 1])).toEqual([true, true, true, true]);
    expect(localised([0, -1e-9, 0])).toEqual([false, false, false]);
    expect(localised([3, 3, 1], [false, true, true])).toEqual([false, true, true]);
    const long = Array.from({ length: 200 }, () => 1);
    expect(localised(long).findIndex(Boolean)).toBe(2);
    expect(localised(long).lastIndexOf(true)).toBeLessThan(198);
  });

  it('turns the advantage over where the counterfactual teacher turns from the token', () => {
    const [p, q] = [Math.log(0.05), Math.log(0.5)];
    expect([flipped(-1, p, q - 0.1), flipped(-1, p, q + 0.1), flipped(p - 1, p, 0)]).toEqual([false, true, false]);
  });

  it('tells the loss both', async () => {
    const revision = (towards: 'meet' | 'avoid') => ({ towards, criteria: [] });
    const batch = [
      learned('best', { assessment: { advantage: 1, revision: revision('meet') } }),
      learned('bad', { assessment: { advantage: -1, revision: revision('avoid') } }),
      learned('other', { assessment: { advantage: -0.5 }, mask: [true, false, false] }),
    ];
    const same = { student: [-1, -1, -1], teacher: [-1, -1, -1], favourite: [-0.1, -0.1, -0.1], divergence: [0, 0, 0] };
    const compared = [
      { ...same, divergence: [8, 0.1, 2] },
      { ...same, teacher: [-9, -1, -2] },
      { ...same, divergence: [9, 9, 9] },
    ];
    const signals = await algorithm.signals?.(batch, measuring([], compared, 3));
    // Seven tokens count, of which two are chosen.
    expect(signals).toEqual([
      { advantage: [1, 1, 1], distill_weight: [0.05 * 3.5, 0, 0.05 * 3.5] },
      { advantage: [0.1, -1, -1], distill_weight: [0, 0, 0] },
      { advantage: [-0.5, -0.5, -0.5], distill_weight: [0, 0, 0] },
    ]);
  });
});

describe('IW-OPD', () => {
  const weigh = (iw_total: 'prefix' | 'completion', mask?: boolean[]) =>
    prefixWeights([1, -1, 2, 4], { iw_gamma: 0.5, iw_total }, mask);

  it('weighs a token by what the prefix leaves', () => {
    expect(weigh('prefix')).toEqual([1.5, 1.375, 1.25, 1]);
    expect(weigh('completion')).toEqual([1.5, 1.4375, 1.375, 1.25]);
    expect(weigh('prefix', [true, false, true, true])).toEqual([1.5, 1 + 0.5 * (1 - 1 / 3), 1 + 0.5 * (1 - 1 / 3), 1]);
    expect(weigh('prefix', [true, true, true, false])).toEqual([1.5, 1.25, 1, 1]);
    expect(prefixWeights([3], { iw_gamma: 0.5, iw_total: 'prefix' })).toEqual([1.5]);
    expect(prefixWeights([0, 0], { iw_gamma: 0.5, iw_total: 'prefix' })).toEqual([1.5, 1.5]);
  });

  it('has the advantages of the first update at all later ones', async () => {
    const algorithm = iwOpd(stage('algorithm=iw_opd', 'iw_gamma=0', 'num_iterations=2'));
    const compared = [{ student: [-3, -3, -3], teacher: [-1, -2, -4], favourite: [], divergence: [] }];
    const first = { ...learned('x', { assessment: {} }), first: { logprob: [-2, -2, -2] } };
    const signals = async (batch: TrainingRollout[]) =>
      (await algorithm.signals?.(batch, measuring([], compared)))?.[0];
    expect(await signals([learned('x', { assessment: {} })])).toEqual({ advantage: [2, 1, -1] });
    expect(await signals([first])).toEqual({ advantage: [1, 0, -2], old_logprob: [-2, -2, -2] });
  });
});

describe('OP2SD', () => {
  const questions = Array.from({ length: 7 }, (_, i) => ({ ...example.question, id: `q${i}`, solution: `s${i}` }));
  const { solution: _, ...unsolved } = { ...example.question, id: 'open' };
  const pool = { questions: [...questions, unsolved], seed: 3 };

  it('gives every solution once, and none to its own question', () => {
    const donors = donorsOf(pool.questions, 'each', 3);
    expect([...donors.keys()].sort()).toEqual(questions.map(({ id }) => id));
    expect([...donors].filter(([id, donor]) => donor.id === id)).toEqual([]);
    expect(new Set([...donors.values()].map(({ id }) => id)).size).toBe(7);
    expect(donorsOf([...pool.questions], 'each', 3)).toEqual(donors);
    expect(donorsOf(pool.questions, 'each', 4)).not.toEqual(donors);
    const one = [...donorsOf(pool.questions, 'one', 3)].map(([, donor]) => donor.id);
    expect([...new Set(one)].map((id) => one.filter((each) => each === id).length).sort()).toEqual([1, 6]);
    expect(donorsOf(questions.slice(0, 1), 'each', 3).size).toBe(0);
  });

  it('shows it to the teacher alone, as another problem', () => {
    const algorithm = op2sd(stage('algorithm=op2sd'), pool);
    const own = { question: questions[0] as Question };
    const { unrelated, answer } = algorithm.teacherView?.(own) ?? {};
    expect(unrelated?.question.id).not.toBe('q0');
    expect([unrelated?.solution, answer]).toEqual([unrelated?.question.solution, undefined]);
    expect(algorithm.studentView(own)).not.toHaveProperty('unrelated');
    expect(() => op2sd(stage('algorithm=op2sd'), { questions: [], seed: 1 }).teacherView?.(own)).toThrow(
      'Question q0 has no other question with a solution beside it',
    );
  });
});

describe('RLSD', () => {
  it.each([
    [1, 5, 1.1],
    [1, -5, 0.9],
    [-1, 5, -0.9],
    [-2, -0.1, -2 * (0.5 + 0.5 * Math.exp(0.1))],
    [0, 3, 0],
  ])('makes of the advantage %f, where the teacher is %f above, %f', (advantage, gap, expected) => {
    expect(sized(advantage, gap, { lambda: 0.5, clip: 0.2 })).toBeCloseTo(expected, 12);
  });
});

describe('OPSA', () => {
  it("pushes down the least likely of the batch's tokens, which alone make the mean", async () => {
    const algorithm = opsa(stage('algorithm=opsa', 'opsa_share=0.5'));
    const batch = [learned('x', { assessment: {} }), learned('y', { assessment: {}, mask: [true, true, false] })];
    const scores = [
      { logprobs: [-1, -5, -2], entropy: [0.4, 0.2, 0.9] },
      { logprobs: [-0.1, -3, -9], entropy: [1, 0.6, 2] },
    ];
    // Five tokens count; the two least likely are taken.
    expect(await algorithm.signals?.(batch, measuring(scores))).toEqual([
      { advantage: [0, -0.5, 0], keep: [0, 2.5, 0] },
      { advantage: [0, -1, 0], keep: [0, 2.5, 0] },
    ]);
    expect(byEntropy([0.3, 0.3])).toEqual([-1, -1]);
    const few = opsa(stage('algorithm=opsa', 'opsa_share=0.01', 'opsa_advantage=fixed'));
    const signals = await few.signals?.(batch, measuring(scores));
    expect(signals?.flatMap(({ advantage }) => advantage)).toEqual([0, -0.5, 0, 0, 0, 0]);
  });
});

describe('CoRT', () => {
  const rubric = { questionId: 'q', source: 'reference', criteria: [] };
  const shown = (...overrides: string[]) => {
    const algorithm = cort(stage('algorithm=cort', ...overrides), []);
    return [algorithm.studentView({ ...example, rubric }), algorithm.teacherView?.({ ...example, rubric })].map(
      (view) => view?.rubric !== undefined,
    );
  };

  it('has the policy see the criteria and read again without them, or the other way round', () => {
    expect(shown()).toEqual([true, false]);
    expect(shown('cort_criteria=untold')).toEqual([false, true]);
    expect(() => cort(stage('algorithm=cort'), []).studentView(example)).toThrow('without the rubric');
  });

  it.each([
    ['told', [1.5, 0.5]],
    ['untold', [0.5, 1.5]],
  ])('weighs tokens that the criteria made likelier: %s', async (which, expected) => {
    const settings = stage(
      'algorithm=cort',
      `cort_criteria=${which}`,
      'cort_slope=900',
      'cort_warmup_steps=0',
      'cort_ramp_steps=0',
    );
    const compared = [{ student: [-1, -3, -1], teacher: [-2, -2, -9], favourite: [], divergence: [] }];
    const batch = [learned('x', { assessment: { advantage: 1 }, mask: [true, true, false] })];
    const at = async (updates: number) =>
      (await cort(settings, []).signals?.(batch, measuring([], compared, updates)))?.[0]?.advantage?.slice(0, 2);
    expect(await at(0)).toEqual([1, 1]);
    expect(await at(1)).toEqual(expected);
  });

  it('rises smoothly', () => expect([-1, 0, 0.5, 1, 7].map(smoothStep)).toEqual([0, 0, 0.5, 1, 1]));
});

it('the control gives unlikely tokens a negative advantage, and all others none', async () => {
  const algorithm = penalty(stage('algorithm=penalty', 'penalty=2', 'penalty_below=0.2'));
  const batch: TrainingRollout[] = [learned('x', { assessment: {} })];
  const logprobs = [0.5, 0.21, 0.19].map(Math.log);
  const signals = await algorithm.signals?.(batch, measuring([{ logprobs, entropy: [] }]));
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
    const [first, second] = (await algorithm.signals?.(batch, measuring())) ?? [];
    const by = 0.5 * Math.tanh(0.5);
    expect(first?.advantage?.map((x) => Number(x.toFixed(9)))).toEqual([1, 1.5, Number((1 + by).toFixed(9))]);
    expect(second?.advantage).toEqual([-1, -1, -1]);
    // Five tokens count, of which two are selected.
    expect(first?.keep).toEqual([5 / 3, 5 / 2, 5 / 2]);
    expect(second?.keep).toEqual([5 / 3, 5 / 3, 5 / 3]);
  });
});
