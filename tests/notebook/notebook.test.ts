import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerRows, changeRows, pairAnswers, pairsThat } from '../../src/app/notebook/changes';
import { completionGroups, groupRows, rewardRows, spreadRow } from '../../src/app/notebook/groups';
import { interruptible } from '../../src/app/notebook/interruptible';
import { liveProgress } from '../../src/app/notebook/live';
import { liveRun } from '../../src/app/notebook/liveRun';
import { params } from '../../src/app/notebook/params';
import { showFigure, showGuidance, showRubric, showTable } from '../../src/app/notebook/show';
import { InterruptedError, throwIfAborted } from '../../src/base/records/errors';
import { yieldToEvents } from '../../src/base/records/events';
import { type Evaluation, summarize } from '../../src/results/evaluation/evaluate';
import { accuracyBars } from '../../src/results/figures/accuracy';
import { guidance, question, rubric } from '../figures/sample';
import { answerRow, HOSTILE, writeRun } from '../view/runs';

interface Written {
  readonly data: Readonly<Record<string, string | object>>;
  readonly id: string;
  readonly update: boolean;
}

const PLACE = '/somewhere/tslab/dist/jupyter.js';
const { cache } = createRequire(__filename);
const written: Written[] = [];

/** Listens where a running kernel has its writer; the kernel itself is in tests/notebooks. */
function listen(): void {
  const lastWriteDisplayData = (
    { data, transient }: { data: Written['data']; transient: { display_id: string } },
    update: boolean,
  ) => written.push({ data, id: transient.display_id, update });
  cache[PLACE] = { exports: { lastWriteDisplayData } } as NodeJS.Module;
}

beforeEach(listen);
afterEach(() => {
  delete cache[PLACE];
  delete process.env.RCSD_PARAMS;
  written.length = 0;
});

const event = (done: number, loss: number, stage = 'train') => ({ stage, done, total: 100, metrics: { loss } });

describe('what training changed', () => {
  const response = (text: string, correct: boolean) => ({
    text,
    correct,
    extracted: text,
    tokens: 1,
    truncated: false,
  });
  const evaluation = (answers: Readonly<Record<string, readonly string[]>>): Evaluation => {
    const results = Object.entries(answers).map(([id, texts]) => ({
      question: { ...question, id, answer: 'yes' },
      responses: texts.map((text) => response(text, text === 'yes')),
    }));
    return { results, summary: summarize(results, { temperature: 1, top_p: 0.95, samples: 2 }) };
  };
  const pairs = pairAnswers(
    evaluation({ a: ['yes', 'no'], b: ['no', 'no'], gone: ['yes'] }),
    evaluation({ b: ['yes', 'no'], a: ['yes', 'yes'], c: ['no'] }),
  );

  test('is paired by question and sample, and counted', () => {
    expect(pairs.map(({ question: { id }, before, after }) => [id, before.text, after.text])).toEqual([
      ['a', 'yes', 'yes'],
      ['a', 'no', 'yes'],
      ['b', 'no', 'yes'],
      ['b', 'no', 'no'],
    ]);
    expect(changeRows(pairs)).toEqual([
      { before: 'right', 'right after': 1, 'wrong after': 0 },
      { before: 'wrong', 'right after': 2, 'wrong after': 1 },
    ]);
    expect(pairsThat(pairs, false, false).map(({ question: { id } }) => id)).toEqual(['b']);
  });

  test('is shown as a table of one answer', () => {
    const [pair] = pairsThat(pairs, false, true);
    expect(
      pair &&
        answerRows(pair, (text) => text.toUpperCase())
          .map(({ text }) => text)
          .slice(1),
    ).toEqual(['YES', 'NO', 'YES']);
  });
});

