import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RewardSettings } from '../../src/base/config/policyGradient';
import { InputError } from '../../src/base/records/errors';
import type { Criterion } from '../../src/base/records/rubric';
import { createRandom } from '../../src/engine/tensors/random';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { createRewards, type RewardContext } from '../../src/method/rewards';
import type { Completion } from '../../src/method/rewards/reward';
import { readCriteria } from '../../src/method/rubrics/criteria';
import { rubricScore } from '../../src/method/rubrics/score';
import {
  microscienceQuestions,
  microscienceTask,
  PROCESS_WEIGHTS,
  processChecks,
  strataWorld,
} from '../../src/questions/tasks/microscience';
import { scienceTask } from '../../src/questions/tasks/science';
import { temporaryFolder } from '../model/tiny';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const question = { id: 'q', task: 'science', split: 'train', question: 'How many?', answer: '42' };
const completion = (text: string, more: Partial<Completion> = {}): Completion => ({
  question,
  text,
  tokens: 5,
  ...more,
});
const settings = (changes: Partial<RewardSettings>): RewardSettings => ({
  ...profileDefaults('paper', 'grpo').stage2.grpo,
  ...changes,
});
const context: RewardContext = { task: scienceTask, longest: 100, seed: 1 };

async function scores(name: string, completions: readonly Completion[], changes = {}, given = context) {
  const [reward] = createRewards(settings({ rewards: [name], ...changes }), given);
  return reward?.score(completions);
}

describe('a judge of known error rates', () => {
  const answers = (right: boolean) =>
    Array.from({ length: 2000 }, (_, i) => completion(`Try ${i}: \\boxed{${right ? 42 : 7}}`));
  const rate = async (right: boolean, errors: Partial<RewardSettings>, given = context) => {
    const judged = (await scores('answer', answers(right), errors, given)) ?? [];
    return judged.reduce((sum: number, score) => sum + (score ?? Number.NaN), 0) / judged.length;
  };

  it('errs as often as it is said to, either way', async () => {
    const errors = { false_positive: 0.1, false_negative: 0.3 };
    expect(Math.abs((await rate(false, errors)) - 0.1)).toBeLessThan(0.025);
    expect(Math.abs((await rate(true, errors)) - 0.7)).toBeLessThan(0.04);
    expect(await rate(true, { false_positive: 1 })).toBe(1);
    expect(await rate(false, { false_negative: 1 })).toBe(0);
  });

  it('judges the same completion always alike, and another seed differently', async () => {
    const errors = { false_positive: 0.5, false_negative: 0.5 };
    const once = await scores('answer', answers(true), errors);
    expect(await scores('answer', answers(true).reverse(), errors)).toEqual(once?.slice().reverse());
    expect(await scores('answer', answers(true), errors, { ...context, seed: 2 })).not.toEqual(once);
  });
});

describe('rewards by rule', () => {
  it('give 1 for the right answer', async () => {
    const texts = ['So \\boxed{42}.', 'So \\boxed{50}.', 'No idea', 'The answer is 42'];
    expect(
      await scores(
        'answer',
        texts.map((text) => completion(text)),
      ),
    ).toEqual([1, 0, 0, 1]);
  });

  it('give 1 for a box with something in it, outside the thinking', async () => {
    const texts = ['\\boxed{7}', '\\boxed{ }', 'The answer is 42', '<think>\\boxed{42}</think> done', '\\boxed{4'];
    expect(
      await scores(
        'format',
        texts.map((text) => completion(text)),
      ),
    ).toEqual([1, 0, 0, 0, 0]);
  });

  it('take off for length as DAPO’s soft penalty does', async () => {
    const lengths = [1, 80, 85, 90, 100, 101].map((tokens) => completion('', { tokens }));
    const expected = [0, 0, -0.25, -0.5, -1, -1];
    expect(await scores('length', lengths)).toEqual(expected);
    expect(await scores('length', lengths, { overlong_buffer: 50 })).toEqual([0, -0.6, -0.7, -0.8, -1, -1]);
  });

  it('carry the weights of the settings, and the name of a file', () => {
    const path = join(folder.path, 'brevity.js');
    writeFileSync(path, 'module.exports = () => 1;');
    const made = createRewards(settings({ rewards: ['answer', `file:${path}`], reward_weights: [2, 0.5] }), context);
    expect(made.map(({ name, weight }) => [name, weight])).toEqual([
      ['answer', 2],
      ['brevity', 0.5],
    ]);
    expect(createRewards(settings({ rewards: ['format'] }), context)[0]?.weight).toBe(1);
  });
});

const criteria = (...items: { description: string; weight: number }[]): Criterion[] => readCriteria(items).criteria;
const met = (degrees: readonly number[], of: readonly Criterion[]) =>
  of.map((criterion, i) => ({ criterion, degree: degrees[i] as number }));

