/** GRPO's and RCSD's relatives in whole stages on a tiny model: what they learn from. */
import { describe, expect, it } from 'vitest';
import type { StageSettings } from '../../src/base/config/configs';
import { openRun, type Run } from '../../src/base/records/runReader';
import type { Algorithm } from '../../src/method/algorithms/algorithm';
import { filteredSft } from '../../src/method/algorithms/filtered';
import { gkd } from '../../src/method/algorithms/gkd';
import { grpo } from '../../src/method/algorithms/grpo';
import { grpoOpsd } from '../../src/method/algorithms/grpoOpsd';
import { opsd } from '../../src/method/algorithms/opsd';
import { penalty } from '../../src/method/algorithms/penalty';
import { rlcsd } from '../../src/method/algorithms/rlcsd';
import { sdpo } from '../../src/method/algorithms/sdpo';
import { ssd } from '../../src/method/algorithms/ssd';
import type { Reward } from '../../src/method/rewards/reward';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import type { Task } from '../../src/questions/tasks/task';
import { expectClose } from '../parity/reference';
import { type Change, CONTRAST, EVERY, JSD, letters, odd, stage } from './algorithms';
import { checkpointOf, expectSameTensors, readFile, recordOf, runStage, scienceRuns, stageSettings } from './stage';

const { model, place, complete } = scienceRuns();

const column = (run: Run, name: string): number[] => run.metrics().map((row) => row[name] as number);
const weightsAt = (run: Run, step = 6) => readFile(checkpointOf(run.path, step), 'model.safetensors');
const drawn = (run: Run) =>
  run
    .completions()
    .map(({ step, question_id, sample, completion_ids }) => ({ step, question_id, sample, completion_ids }));

describe('GKD', () => {
  it('with lambda 1 is on-policy JSD', async () => {
    const own = await complete('lambda 1', stage(gkd, { ...JSD, relatives: { gkd_lambda: 1 } }));
    const expected = await complete('on-policy', stage(opsd, JSD));
    expect(recordOf(own.path)).toEqual(recordOf(expected.path));
    expectSameTensors(weightsAt(own), weightsAt(expected));
  });

  it('with lambda 0 is the JSD on the solutions', async () => {
    const own = await complete('lambda 0', stage(gkd, { ...JSD, relatives: { gkd_lambda: 0 } }));
    const solutions = (settings: StageSettings): Algorithm => ({ ...opsd(settings), rollouts: 'data' });
    const expected = await complete('solutions', stage(solutions, JSD));
    expect(recordOf(own.path)).toEqual(recordOf(expected.path));
    expectSameTensors(weightsAt(own), weightsAt(expected));
  });

  it('in between takes each completion from one of the two', async () => {
    const still: Change = { ...JSD, optimizer: { ...stageSettings().optimizer, learning_rate: 1e-12 } };
    const by = async (gkd_lambda: number) =>
      drawn(await complete(`still ${gkd_lambda}`, stage(gkd, { ...still, relatives: { gkd_lambda } })));
    const [solutions, mixed, own] = [await by(0), await by(0.5), await by(1)];
    const sampled = mixed.filter((row) => own.some((other) => JSON.stringify(other) === JSON.stringify(row)));
    const given = mixed.filter((row) => solutions.some((other) => JSON.stringify(other) === JSON.stringify(row)));
    expect(sampled.length + given.length).toBe(24);
    expect(sampled.length).toBeGreaterThan(5);
    expect(given.length).toBeGreaterThan(5);
  });
});

describe('GRPO + OPSD', () => {
  it('with beta 0 is GRPO bit for bit', async () => {
    const changes: Change = { teacher_context: 'answer', relatives: { distill_coef: 0 } };
    const own = await complete(
      'beta 0',
      stage((s) => grpoOpsd(s, [odd]), changes),
    );
    const expected = await complete(
      'grpo',
      stage((s) => grpo(s, [odd]), changes),
    );
    expect(recordOf(own.path)).toEqual(recordOf(expected.path));
    expectSameTensors(weightsAt(own), weightsAt(expected));
  });

  it('learns from the teacher where all rewards are the same', async () => {
    const same: Reward = { name: 'same', weight: 1, score: async (completions) => completions.map(() => 1) };
    const run = await complete(
      'same',
      stage((s) => grpoOpsd(s, [same]), JSD),
    );
    const [rewarded, distilled] = [column(run, 'frac_reward_zero_std'), column(run, 'divergence/true')];
    expect(rewarded).toEqual([1, 1, 1, 1, 1, 1]);
    // beta is 0.05, and a fiftieth of it at the first update.
    expectClose([column(run, 'loss')[0] ?? 9], [(0.05 / 50) * (distilled[0] ?? 0)], { tolerance: 1e-7, where: 'loss' });
    expect(Math.min(...column(run, 'grad_norm'))).toBeGreaterThan(0);
  });
});

