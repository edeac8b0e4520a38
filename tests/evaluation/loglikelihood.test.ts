import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import { likelihoodPrompt } from '../../src/questions/grading/modes/likelihood';
import { evaluateByLoglikelihood, LIKELIHOOD_RULES, toEvaluation } from '../../src/results/evaluation/loglikelihood';
import { LM_EVAL_MODEL, type LmEvalQuestion, lmEvalQuestions as rows } from './lmEvalQuestions';

describe('evaluation by log-likelihood', () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openModel(LM_EVAL_MODEL);
  });
  afterAll(() => model.dispose());

  it.each(rows)('asks $question.id as lm-eval does', ({ question, context, continuations }) => {
    const prompt = likelihoodPrompt(question);
    expect([prompt.context, prompt.continuations.map((text) => ` ${text}`)]).toEqual([context, continuations]);
  });

  it('gives the log-likelihoods and the accuracies of lm-eval', async () => {
    const { summary, results } = await evaluateByLoglikelihood({
      model,
      questions: rows.map(({ question }) => question),
    });
    results.forEach(({ loglikelihoods, correct }, i) => {
      const row = rows[i] as LmEvalQuestion;
      const distances = loglikelihoods.map((value, k) => Math.abs(value - (row.loglikelihoods[k] as number)));
      expect(Math.max(...distances)).toBeLessThan(1e-3);
      for (const rule of LIKELIHOOD_RULES)
        expect([row.question.id, rule, Number(correct[rule])]).toEqual([row.question.id, rule, row[rule]]);
    });
    for (const rule of LIKELIHOOD_RULES)
      expect(summary[rule].value).toBeCloseTo(rows.reduce((sum, row) => sum + row[rule], 0) / rows.length, 12);
    // Length matters on these questions, or the test would not tell acc from the other two.
    expect(
      new Set(LIKELIHOOD_RULES.map((rule) => results.map(({ chosen }) => chosen[rule]).join(''))).size,
    ).toBeGreaterThan(1);
  });

  it('gives an evaluation in the form of sampled ones', async () => {
    const questions = rows.slice(0, 8).map(({ question }) => question);
    const evaluation = toEvaluation(await evaluateByLoglikelihood({ model, questions }), 'acc_norm');
    expect(evaluation.summary.accuracy.value).toBeCloseTo(
      rows.slice(0, 8).reduce((sum, row) => sum + row.acc_norm, 0) / 8,
      12,
    );
    expect(evaluation.summary.unparsed).toBe(0);
    expect(evaluation.results[0]?.responses[0]?.tokens).toBeGreaterThan(0);
  });

  it('cuts the beginning of a question that is too long, and refuses one without choices', async () => {
    const [{ question }] = rows as [LmEvalQuestion];
    const long = { ...question, question: 'word '.repeat(2000) };
    const { results } = await evaluateByLoglikelihood({ model, questions: [long] });
    expect(results[0]?.loglikelihoods.every(Number.isFinite)).toBe(true);
    const { choices: _, ...without } = question;
    await expect(evaluateByLoglikelihood({ model, questions: [without] })).rejects.toThrow('has no choices');
  });
});
