import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/base/records/question';
import { modeNamed } from '../../../src/questions/grading/modes';
import { pythonRandom } from '../../../src/questions/grading/modes/mersenne';
import type { ModeName } from '../../../src/questions/grading/modes/mode';

type Verdict = readonly [string | null | { readonly crash: string }, boolean | null];
interface Choice {
  readonly id: string;
  readonly set: string;
  readonly answer: string;
  readonly reads: string | null;
  readonly response: string;
  readonly [mode: string]: unknown;
}
interface Numeric {
  readonly id: string;
  readonly answer: string;
  readonly unit: string;
  readonly right: boolean;
  readonly response: string;
  readonly 'open-science': Verdict;
}
const fixture = JSON.parse(readFileSync(join(__dirname, '../../fixtures/extraction.json'), 'utf8')) as {
  readonly sets: Record<string, string[]>;
  readonly asked: string;
  readonly prompts: Record<string, Record<string, string>>;
  readonly gpqa_options: string[][];
  readonly gpqa_answers: string[];
  readonly permutations: number[][];
  readonly mersenne: number[];
  readonly choices: Choice[];
  readonly numbers: Numeric[];
};
const { sets, asked, prompts } = fixture;

const choiceQuestion = (set: string, answer: string, task = 'multiple-choice'): Question => ({
  ...{ id: 'q', split: 'test', question: asked, task, answer, choices: sets[set] as string[] },
});
const numericQuestion = ({ answer, unit }: Pick<Numeric, 'answer' | 'unit'>): Question => ({
  ...{ id: 'q', split: 'test', question: asked, task: 'scibench', answer, metadata: { kind: 'numeric', unit } },
});

/** What an original's finding is called here: nothing is null, letters are capitals without brackets. */
const named = (found: Verdict[0]): string | null => {
  if (found === null || found === 'placeholder' || found === '[invalid]' || found === '') return null;
  const text = String(found);
  return /^\([A-Z]\)$/.test(text) ? (text[1] as string) : text;
};

describe.each([
  ['open-science', 'open-science', 'multiple-choice'],
  ['simple-evals', 'simple-evals', 'multiple-choice'],
  ['mmlu-pro', 'mmlu-pro', 'multiple-choice'],
  ['lm-eval-strict', 'lm-eval-strict', 'multiple-choice'],
  ['lm-eval-flexible', 'lm-eval-flexible', 'multiple-choice'],
  ['lm-eval-strict', 'lm-eval/mmlu-pro', 'mmlu-pro'],
] as const)('%s grades as %s does', (name, original, task) => {
  const mode = modeNamed(name);
  const cases = fixture.choices.filter((row) => row[original] !== undefined);
  it('on at least 150 responses', () => expect(cases.length).toBeGreaterThanOrEqual(150));
  it.each(cases)('$id: $response', (row) => {
    const [found, correct] = row[original] as Verdict;
    // The framework gives questions of ten choices the letters A to J.
    const question = choiceQuestion(
      row.set,
      row.answer,
      name === 'open-science' && row.set === 'ten' ? 'supergpqa' : task,
    );
    const grade = mode.grade(question, row.response);
    const expected = named(found);
    expect(grade).toEqual({
      extracted: name === 'open-science' ? (expected?.toUpperCase() ?? null) : expected,
      correct,
    });
  });
});

describe('open-science grades numbers as the framework does', () => {
  it.each(fixture.numbers)('$id: $answer $unit, $response', (row) => {
    const [extracted, correct] = row['open-science'];
    expect(modeNamed('open-science').grade(numericQuestion(row), row.response)).toEqual({ extracted, correct });
  });
});

describe('the order of choices', () => {
  const gpqa: Question = {
    ...{ id: 'q', task: 'gpqa-diamond', split: 'test', question: asked, answer: 'A' },
    ...{ choices: ['copper', 'wrong 1', 'wrong 2', 'wrong 3'], metadata: { correct_first: true } },
  };
  it('of open-science is the framework its one order, with the answer at D', () => {
    fixture.gpqa_options.forEach((options, i) => {
      const shown = modeNamed('open-science').arrange(gpqa, i);
      expect([shown.choices, shown.answer]).toEqual([options, fixture.gpqa_answers[i]]);
    });
  });
  it('of simple-evals is that of its first repeat', () => {
    fixture.permutations.forEach((order, i) => {
      const shown = modeNamed('simple-evals').arrange(gpqa, i);
      expect(shown.choices).toEqual(order.map((from) => gpqa.choices?.[from]));
      expect(shown.choices?.['ABCD'.indexOf(shown.answer)]).toBe('copper');
    });
  });
  it('is the published one where that gives nothing away', () => {
    for (const name of ['open-science', 'simple-evals', 'mmlu-pro', 'lm-eval-strict', 'corrected'])
      expect(modeNamed(name).arrange({ ...gpqa, metadata: {} }, 3).choices).toEqual(gpqa.choices);
  });
  it('comes from a generator that is Python its own', () => {
    const random = pythonRandom(0);
    const draws = Array.from({ length: 1300 }, () => random.bits(32));
    expect(draws.slice(-8)).toEqual(fixture.mersenne);
  });
});

describe('prompts are those of the originals', () => {
  const ten = choiceQuestion('ten', 'A', 'mmlu-pro');
  const cases: readonly (readonly [ModeName, string, Question])[] = [
    [
      'open-science',
      'gpqa',
      { ...choiceQuestion('wire', 'D', 'gpqa-diamond'), choices: fixture.gpqa_options[0] as string[] },
    ],
    ['open-science', 'piqa', choiceQuestion('two', 'A', 'piqa')],
    [
      'open-science',
      'pubmedqa',
      { ...choiceQuestion('three', 'B', 'pubmedqa'), metadata: { contexts: ['One.', 'Two.'] } },
    ],
    ['open-science', 'mmlu-pro', ten],
    ['open-science', 'scibench', numericQuestion({ answer: '1', unit: 'm' })],
    ['open-science', 'scibench-power', numericQuestion({ answer: '1', unit: '$10^{-3}$ mol' })],
    ['open-science', 'scibench-bare', numericQuestion({ answer: '1', unit: ' ' })],
    ['simple-evals', 'gpqa', choiceQuestion('wire', 'B', 'gpqa-diamond')],
    ['mmlu-pro', 'physics', { ...ten, metadata: { category: 'physics' } }],
  ];
  it.each(cases)('%s: %s', (mode, name, question) => {
    expect(modeNamed(mode).prompt(question)).toBe(prompts[mode]?.[name]);
  });
});
