/** `rcsd judge` as a program, with a small random model as the judge: its verdicts are noise, its accounts must not be. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { labelScale, readJudgeRow } from '../../src/app/cli/shared/judgeRows';
import { workOff } from '../../src/app/cli/shared/workOff';
import { InputError, InterruptedError } from '../../src/base/records/errors';
import { JUDGE_KINDS, type JudgeKindName } from '../../src/method/rewards/judges/kinds';
import { type Ended, rcsdHere } from './runCli';
import { writeWordModel } from './wordModel';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-judge-'));
const rubric = [
  { title: 'Lead', description: 'Essential Criteria: Names lead.', weight: 5 },
  { title: 'Copper', description: 'Pitfall Criteria: Claims copper.', weight: -2 },
];
const row = {
  id: 'a',
  question: 'Which metal is heavy?',
  response: 'It is lead.',
  rubric,
  label: true,
  source: 'mine',
};
const lines = (...rows: object[]): string => rows.map((each) => `${JSON.stringify(each)}\n`).join('');
const read = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(() => writeWordModel(folder));

const judge = (kind: string, input: string, ...more: string[]) =>
  rcsdHere(['judge', '--kind', kind, '--judge', folder, ...more], { input });

describe('rcsd judge', () => {
  test('reads probabilities, carries fields through, and holds the scores against the labels', async () => {
    const output = join(folder, 'judged.jsonl');
    const summary = join(folder, 'summary.json');
    const rows = lines(row, { ...row, id: 'b', response: 'It is copper.', label: false, labels: [false, true] });
    const found = await judge('rar-explicit', rows, '--readout', 'logprobs', '--output', output, '--summary', summary);
    expect([found.status, found.stdout]).toEqual([
      0,
      expect.stringMatching(/against labels \(right or wrong\) +2 judgements/),
    ]);
    const [first, second] = read(readFileSync(output, 'utf8'));
    expect(first).toMatchObject({
      id: 'a',
      source: 'mine',
      label: true,
      kind: 'rar-explicit',
      unscored: 0,
      problems: [],
    });
    expect(first.verdicts).toHaveLength(2);
    expect(first.score).toBeGreaterThan(0);
    expect(second.verdicts[0].degree).toBeLessThan(1);
    for (const known of ['question', 'response', 'rubric']) expect(first).not.toHaveProperty(known);
    expect(JSON.parse(readFileSync(summary, 'utf8'))).toMatchObject({
      labels: 'binary',
      agreement: { n: 2 },
      criteria: { n: 2 },
    });
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  test('counts what a judge without sense says as unscored, once a repeat', async () => {
    const found = await judge('paper', lines(row), '--repeats', '2', '--max_tokens', '3', '--retries', '1');
    expect(found.status).toBe(0);
    const rows = read(found.stdout);
    expect(rows.map(({ repeat, score, unscored, effort }) => [repeat, score, unscored, effort.calls])).toEqual([
      [0, null, 1, 2],
      [1, null, 1, 2],
    ]);
    expect(found.stderr).toMatch(/without a score +2 of 2/);
    expect(found.stderr).toMatch(/calls, malformed, failed +4, 4, 0/);
  });

  test('refuses settings and rows that mean nothing', async () => {
    const pair = lines({ ...row, label: 'a', response_b: 'x' });
    const refused = (found: Ended) => [found.status, found.stdout, found.stderr.trim()];
    expect(refused(await judge('pairwise', pair, '--readout', 'logprobs'))).toEqual([
      2,
      '',
      expect.stringContaining('cannot be read by probabilities'),
    ]);
    expect(refused(await judge('grpo', lines(row)))).toEqual([
      2,
      '',
      expect.stringMatching(/^standard input line 1: .*"reference"/),
    ]);
    expect(refused(await rcsdHere(['judge', '--kind', 'paper'], { input: lines(row) }))).toEqual([
      2,
      '',
      expect.stringContaining('needs a judge'),
    ]);
  });
});

describe('a row', () => {
  test('of rubrics may hold the criteria in place of their text', () => {
    const fields = { id: 'q', question: 'Q?', reference: 'A.', rubric: [{ description: 'Names lead.', weight: 5 }] };
    const { judged } = readJudgeRow({ fields, where: 'line 1' }, JUDGE_KINDS['rubric-quality']);
    expect(JSON.parse(judged.response)).toMatchObject([{ description: 'Names lead.', weight: 5 }]);
    expect(() => readJudgeRow({ fields, where: 'line 1' }, JUDGE_KINDS.paper)).toThrow(
      'the field "response" is missing',
    );
  });

  const readAs = (kind: JudgeKindName, fields: object) => {
    const input = JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;
    const read = readJudgeRow({ fields: input, where: 'line 1' }, JUDGE_KINDS[kind]);
    return { ...read, scale: labelScale([read], JUDGE_KINDS[kind]) };
  };

  test.each([
    ['paper', { ...row, rubric: undefined }, /line 1: .*"rubric"/],
    ['pairwise', row, 'there is no second response; add the field "response_b"'],
    ['paper', { ...row, response: 5 }, 'the field "response" must be text'],
    ['paper', { ...row, question: undefined }, 'the field "question" is missing'],
    ['paper', { ...row, choices: 'a, b' }, 'the field "choices" must be a list of texts'],
    ['paper', { ...row, rubric: [{}] }, '"rubric" must be a list of criteria with descriptions'],
    ['paper', { ...row, rubric: 'be nice' }, '"rubric" contains no rubric: there is no JSON array'],
    ['paper', { ...row, label: 'good' }, 'the field "label" must be true, false, a score'],
    ['pairwise', { ...row, response_b: 'x', label: true }, 'must be "a", "b" or "tie"'],
    [
      'criteria',
      { ...row, labels: [true] },
      '"labels" must be a list of true, false or null for each of the 2 criteria',
    ],
    ['criteria', { ...row, label: 7 }, 'this kind gives scores from 0 to 1'],
    ['paper', { ...row, label: 7.5 }, 'other labels are not ratings from 1 to 10'],
    ['researchqa', { ...row, labels: ['Mostly', 'Often'] }, 'must be a list of "Not at all", "Barely"'],
  ] as const)('for %s is refused when it cannot be judged (%#)', (kind, bad, message) => {
    expect(() => readAs(kind, bad)).toThrow(message);
  });

  test.each([
    ['paper', { label: false }, 'binary', 0],
    ['paper', { label: 7 }, 'rating', 7],
    ['criteria', { label: 0.7 }, 'score', 0.7],
    ['pairwise', { label: 'b', response_b: 'x' }, 'preference', 0],
    ['paper', { label: null }, undefined, undefined],
  ] as const)('for %s has a label %j', (kind, fields, scale, label) => {
    expect(readAs(kind, { ...row, ...fields })).toMatchObject(label === undefined ? { scale } : { scale, label });
  });

  test('has a rubric as criteria or as a model wrote it, and a reference by either name', () => {
    const asText = readAs('paper', { ...row, rubric: `Here: ${JSON.stringify(rubric)}` });
    expect(asText.judged.rubric?.criteria).toEqual(readAs('paper', row).judged.rubric?.criteria);
    expect(readAs('grpo', { ...row, answer: 'lead' }).judged.reference).toBe('lead');
    expect(readAs('researchqa', { ...row, labels: ['Mostly', null] }).criteria).toEqual([0.75, null]);
  });
});

describe('work that is interrupted', () => {
  const output = join(folder, 'worked.jsonl');
  /** Squares of 0 to 6, two at a time, two output rows each; stops behind `stopAfter`. */
  const squares = async (fingerprint: string, stopAfter = 99) => {
    const controller = new AbortController();
    const asked: number[] = [];
    const of = async (start: number, end: number) => {
      asked.push(start);
      if (end > stopAfter) controller.abort();
      const rows = Array.from({ length: end - start }, (_, i) => (start + i) ** 2);
      return rows.flatMap((square) => [0, 1].map((repeat) => ({ square, repeat })));
    };
    const written: object[] = [];
    const write = (rows: readonly object[]) => {
      // The partial file is kept until the output is written.
      expect(existsSync(`${output}.partial`)).toBe(true);
      written.push(...rows);
    };
    const { signal } = controller;
    const work = { stage: 'work', output, fingerprint, rows: 7, piece: 2, each: 2, of, write, signal };
    return { asked, written, finished: workOff({ ...work, inputs: {}, say: () => undefined }) };
  };

  test('goes on where it stopped, past a torn line, and refuses other work', async () => {
    const first = await squares('mine', 3);
    await expect(first.finished).rejects.toThrow(InterruptedError);
    expect(first.asked).toEqual([0, 2]);
    // The last input row of what is kept loses one of its two rows, as in a crash.
    const kept = readFileSync(`${output}.partial`, 'utf8');
    writeFileSync(`${output}.partial`, kept.slice(0, -5));
    await expect((await squares('other')).finished).rejects.toThrow(InputError);
    const second = await squares('mine');
    const rows = await second.finished;
    expect(second.asked[0]).toBe(3);
    expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6].flatMap((i) => [0, 1].map((repeat) => ({ square: i ** 2, repeat }))));
    expect(second.written).toEqual(rows);
    expect(existsSync(`${output}.partial`)).toBe(false);
  });
});
