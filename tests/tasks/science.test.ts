import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { loadTask } from '../../src/questions/load';
import { checkQuestion, readQuestions, scienceTask } from '../../src/questions/tasks/science';

const count = (values: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe('loadTask', () => {
  it('opens the embedded suite with balanced splits', () => {
    const { task, train, test } = loadTask('microscience');
    expect(task.name).toBe('microscience');
    expect(task.views).toBeDefined();
    expect([train.length, test.length]).toEqual([1800, 600]);
    const ids = new Set(train.map((question) => question.id));
    expect(test.some((question) => ids.has(question.id))).toBe(false);
    expect(
      new Set(Object.values(count(test.slice(0, 72).map((question) => String(question.metadata?.family))))),
    ).toEqual(new Set([12]));
  });

  it('finds the sample from any folder', () => {
    const before = process.cwd();
    process.chdir(tmpdir());
    try {
      expect(loadTask('data/science-sample').train).toHaveLength(120);
    } finally {
      process.chdir(before);
    }
  });

  it('says what is missing', () => {
    expect(() => loadTask('no/such/data')).toThrow(/data=no\/such\/data.*data=microscience/);
  });
});

describe('readQuestions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-'));
  const row = (changes: object = {}): string => JSON.stringify({ id: 'a', question: 'Q?', answer: '5', ...changes });
  const file = (...rows: string[]): string => {
    const path = join(folder, 'questions.jsonl');
    writeFileSync(path, rows.join('\n'));
    return path;
  };

  it('reads one file, by its rows their split', () => {
    const { train, test } = readQuestions(
      file(row(), row({ id: 'b', split: 'test' }), row({ id: 'c', split: 'valid' })),
    );
    expect(train.map((question) => question.id)).toEqual(['a', 'c']);
    expect(test.map((question) => question.id)).toEqual(['b']);
    expect(train[0]).toEqual({ id: 'a', task: 'science', split: 'train', question: 'Q?', answer: '5' });
    expect(loadTask(file(row({ task: 'x' }), row({ id: 'b', task: 'y' }))).task.name).toBe(scienceTask.name);
  });

  it('reads a folder, by its files', () => {
    const path = join(folder, 'set');
    mkdirSync(path);
    expect(() => readQuestions(path)).toThrow(/neither train.jsonl nor test.jsonl/);
    writeFileSync(join(path, 'test.jsonl'), row());
    expect(readQuestions(path)).toMatchObject({ train: [], test: [{ id: 'a', split: 'test' }] });
    writeFileSync(join(path, 'train.jsonl'), `${row({ id: 'b' })}\n${row()}`);
    expect(() => readQuestions(path)).toThrow(/test.jsonl line 1: the id "a" was used at .*train.jsonl line 2/);
  });

  it.each([
    [['', '{"id":"a"'], /questions.jsonl line 2 is not valid JSON/],
    [['[]'], /line 1: a question must be a JSON object/],
    [[row(), row()], /line 2: the id "a" was used at .*line 1/],
    [[row({ id: 5 })], /line 1: "id" must be a text/],
    [[row({ question: ' ' })], /line 1: "question" must be a text/],
    [[row({ answer: undefined })], /line 1: "answer" must be a text .* or write "answer": ""/],
    [[row({ answer: '  ' })], /line 1: "answer" must be a text/],
    [[row({ answer: '', choices: ['x', 'y'] })], /"answer" is "", but 2 choices need a letter/],
    [[row({ answer: 5 })], /line 1: "answer" must be a text/],
    [[row({ solution: 5 })], /line 1: "solution" must be a text/],
    [[row({ metadata: [] })], /line 1: "metadata" must be a JSON object/],
    [[row({ choices: 'AB' })], /line 1: "choices" must be an array of 2 to 26 texts/],
    [[row({ choices: ['x'] })], /line 1: "choices"/],
    [[row({ choices: ['x', 5] })], /line 1: "choices"/],
    [[row({ choices: ['x', 'y'], answer: 'C' })], /"answer" is "C", but 2 choices need a letter from A to B/],
    [[row({ choices: ['x', 'y'], answer: 'y' })], /"answer" is "y", but 2 choices/],
    [[row({ answer: 'many', metadata: { kind: 'numeric' } })], /"answer" is "many", but metadata.kind is numeric/],
    [[row({ rubric: {} })], /"rubric" must be an array/],
    [[row({ rubric: [{ description: 'x', weight: 1 }, { description: 'x' }] })], /"rubric" item 2 needs/],
    [[row({ rubric: [{ weight: 1 }] })], /"rubric" item 1 needs/],
    [[''], /contains no questions/],
  ])('refuses %j', (rows, message) => {
    const path = file(...rows);
    expect(() => readQuestions(path)).toThrow(InputError);
    expect(() => readQuestions(path)).toThrow(message);
  });

  it('takes a question with everything', () => {
    const full = {
      id: 'a',
      task: 't',
      split: 'test',
      question: 'Q?',
      choices: ['x', 'y'],
      answer: 'B',
      solution: 's',
      rubric: [{ title: 'T', description: 'D', weight: 2 }],
      metadata: { topic: 'physics' },
    };
    expect(checkQuestion(full, 'here')).toEqual(full);
  });
});
