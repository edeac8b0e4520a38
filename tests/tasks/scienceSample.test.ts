import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { projectRoot } from '../../src/engine/files/models';
import { readCriteria } from '../../src/method/rubrics/criteria';
import { rubricQuality } from '../../src/method/rubrics/quality';
import { rubricsFromSource } from '../../src/method/rubrics/sources';
import { readUnit } from '../../src/questions/grading/equivalence/units';
import { loadTask } from '../../src/questions/load';
import { kindOf } from '../../src/questions/tasks/grading';

const { task, train, test } = loadTask('data/science-sample');
const all = [...train, ...test];

/** Questions of each shape: kind of answer, number of choices, and how many are for training and for testing. */
const SHAPES: Readonly<Record<string, readonly [kind: string, choices: number, train: number, test: number]>> = {
  gpqa: ['multiple-choice', 4, 36, 24],
  piqa: ['multiple-choice', 2, 29, 21],
  scibench: ['numeric', 0, 35, 25],
  open: ['open', 0, 20, 20],
};
const shapeOf = ({ metadata }: Question): string => String(metadata?.shape);
/** The rows that the sample began with; they keep their place before all later ones. */
const isEarly = ({ id }: Question): boolean => /^(?:ph|ch|bi|ea)-\d\d$/.test(id);

const count = (values: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+(?:[.,]\p{N}+)*/gu) ?? [];
const grams = (text: string, size: number): string[] => {
  const words = wordsOf(text);
  return words.slice(size - 1).map((_, i) => words.slice(i, i + size).join(' '));
};
const asked = ({ question, choices = [] }: Question): string => [question, ...choices].join(' \n ');
const rubricText = ({ rubric = [] }: Question): string =>
  rubric.map(({ title, description }) => `${title} ${description}`).join(' ');
/** The solution with another final answer. */
const answering = ({ solution = '' }: Question, answer: string): string => `${solution} \\boxed{${answer}}`;

describe('the sample as a whole', () => {
  it('has every shape in both splits', () => {
    expect(task.name).toBe('science-sample');
    expect(all).toHaveLength(210);
    for (const [shape, [, , forTraining, forTesting]] of Object.entries(SHAPES)) {
      expect(train.filter((question) => shapeOf(question) === shape)).toHaveLength(forTraining);
      expect(test.filter((question) => shapeOf(question) === shape)).toHaveLength(forTesting);
    }
  });

  it('spreads the topics over the shapes', () => {
    for (const split of [train, test])
      for (const shape of ['gpqa', 'scibench', 'open']) {
        const topics = count(split.filter((row) => shapeOf(row) === shape).map((row) => String(row.metadata?.topic)));
        expect(Object.keys(topics).sort()).toEqual(['biology', 'chemistry', 'earth science', 'physics']);
        expect(Math.min(...Object.values(topics))).toBeGreaterThanOrEqual(5);
      }
    expect(count(all.map((row) => String(row.metadata?.topic)))).toMatchObject({ everyday: 50 });
  });

  it('balances the letters, and the right choice is not told by its length', () => {
    for (const split of [train, test])
      for (const shape of ['gpqa', 'piqa']) {
        const letters = Object.values(count(split.filter((row) => shapeOf(row) === shape).map((row) => row.answer)));
        expect(letters).toHaveLength(shape === 'gpqa' ? 4 : 2);
        expect(Math.max(...letters) - Math.min(...letters)).toBeLessThanOrEqual(1);
      }
    for (const [shape, most] of Object.entries({ gpqa: 0.4, piqa: 0.55 })) {
      const rows = all.filter((row) => shapeOf(row) === shape);
      const longest = rows.filter(({ choices = [], answer }) => {
        const lengths = choices.map((choice) => choice.length);
        return lengths['ABCD'.indexOf(answer)] === Math.max(...lengths);
      });
      expect(longest.length / rows.length).toBeLessThanOrEqual(most);
    }
  });

  it('keeps the rows that it began with in front', () => {
    expect(train.slice(0, 36).every(isEarly)).toBe(true);
    expect(test.slice(0, 12).map(({ id }) => id)).toEqual(
      ['ph', 'ch', 'bi', 'ea'].flatMap((topic) => ['08', '11', '12'].map((number) => `${topic}-${number}`)),
    );
    expect(all.filter(isEarly)).toHaveLength(48);
    expect(new Set(test.slice(12, 20).map(shapeOf)).size).toBe(4);
  });

  it('asks nothing twice, and nothing of the test in the training', () => {
    const sets = all.map((question) => new Set(wordsOf(asked(question))));
    sets.forEach((words, i) => {
      for (const earlier of sets.slice(0, i)) {
        const common = [...words].filter((word) => earlier.has(word)).length;
        expect(common / (words.size + earlier.size - common)).toBeLessThan(0.5);
      }
    });
    const seen = new Set(train.flatMap((row) => [...grams(asked(row), 8), ...grams(row.solution ?? '', 8)]));
    expect(test.flatMap((row) => grams(asked(row), 8)).filter((gram) => seen.has(gram))).toEqual([]);
  });

  it('phrases pitfalls as the fault and as its avoidance', () => {
    const pitfalls = all
      .flatMap(({ rubric = [] }) => readCriteria(rubric).criteria)
      .filter(({ importance }) => importance === 'pitfall');
    const avoided = pitfalls.filter(({ polarity }) => polarity === 'satisfied is good').length / pitfalls.length;
    expect(avoided).toBeGreaterThan(0.25);
    expect(avoided).toBeLessThan(0.75);
  });

  it('has numeric answers that its checker works out anew', () => {
    const { status, stdout } = spawnSync(process.execPath, [join(projectRoot, 'data/science-sample/check.mjs')], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '60 of 60 numeric answers agree\n']);
  });

  it('serves every rubric source that needs no model', () => {
    for (const source of ['reference', 'generic', 'random', 'noisy', 'reduced', 'placebo'])
      expect(rubricsFromSource(test, source, { seed: 1, task }).counts.valid).toBe(90);
    expect(() => rubricsFromSource(test, 'wrong', { seed: 1, task })).toThrow('rubric_source=wrong');
  });
});

