import { describe, expect, it } from 'vitest';
import { requireTokenizer } from '../../src/engine/model/model';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import {
  microscienceQuestions,
  microscienceTask,
  microscienceViews,
  strataWorld,
} from '../../src/questions/tasks/microscience';
import { meanTrueRule, trueRule } from '../../src/run/session/trueRule';
import { openedScienceModel } from '../model/tiny';

const science = openedScienceModel();
const questions = microscienceQuestions('test', { seed: 3, perFamily: 4, world: strataWorld() });

describe('the probability of the right rule', () => {
  const request = () => ({ model: science.model, task: microscienceTask, views: microscienceViews, questions });

  it('is that of its words behind both openings, each by its own probability', async () => {
    const found = await trueRule(request());
    const { encode } = requireTokenizer(science.model);
    const [question] = questions;
    const branch = question && microscienceTask.branch?.(question);
    if (!question || !branch) throw new Error('no branch');
    const promptTokens = encode(microscienceViews.render({ question, purpose: 'answer' }));
    const chance = async (text: string) => {
      const [scores] = await scoreCompletions(science.model, [{ promptTokens, completionTokens: encode(text) }]);
      return Math.exp(scores?.logprobs.reduce((a, b) => a + b, 0) ?? Number.NaN);
    };
    const openings = await Promise.all(branch.before.map(chance));
    const whole = await Promise.all(branch.before.map((before) => chance(`${before} ${branch.rule}`)));
    const add = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect((found[0] as number) / (add(whole) / add(openings))).toBeCloseTo(1, 3);
    expect(found).toHaveLength(questions.length);
    for (const value of found) expect(value).toBeGreaterThan(0);
  });

  it('is averaged over questions and by stratum', async () => {
    const found = (await trueRule(request())) as number[];
    const summary = await meanTrueRule(request());
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(summary?.mean).toBeCloseTo(mean(found), 12);
    expect(Object.keys(summary?.strata ?? {}).sort()).toEqual(['gated', 'minority', 'modal', 'silent']);
    const gated = found.filter((_, i) => questions[i]?.metadata?.stratum === 'gated');
    expect(summary?.strata?.gated).toBeCloseTo(mean(gated), 12);
  });

  it('is unknown where a task knows no rules, or a question does not fork', async () => {
    const { branch: _, ...plain } = microscienceTask;
    expect(await meanTrueRule({ ...request(), task: plain })).toBeUndefined();
    const [first] = questions;
    if (!first) throw new Error('no question');
    const { solution: __, ...without } = first;
    expect(await trueRule({ ...request(), questions: [without] })).toEqual([undefined]);
  });
});