describe('RLCSD', () => {
  it('without a contrast is GRPO bit for bit', async () => {
    const changes: Change = { ...CONTRAST, relatives: { contrast_coef: 0 } };
    const own = await complete(
      'contrast 0',
      stage((s) => rlcsd(s, [odd], letters), changes),
    );
    const expected = await complete(
      'grpo of six',
      stage((s) => grpo(s, [odd]), changes),
    );
    expectSameTensors(weightsAt(own), weightsAt(expected));
    expect(column(own, 'loss')).toEqual(column(expected, 'loss'));
    expect(Math.max(...column(own, 'frac_contrast'))).toBeGreaterThan(0.5);
  });

  it('with one is not', async () => {
    const [own, expected] = [
      await complete(
        'contrast',
        stage((s) => rlcsd(s, [odd], letters), CONTRAST),
      ),
      await complete(
        'no contrast',
        stage((s) => grpo(s, [odd]), CONTRAST),
      ),
    ];
    expect(weightsAt(own)).not.toEqual(weightsAt(expected));
  });
});

describe('SDPO', () => {
  it('learns beside a successful sibling, and passes over questions without any', async () => {
    const run = await complete('sdpo seen', EVERY.sdpo);
    const dropped = column(run, 'frac_no_sibling');
    expect(run.completions()).toHaveLength(24 - 4 * dropped.reduce((a, b) => a + b));
    expect(Math.min(...dropped)).toBeLessThan(Math.max(...dropped));
    for (const { prompt, teacher_prompt } of run.completions()) {
      const shown = /<\|rubric\|> (.*) <\|solve\|>/.exec(teacher_prompt ?? '')?.[1] ?? '';
      expect(letters.grade(undefined as never, shown).correct).toBe(true);
      expect(prompt).not.toContain('<|rubric|>');
    }
  });

  it('does nothing where nobody succeeds', async () => {
    const never: Pick<Task, 'grade'> = { grade: () => ({ extracted: null, correct: false }) };
    const run = await complete(
      'nobody',
      stage((s) => sdpo(s, never), JSD),
    );
    for (const row of run.metrics()) expect(row).toMatchObject({ loss: null, num_tokens: 0, frac_no_success: 1 });
    expectSameTensors(weightsAt(run), readFile(model, 'model.safetensors'));
  });
});

describe('the control without a teacher', () => {
  const once: Change = { steps: 1, optimizer: { ...stageSettings().optimizer, weight_decay: 0, warmup_steps: 0 } };

  it('makes unlikely tokens less likely', async () => {
    const changes = stage(penalty, { ...once, relatives: { penalty_below: 1 } });
    const { model: base, trained } = await runStage(place('all'), changes);
    const sequences = openRun(place('all').path)
      .completions()
      .map(({ prompt, completion_ids }) => ({
        promptTokens: base.tokenizer?.encode(prompt) ?? [],
        completionTokens: completion_ids,
      }));
    const total = async (policy: typeof base) =>
      (await scoreCompletions(policy, sequences)).flatMap(({ logprobs }) => logprobs).reduce((a, b) => a + b);
    expect(await total(trained)).toBeLessThan((await total(base)) - 1);
    trained.dispose();
    base.dispose();
  });

  it('does nothing where no token is unlikely', async () => {
    const run = await complete('none', stage(penalty, { ...once, relatives: { penalty_below: 1e-9 } }));
    expectSameTensors(weightsAt(run, 1), readFile(model, 'model.safetensors'));
  });
});

describe('samples of the frozen model', () => {
  const still: Change = { optimizer: { ...stageSettings().optimizer, learning_rate: 1e-12 } };

  it.each([
    ['ssd', ssd],
    ['filtered', (s: StageSettings) => filteredSft(s, letters)],
  ] as const)('are the same whatever is learned: %s', async (name, algorithm) => {
    const teacher = { relatives: { sampler: 'teacher' } } as const;
    const moving = drawn(await complete(`${name} moving`, stage(algorithm, teacher)));
    expect(moving).toEqual(drawn(await complete(`${name} still`, stage(algorithm, { ...still, ...teacher }))));
    const own = drawn(
      await complete(
        `${name} own`,
        stage((s) => filteredSft(s, letters)),
      ),
    );
    expect(own).not.toEqual(moving);
  });
});