describe('the score of a rubric', () => {
  const rubric = criteria(
    { description: 'Essential Criteria: Names the law.', weight: 5 },
    { description: 'Important Criteria: Gives the unit.', weight: 3 },
    { description: 'Pitfall Criteria: Does not mention heat.', weight: -2 },
    { description: 'Pitfall Criteria: Confuses mass and weight.', weight: -2 },
  );

  it.each([
    // The first pitfall is good when satisfied, the second bad.
    ['absolute', [1, 1, 1, 0], 1],
    ['absolute', [0, 0, 0, 1], 0],
    ['absolute', [1, 0, 1, 1], 7 / 12],
    ['absolute', [0.5, 0, 0, 0], 4.5 / 12],
    ['rar', [1, 0, 1, 1], 1.9 / 3.5],
    ['healthbench', [1, 1, 1, 0], 1],
    ['healthbench', [1, 0, 1, 1], 3 / 8],
    ['healthbench', [0, 0, 0, 1], -4 / 8],
  ] as const)('%s of %j is %d', (formula, degrees, expected) => {
    expect(rubricScore(met(degrees, rubric), formula)).toBeCloseTo(expected, 12);
  });

  it('does without criteria of undecided polarity, and is unknown where nothing is left', () => {
    const odd = criteria({ description: 'Essential Criteria: Is polite.', weight: -1 });
    expect(odd[0]?.polarity).toBeNull();
    expect(rubricScore(met([1], odd), 'absolute')).toBeNull();
    expect(rubricScore(met([1, 0, 0, 0, 0], [...odd, ...rubric]), 'absolute')).toBe(2 / 12);
    expect(rubricScore([], 'rar')).toBeNull();
    expect(rubricScore(met([1], criteria({ description: 'Pitfall: Lies.', weight: -1 })), 'healthbench')).toBeNull();
  });
});

describe('the reward rubric on microscience', () => {
  const questions = microscienceQuestions('train', { seed: 1, perFamily: 12, world: strataWorld() });
  const rubricOf = (of: (typeof questions)[number], source: string) =>
    microscienceTask.rubric?.(of, source, createRandom(1), questions);
  const microscience: RewardContext = { task: microscienceTask, longest: 80, seed: 1 };

  it('looks every sentence of a reference rubric up, as the process score does', async () => {
    for (const each of questions) {
      for (const text of [each.solution ?? '', `${each.metadata?.wrong} \\boxed{ 9 }`, `${each.metadata?.step}`]) {
        const checks = processChecks(each, text);
        const rubric = rubricOf(each, 'full');
        const kinds = ['law', 'step', 'unit', 'given', 'pitfall'] as const;
        expect(rubric?.criteria.map((criterion) => microscienceTask.meetsCriterion?.(criterion, text))).toEqual(
          kinds.map((kind) => checks[kind]),
        );
        const earned = kinds.reduce((sum, kind) => sum + (checks[kind] ? Math.abs(PROCESS_WEIGHTS[kind]) : 0), 0);
        const [score] = (await scores('rubric', [{ question: each, rubric, text, tokens: 9 }], {}, microscience)) ?? [];
        expect(score).toBeCloseTo(earned / 15, 12);
        expect(score).toBeCloseTo(microscienceTask.grade(each, text).process ?? -1, 12);
      }
    }
  });

  it('cannot tell what no sentence can be looked up for', async () => {
    const [each] = questions;
    const generic = each && rubricOf(each, 'generic');
    if (!generic) throw new Error('no question, or no rubric for it');
    const answer = { question: each, text: each.solution ?? '', tokens: 9 };
    // Of the generic criteria, only the one that asks for a final answer can be looked up.
    const vague = { ...generic, criteria: generic.criteria.filter(({ title }) => title !== 'Final answer') };
    const cases = [
      { ...answer, rubric: generic },
      { ...answer, rubric: generic, text: 'No answer .' },
      { ...answer, rubric: vague },
      answer,
    ];
    expect(await scores('rubric', cases, {}, microscience)).toEqual([1, 0, null, null]);
  });
});

describe('a reward of one’s own', () => {
  const file = (name: string, source: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, source);
    return `file:${path}`;
  };
  const rubric = { questionId: 'q', source: 'reference', criteria: criteria({ description: 'Is short.', weight: 1 }) };

  it.each([
    ['common.js', 'module.exports = ({ text }) => -text.length;'],
    ['default.mjs', 'export default async ({ text }) => -text.length;'],
  ])('is the function that %s exports', async (name, source) => {
    expect(await scores(file(name, source), [completion('abc'), completion('')])).toEqual([-3, -0]);
  });

  it('sees question, text and rubric, and may say that it cannot tell', async () => {
    const own = file(
      'sees.js',
      'module.exports = (a) => a.rubric ? a.rubric.criteria.length + a.question.answer.length : null;',
    );
    expect(await scores(own, [completion('x', { rubric }), completion('x')])).toEqual([3, null]);
  });

  it.each([
    ['none.js', 'module.exports = 3;', /none\.js exports no function/],
    ['broken.js', 'module.exports = (;', /broken\.js could not be loaded/],
    [
      'throws.js',
      'module.exports = () => { throw new Error("no luck"); };',
      /throws\.js on question q threw an error: no luck/,
    ],
    ['text.js', 'module.exports = () => "3";', /text\.js on question q returned 3; return a finite number/],
    ['nan.js', 'module.exports = () => NaN;', /nan\.js on question q returned NaN/],
  ])('that is wrong is refused by name: %s', async (name, source, message) => {
    const run = async () => scores(file(name, source), [completion('x')]);
    await expect(run()).rejects.toThrow(message);
    await expect(run()).rejects.toBeInstanceOf(InputError);
  });
});
