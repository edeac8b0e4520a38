import { describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import type { SampleRow } from '../../src/base/records/rows';
import {
  microscienceQuestions,
  microscienceTask,
  microscienceViews,
  strataWorld,
} from '../../src/questions/tasks/microscience';
import type { Task } from '../../src/questions/tasks/task';
import { type Evaluation, evaluate, type QuestionResult, summarize } from '../../src/results/evaluation/evaluate';
import { fromSampleRows, toResults, toSampleRows } from '../../src/results/evaluation/results';
import { openedScienceModel } from '../model/tiny';

const science = openedScienceModel();

const questions = microscienceQuestions('test', { seed: 1, perFamily: 1, world: strataWorld() });
const settings = { temperature: 1, top_p: 1, top_k: 0, max_tokens: 5, samples: 3, questions: 4, ladder: false };
const request = { task: microscienceTask, views: microscienceViews, questions, settings, seed: 9 };

/** Answers are the parity of the response's length; every third question's responses hold none. */
const parity: Task = {
  name: 'parity',
  grade: (question, response) => {
    const index = questions.indexOf(question);
    if (index % 3 === 2) return { extracted: null, correct: false };
    const extracted = response.length % 2 === 0 ? 'even' : 'odd';
    return { extracted, correct: extracted === 'even' };
  },
};

describe('evaluation', () => {
  it('counts answers that are missing and answers that are cut off, and takes them as wrong', async () => {
    const { summary, results } = await evaluate({ ...request, model: science.model });
    expect(results.map(({ question }) => question.id)).toEqual(questions.slice(0, 4).map(({ id }) => id));
    expect(summary).toMatchObject({ samples: 3, unparsed: 12, truncated: 12, meanLength: 5 });
    expect(summary.accuracy).toMatchObject({ value: 0, n: 4 });
    expect(summary.process?.n).toBe(4);
  });

  it('averages over the samples of a question, then over questions', async () => {
    const { summary, results } = await evaluate({
      ...request,
      model: science.model,
      task: parity,
      settings: { ...settings, questions: 0 },
    });
    expect(results).toHaveLength(questions.length);
    const shares = results.map(({ responses }) => responses.filter(({ correct }) => correct).length / 3);
    expect(new Set(shares).size).toBeGreaterThan(1);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(summary.accuracy.value).toBeCloseTo(mean(shares), 12);
    expect(summary.passAt.map(({ value }) => value)[2]).toBeCloseTo(
      mean(shares.map((share) => (share > 0 ? 1 : 0))),
      12,
    );
    expect(summary.passAt[0]?.value).toBeCloseTo(summary.accuracy.value, 12);
    expect(summary.passAt).toHaveLength(3);
    expect(summary.unparsed).toBe(3 * Math.floor(questions.length / 3));
    expect(summary.process).toBeUndefined();
  });

  it('draws the same answers for the same seed, whatever else is evaluated, and others with a context', async () => {
    const texts = ({ results }: Evaluation) =>
      new Map(results.map(({ question, responses }) => [question.id, responses.map(({ text }) => text)]));
    const all = texts(await evaluate({ ...request, model: science.model }));
    const alone = texts(await evaluate({ ...request, model: science.model, questions: questions.slice(2, 3) }));
    const id = questions[2]?.id as string;
    expect(alone.get(id)).toEqual(all.get(id));
    expect(new Set(all.get(id)).size).toBe(3);
    const other = texts(await evaluate({ ...request, model: science.model, seed: 10 }));
    expect(other.get(id)).not.toEqual(all.get(id));
    const view = (question: Question) => ({ question, purpose: 'answer', answer: question.answer }) as const;
    expect(texts(await evaluate({ ...request, model: science.model, view })).get(id)).not.toEqual(all.get(id));
  });

  it('comes back from its files as it was', async () => {
    const evaluation = await evaluate({ ...request, model: science.model, task: parity });
    const rows = JSON.parse(JSON.stringify(toSampleRows(evaluation, ({ id }) => `prompt of ${id}`)));
    const file = { config: { gen_kwargs: settings } };
    expect(fromSampleRows(rows, file, { task: parity, questions })).toEqual([evaluation]);
    // Rows of an earlier version do not name their decoding; the settings in results.json do.
    const old = rows.map(({ decoding: _, ...row }: SampleRow) => row);
    expect(fromSampleRows(old, file, { task: parity, questions })).toEqual([evaluation]);
    expect(fromSampleRows(old, { config: {} }, { task: parity, questions })[0]?.summary.decoding).toBeUndefined();
    const facts = { task: 'parity', model: 'tiny', settings, seed: 9, seconds: 1, gitHash: null, mode: 'task' };
    expect(toResults([evaluation], facts)).toMatchObject({
      results: { parity: { sample_len: 4, 'avg@3,none': evaluation.summary.accuracy.value } },
      counts: { parity: { unparsed: evaluation.summary.unparsed, truncated: 12, unscored: 0 } },
      config: { random_seed: 9 },
      configs: { parity: { mode: 'task' } },
      higher_is_better: { parity: { 'avg@3': true, 'pass@1': true, 'pass@2': true, 'pass@3': true, 'maj@3': true } },
    });
    expect(rows[0]).toMatchObject({
      doc: { subject: 'MOVE' },
      arguments: { gen_args_0: { arg_0: expect.stringMatching(/^prompt of /) } },
    });
  });
});

describe('a summary', () => {
  it('has the numbers that a hand computes', () => {
    const [question] = questions as [Question];
    const response = (correct: boolean, extracted: string | null, tokens: number, truncated = false) => ({
      correct,
      extracted,
      tokens,
      truncated,
      text: '',
      process: correct ? 1 : 0.25,
    });
    const results: QuestionResult[] = [
      { question, responses: [response(true, 'a', 2), response(false, null, 8, true)] },
      { question, responses: [response(false, 'b', 4), response(false, null, 6)] },
    ];
    const summary = summarize(results, { temperature: 1, top_p: 1, samples: 2 });
    expect(summary).toMatchObject({ samples: 2, meanLength: 5, unparsed: 2, truncated: 1 });
    expect(summary.accuracy).toMatchObject({ value: 0.25, standardError: 0.25, n: 2 });
    expect(summary.process?.value).toBe((0.625 + 0.25) / 2);
    expect(summary.passAt.map(({ value }) => value)).toEqual([0.25, 0.5]);
    expect(summary.majority?.value).toBe(0.5);
  });

  it('takes a judge’s scores for the accuracy and leaves out what was not scored, which it counts', () => {
    const [question] = questions as [Question];
    const response = (score: number | null) => {
      return { score, correct: false, extracted: 'text', tokens: 1, truncated: false, text: 'text' };
    };
    const results = [
      { question, responses: [response(0.8), response(null)] },
      { question, responses: [response(0.4), response(0.2)] },
      { question, responses: [response(null), response(null)] },
    ];
    const { accuracy, passAt, majority, unscored } = summarize(results, { temperature: 1, top_p: 1, samples: 2 });
    expect(accuracy).toMatchObject({ value: (0.8 + 0.3) / 2, n: 2 });
    expect([passAt, majority, unscored]).toEqual([[], undefined, 3]);
  });
});