describe('the groups that GRPO compares', () => {
  const row = (step: number, question_id: string, sample: number, reward?: number) => ({
    ...{ step, question_id, sample, seed: 0, prompt: '?', text: `${question_id}${sample}`, completion_ids: [1] },
    ...{ finish_reason: 'stop' as const, advantage: (reward ?? 0.5) - 0.5, ...(reward !== undefined && { reward }) },
  });
  const rows = [row(1, 'a', 1, 0), row(1, 'b', 0, 1), row(1, 'a', 0, 1), row(1, 'b', 1, 1), row(2, 'a', 0, 0)];
  const groups = completionGroups([...rows, row(2, 'a', 1)]);

  test('are the completions of a question in a step, with what their rewards spread over', () => {
    expect(groups.map(({ step, questionId, mean, spread }) => [step, questionId, mean, spread])).toEqual([
      [1, 'a', 0.5, Math.SQRT1_2],
      [1, 'b', 1, 0],
      [2, 'a', 0, 0],
    ]);
    expect(spreadRow(groups)).toEqual({
      ...{ groups: 3, 'with spread': 1, 'alike, reward above 1/2': 1, 'alike, 1/2 or less': 1 },
    });
  });

  test('are shown best first; what no reward could score has none', () => {
    expect(groupRows(groups[0] as (typeof groups)[number], (text) => text.toUpperCase())).toEqual([
      { sample: 0, reward: 1, advantage: 0.5, text: 'A0' },
      { sample: 1, reward: 0, advantage: -0.5, text: 'A1' },
    ]);
    expect(groupRows(groups[2] as (typeof groups)[number], String).map(({ reward }) => reward)).toEqual([null, 0]);
  });

  test('what rewards pay for is counted for right and wrong answers', () => {
    const graded = [
      { reward: 1, correct: true, sound: true },
      { reward: 1, correct: true, sound: false },
      { reward: 0.25, correct: false, sound: false },
    ];
    expect(rewardRows(graded).map((counts) => Object.values(counts))).toEqual([
      ['right', 2, 1, 2, 1],
      ['wrong', 1, 0.25, 0, 0],
    ]);
  });
});

