import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { formatRubric } from '../../src/method/rubrics/format';
import { parseRubric } from '../../src/method/rubrics/parse';
import { rubricsFromSource } from '../../src/method/rubrics/sources';
import type { Task } from '../../src/questions/tasks/task';

const make = (id: string, topic: string, sizes: readonly number[]): Question => ({
  id,
  task: 'science',
  split: 'train',
  question: id,
  answer: id,
  rubric: sizes.map((size, i) => ({
    title: `${id}${i}`,
    description: `Essential Criteria: ${id}${i} ${'x'.repeat(size)}`,
    weight: 5,
  })),
  metadata: { topic },
});
const questions = [
  make('p1', 'physics', [10, 10, 10, 10, 10]),
  make('p2', 'physics', [10, 10, 10, 10, 10]),
  make('c1', 'chemistry', [90, 90, 90, 90, 90, 90]),
  make('b1', 'biology', [12, 10, 10, 10, 10]),
];
const titles = (source: string, seed = 1, list = questions): string[][] =>
  rubricsFromSource(list, source, { seed, pool: questions }).rubrics.map((r) => r.criteria.map((c) => c.title));
const owner = (title: string): string => title.slice(0, 2);

describe('rubricsFromSource', () => {
  it('reference: reads the question its own', () => {
    const { rubrics, counts } = rubricsFromSource(questions, 'reference', { seed: 1 });
    expect(rubrics[0]).toMatchObject({ questionId: 'p1', source: 'reference' });
    expect(rubrics[0]?.criteria[0]).toMatchObject({ title: 'p10', weight: 5, importance: 'essential' });
    expect(counts).toEqual({ questions: 4, valid: 4, retried: 0, recovered: 0, dropped: 0, reasons: {} });
    const { rubric: _, ...bare } = questions[0] as Question;
    expect(() => rubricsFromSource([bare], 'reference', { seed: 1 })).toThrow(/Question p1 has no reference rubric/);
  });

  it('generic: six items of weight 1, the same for all', () => {
    const { rubrics } = rubricsFromSource(questions, 'generic', { seed: 1 });
    expect(rubrics[0]?.criteria).toHaveLength(6);
    expect(rubrics[0]?.criteria.every((criterion) => criterion.weight === 1)).toBe(true);
    expect(rubrics[3]?.criteria).toEqual(rubrics[0]?.criteria);
  });

  it('random: another question its whole rubric', () => {
    for (let seed = 0; seed < 20; seed++)
      titles('random', seed).forEach((list, i) => {
        const from = new Set(list.map(owner));
        expect(from.size).toBe(1);
        expect(from).not.toContain(questions[i]?.id);
      });
    expect(new Set(Array.from({ length: 20 }, (_, seed) => titles('random', seed)[0]?.[0])).size).toBeGreaterThan(1);
  });

  it('noisy: half its own, half of another', () => {
    titles('noisy').forEach((list, i) => {
      const own = list.filter((title) => owner(title) === questions[i]?.id);
      expect(own).toHaveLength(3);
      expect(new Set(list.map(owner)).size).toBe(2);
      expect(new Set(list).size).toBe(list.length);
    });
  });

  it('reduced: half of the items, in their order', () => {
    const [list, , six] = titles('reduced');
    expect(list).toHaveLength(3);
    expect(six).toHaveLength(3);
    expect(list).toEqual([...(list as string[])].sort());
    expect(list?.every((title) => owner(title) === 'p1')).toBe(true);
    expect(titles('reduced', 2)).not.toEqual(titles('reduced', 1));
  });

  it('placebo: the other topic nearest in length', () => {
    expect(titles('placebo').map((list) => owner(list[0] as string))).toEqual([
      'b1',
      'b1',
      'b1',
      expect.stringMatching(/p\d/),
    ]);
    expect(() => rubricsFromSource(questions.slice(0, 2), 'placebo', { seed: 1 })).toThrow(/metadata.topic/);
  });

  it('draws by question, not by order', () => {
    for (const source of ['random', 'noisy', 'reduced'])
      expect(titles(source, 5, [...questions].reverse()).reverse()).toEqual(titles(source, 5));
  });

  it('gives ids that differ within a mixed rubric', () => {
    for (const { criteria } of rubricsFromSource(questions, 'noisy', { seed: 1 }).rubrics)
      expect(new Set(criteria.map((criterion) => criterion.id)).size).toBe(criteria.length);
  });

  it('asks a task first', () => {
    const task: Task = {
      name: 'made',
      grade: () => ({ extracted: null, correct: false }),
      rubric: (question, source) =>
        source === 'wrong' ? { questionId: question.id, source, criteria: [] } : undefined,
    };
    expect(rubricsFromSource(questions, 'wrong', { seed: 1, task }).rubrics[0]?.source).toBe('wrong');
    expect(rubricsFromSource(questions, 'generic', { seed: 1, task }).rubrics[0]?.criteria).toHaveLength(6);
  });

  it.each(['wrong', 'generated', 'nonsense'])('refuses %s where it cannot be made', (source) =>
    expect(() => rubricsFromSource(questions, source, { seed: 1 })).toThrow(`rubric_source=${source}`),
  );

  it('needs another question to borrow from', () => {
    expect(() => rubricsFromSource(questions.slice(0, 1), 'random', { seed: 1 })).toThrow(/load more questions/);
  });
});