describe('each question', () => {
  it.each(all)('$id: its solution is graded as correct, a bare guess is not', (question) => {
    const [kind, choices] = SHAPES[shapeOf(question)] ?? [];
    expect(kindOf(question)).toBe(kind);
    expect(question.metadata?.kind).toBe(kind);
    expect(question.choices ?? []).toHaveLength(choices as number);
    expect(question.metadata).toMatchObject({ topic: expect.any(String), subject: expect.any(String) });
    expect([1, 2, 3]).toContain(question.metadata?.difficulty);
    expect(task.grade(question, question.solution ?? '').correct).toBe(true);
    expect(task.grade(question, question.question)).toEqual({ extracted: null, correct: false });
  });

  it.each(all)('$id: another answer is wrong', (question) => {
    const { choices, answer: right, metadata } = question;
    const numbers = [1.1, -1, 10].map((factor) => `${Number(right) * factor} ${metadata?.unit ?? ''}`);
    const others = metadata?.kind === 'numeric' ? numbers : ['something else', 'photosynthesis'];
    const wrong = choices ? [...'ABCD'].slice(0, choices.length).filter((letter) => letter !== right) : others;
    for (const answer of wrong) expect(task.grade(question, answering(question, answer)).correct).toBe(false);
  });

  it.each(all)('$id: its rubric has five or more criteria in the form of the paper', (question) => {
    const { criteria, issues } = readCriteria(question.rubric ?? []);
    expect(issues).toEqual([]);
    expect(rubricQuality({ criteria }, question)).toMatchObject({
      inRange: true,
      prefixed: 1,
      conventionalWeights: 1,
      duplicates: 0,
    });
    expect(criteria.some(({ importance }) => importance === 'pitfall')).toBe(true);
    expect(criteria.filter(({ importance }) => importance === 'essential').length).toBeGreaterThanOrEqual(2);
    for (const { title } of criteria) {
      const words = title.split(' ').length;
      expect(words).toBeLessThanOrEqual(4);
      expect(words).toBeGreaterThanOrEqual(isEarly(question) ? 1 : 2);
    }
    // Choices may be shown in another order, so rubrics name what is right, not its letter.
    expect(rubricText(question)).not.toMatch(/\bchoice [A-D]\b/);
  });

  const users = new Map<string, number>();
  for (const question of all)
    for (const word of new Set(wordsOf(rubricText(question)))) users.set(word, (users.get(word) ?? 0) + 1);

  it.each(all)('$id: its rubric speaks of this question', (question) => {
    const own = new Set(wordsOf(`${asked(question)} ${question.solution}`));
    const rare = [...new Set(wordsOf(rubricText(question)))].filter(
      (word) => own.has(word) && (users.get(word) ?? 0) <= 10,
    );
    expect(rare.length).toBeGreaterThanOrEqual(4);
  });

  it('names units that the grader knows, where they are physical', () => {
    const units = new Set(all.map((question) => question.metadata?.unit).filter((unit) => typeof unit === 'string'));
    expect([...units].filter((unit) => !readUnit(unit)).sort()).toEqual(['cells', 'offspring']);
  });
});