/** The picture inside an output's HTML. */
const svgOf = (data: Readonly<Record<string, unknown>>): string =>
  Buffer.from(/base64,([^"]*)"/.exec(String(data['text/html']))?.[1] ?? '', 'base64').toString('utf8');

describe('showing', () => {
  const figure = accuracyBars([{ method: 'RCSD', score: { value: 0.8, low: 0.7, high: 0.9 } }]);

  test('a figure goes out as an image with its words, and with plotly only where that is wanted', () => {
    showFigure(figure);
    showFigure(figure, { interactive: true });
    expect(written).toHaveLength(2);
    const [{ data }, { data: interactive }] = written as [Written, Written];
    expect(Object.keys(data)).toEqual(['text/html', 'text/plain']);
    expect(svgOf(data)).toMatch(/^<svg /);
    expect(data['text/html']).toContain('alt="Accuracy by method');
    expect(data['text/plain']).toContain('RCSD: 0.8');
    const plotly = interactive['application/vnd.plotly.v1+json'];
    expect(plotly).toMatchObject({ data: figure.data, layout: figure.layout });
    // No button that sends a figure anywhere.
    expect(plotly).toMatchObject({ config: { showSendToCloud: false, showLink: false, plotlyServerURL: '' } });
    expect(svgOf(interactive)).toBe(svgOf(data));
  });

  test('each call is an output of its own, with a text form', () => {
    showTable([{ a: 1 }]);
    showRubric(rubric, question);
    showGuidance(guidance);
    expect(new Set(written.map(({ id }) => id)).size).toBe(3);
    expect(written.every(({ update }) => !update)).toBe(true);
    expect(written.map(({ data }) => data['text/plain'])).toEqual([
      expect.stringContaining('a\n1'),
      expect.stringContaining('5  Correct rule: Essential Criteria'),
      expect.stringContaining('-> "u "'),
    ]);
  });

  test('outside a kernel nothing happens', () => {
    delete cache[PLACE];
    showFigure(figure);
    showTable([{ a: 1 }]);
    liveRun({ runs: 'none', name: 'none' })(event(1, 0.5));
    expect(written).toHaveLength(0);
  });
});

describe('live output', () => {
  test('many events are one output that is renewed seldom, and the last state of a stage is shown', async () => {
    const listener = liveProgress();
    for (let done = 1; done <= 99; done++) listener(event(done, 1 / done));
    expect(written.length).toBeLessThan(20);
    await expect.poll(() => written.at(-1)?.data['text/plain']).toContain('train 99/100');
    const before = written.length;
    listener(event(100, 0.01));
    expect(written).toHaveLength(before + 1);
    expect(written.at(-1)?.data['text/html']).toContain('<progress max="100" value="100"');
    expect(new Set(written.map(({ id }) => id)).size).toBe(1);
    expect(written.map(({ update }) => update)).toEqual([false, ...written.slice(1).map(() => true)]);
  });

  test('a run is followed in its folder, with what an earlier sitting trained', async () => {
    const runs = mkdtempSync(join(tmpdir(), 'rcsd-live-'));
    try {
      const stage = join(runs, 'mine', 'stage-2');
      writeRun(stage, 96);
      const listener = liveRun({ runs, name: 'mine' });
      listener(event(3, 0.3));
      const [first] = written;
      expect(svgOf(first?.data ?? {})).toContain('loss, with any clip');
      expect(first?.data['text/html']).toMatch(/An answer of step 3 to /);
      const add = (file: string, row: object) => appendFileSync(join(stage, file), `${JSON.stringify(row)}\n`);
      add('metrics.jsonl', { step: 4, loss: 0.2, num_tokens: 3000, 'seconds/rollout': 1, 'seconds/update': 0.5 });
      add('validation.jsonl', { step: 4, accuracy: 0.81, low: 0.7, high: 0.9, questions: 100 });
      add('completions.jsonl', { ...answerRow(7), step: 4, text: HOSTILE, reward: 0.5 });
      listener(event(100, 0.2));
      const { data } = written.at(-1) as Written;
      expect(data['text/plain']).toContain('2,000 tokens a second; a step draws for 0.25 s and learns for 0.13 s');
      expect(data['text/plain']).toContain('validation after step 4: 81.0 % [70.0, 90.0], 100 questions');
      expect(data['text/html']).toContain('An answer of step 4 to');
      expect(data['text/html']).not.toMatch(/<script|<img src=x|<svg onload/);
      expect(svgOf(data)).toContain('stage-2, validation');
    } finally {
      rmSync(runs, { recursive: true });
    }
  });

  test.each([liveProgress, () => liveRun({ runs: 'none', name: 'none' })])(
    'warnings stay in sight below the latest numbers',
    (listening) => {
      const listener = listening();
      listener(event(1, 0.5));
      listener({ stage: 'train', done: 1, total: 100, warning: 'raise <max_tokens>' });
      listener(event(100, 0.25));
      const { data } = written.at(-1) as Written;
      expect(data['text/plain']).toMatch(/^train 100\/100 .*\nWarning at train 1\/100: raise <max_tokens>$/);
      expect(data['text/html']).toContain('Warning at train 1/100: raise &lt;max_tokens&gt;');
    },
  );

  test('hostile stage names are data', () => {
    const stage = '<script>alert(1)</script>';
    liveProgress()({ stage, done: 1, total: 1 });
    for (const { data } of written) expect(data['text/html']).not.toContain('<script');
  });
});

describe('interruptible', () => {
  const work = async (signal: AbortSignal, log: number[]) => {
    for (;;) {
      throwIfAborted(signal);
      log.push(log.length);
      if (log.length === 3) process.emit('SIGINT');
      await yieldToEvents();
    }
  };

  test('an interrupt ends the work, and the listeners are as before', async () => {
    const heard: string[] = [];
    const kernel = () => heard.push('kernel');
    process.on('SIGINT', kernel);
    const before = process.rawListeners('SIGINT');
    const log: number[] = [];
    expect(await interruptible((signal) => work(signal, log))).toBeUndefined();
    expect(log).toEqual([0, 1, 2]);
    expect(heard).toEqual([]);
    expect(process.rawListeners('SIGINT')).toEqual(before);
    process.removeListener('SIGINT', kernel);
  });

  test('there is never a moment without a listener', async () => {
    const counts: number[] = [];
    const count = () => counts.push(process.listenerCount('SIGINT'));
    const kernel = () => undefined;
    process.on('SIGINT', kernel);
    process.on('removeListener', count);
    await interruptible(async () => 1);
    process.removeListener('removeListener', count);
    process.removeListener('SIGINT', kernel);
    expect(counts.length).toBeGreaterThan(0);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  test('it listens only after the first await', async () => {
    const before = process.listenerCount('SIGINT');
    const done = interruptible(async () => 7);
    expect(process.listenerCount('SIGINT')).toBe(before);
    expect(await done).toBe(7);
  });

  test('errors that are no interrupt are not swallowed', async () => {
    await expect(interruptible(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(interruptible(() => Promise.reject(new InterruptedError('not by us')))).rejects.toThrow('not by us');
  });
});

describe('params', () => {
  const defaults = { steps: 3, name: 'tour', fast: false };

  test('defaults stand unless the environment names others', () => {
    expect(params(defaults)).toEqual(defaults);
    process.env.RCSD_PARAMS = '{"steps": 9, "fast": true}';
    expect(params(defaults)).toEqual({ steps: 9, name: 'tour', fast: true });
  });

  test.each([
    ['{"stepz": 9}', 'no parameter stepz; it has steps, name, fast'],
    ['{"constructor": 9}', 'no parameter constructor'],
    ['{"steps": "9"}', 'steps must be a number'],
    ['{"steps": null}', 'steps must be a number'],
    ['[1]', 'must be a JSON object'],
    ['steps=9', 'must be a JSON object'],
  ])('%s is refused', (text, message) => {
    process.env.RCSD_PARAMS = text;
    expect(() => params(defaults)).toThrow(message);
  });
});