describe('file:PATH', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-'));
  const write = (text: string): string => {
    const path = join(folder, 'rubrics.jsonl');
    writeFileSync(path, text);
    return `file:${path}`;
  };

  it('reads cached rows and parsed rows, and counts what is missing', () => {
    const source = write(
      '{"question_id":"p1","source":"generated","valid":true,"criteria":[{"id":"c1","title":"T","description":"D","weight":2}]}\n' +
        '{"id":"p2","valid":false,"reason":"broken","criteria":[]}\n' +
        '{"id":"c1","criteria":[{"description":"Pitfall Criteria: Guesses.","weight":-1}]}\n',
    );
    const { rubrics, counts } = rubricsFromSource(questions, source, { seed: 1 });
    expect(rubrics.map((rubric) => rubric.questionId)).toEqual(['p1', 'c1']);
    expect(rubrics[0]).toMatchObject({ source, criteria: [{ title: 'T', description: 'D', weight: 2 }] });
    expect(rubrics[1]?.criteria[0]).toMatchObject({ importance: 'pitfall', polarity: 'satisfied is bad' });
    expect(counts).toMatchObject({
      questions: 4,
      valid: 2,
      dropped: 2,
      reasons: { broken: 1, [`no rubric in ${source}`]: 1 },
    });
  });

  it('takes rows with `rubric`, raw text through a parser, and the last valid row of several', () => {
    const source = write(
      '{"id":"p1","rubric":[{"description":"First","weight":1}]}\n' +
        '{"id":"p1","criteria":[{"description":"Second","weight":1}],"attempts":2}\n' +
        '{"id":"p1","valid":false,"reason":"late"}\n' +
        '{"id":"p2","text":"no array","attempts":2}\n' +
        '{"id":"c1","text":"Here: [\\"Says why\\"]"}\n',
    );
    const parse = (text: string, questionId: string) => parseRubric(text, { questionId, source: 'generated' });
    const { rubrics, counts } = rubricsFromSource(questions, source, { seed: 1, parse });
    expect(rubrics.map(({ questionId, criteria }) => [questionId, criteria[0]?.description])).toEqual([
      ['p1', 'Second'],
      ['c1', 'Says why'],
    ]);
    expect(counts).toEqual({
      questions: 4,
      valid: 2,
      retried: 2,
      recovered: 1,
      dropped: 2,
      reasons: { 'there is no JSON array': 1, [`no rubric in ${source}`]: 1 },
    });
  });

  it.each([
    ['{"criteria":[]}', /line 1: "question_id"/],
    ['\n{"id":"a","text":"[]"}', /line 2: "criteria"/],
    ['{"id":"a"', /line 1 is not valid JSON/],
  ])('names the line of a bad row: %s', (text, message) => {
    const source = write(text);
    expect(() => rubricsFromSource(questions, source, { seed: 1 })).toThrow(message);
  });

  it('names a missing file', () => {
    expect(() => rubricsFromSource(questions, 'file:/no/such.jsonl', { seed: 1 })).toThrow(/no\/such.jsonl/);
  });
});

describe('formatRubric', () => {
  it('writes what parseRubric reads back', () => {
    const { criteria } = parseRubric('["say \\"hi\\" ] \\\\ [", {"title":"T","description":"a\\nb","weight":-1.5}]', {
      questionId: 'q',
      source: 'generated',
    });
    expect(parseRubric(formatRubric(criteria), { questionId: 'q', source: 'generated' }).criteria).toEqual(criteria);
    expect(formatRubric(criteria).split('\n')).toHaveLength(4);
    expect(formatRubric([])).toBe('[]');
  });
});
