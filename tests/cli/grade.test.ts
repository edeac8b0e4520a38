import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rcsdHere } from './runCli';

const jsonl = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const choices = ['iron', 'copper', 'glass', 'wood'];
const rows = jsonl(
  { id: 1, task: 'gpqa-diamond', response: 'The answer is a metal.', answer: 'A', choices, model: 'm' },
  { id: 'two', task: 'multiple-choice', response: 'Answer: A\nNo.\nAnswer: B', answer: '(b)', choices },
  { id: 3, task: 'scibench', response: '\\boxed{2.4}', answer: 2.5, unit: 'm' },
);

describe('rcsd grade', () => {
  it('writes what a mode finds, and carries other fields through', async () => {
    const graded = await rcsdHere(['grade', '--mode', 'open-science'], { input: rows });
    expect(graded.stderr).toBe('');
    expect(
      graded.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { id: 1, model: 'm', extracted: 'A', correct: true },
      { id: 'two', extracted: 'B', correct: true },
      { id: 3, extracted: '2.4', correct: true },
    ]);
    const corrected = (await rcsdHere(['grade', '--mode', 'corrected'], { input: rows })).stdout.split('\n');
    expect(JSON.parse(corrected[0] as string)).toEqual({ id: 1, model: 'm', extracted: null, correct: false });
  });

  it('reports what all modes make of the same responses', async () => {
    const output = join(mkdtempSync(join(tmpdir(), 'rcsd-')), 'graded.jsonl');
    const { status, stdout } = await rcsdHere(['grade', '--mode', 'all', '--output', output], { input: rows });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^open-science +3 +100\.0 % +43\.9 % to 100\.0 % +0$/m);
    expect(stdout).toMatch(/^simple-evals +2 +0\.0 % +0\.0 % to 65\.8 % +1$/m);
    expect(stdout).toMatch(/^open-science, corrected +3 +1$/m);
    expect(stdout).toContain('rows on which modes disagree (2 of 3): 1, two');
    const [first, , third] = readFileSync(output, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first['open-science']).toEqual({ extracted: 'A', correct: true });
    expect(third['simple-evals']).toBeNull();
  });

  it.each([
    [['--mode', 'mmlu-pro'], rows, 'standard input line 3: The mode mmlu-pro does not know numeric questions'],
    [['--mode', 'best'], rows, 'There is no mode "best"; use one of open-science'],
    [[], jsonl({ id: 1, task: 'gpqa', response: '', answer: 'A' }), 'line 1: there is no task "gpqa"; use one of'],
    [[], jsonl({ id: 1, task: 'piqa', response: '', answer: 'C' }), 'the letters A to B; give the letter of a choice'],
    [
      [],
      jsonl({ id: 1, task: 'piqa', response: '', answer: 'A', choices: 'x' }),
      '"choices" must be a list of 2 to 26 texts',
    ],
    [[], jsonl({ id: 1, task: 'math', answer: '1' }), 'the field "response" is missing'],
    [[], jsonl({ id: 1, task: 'math', response: '1' }), 'the field "answer" is missing'],
  ])('refuses %j %#', async (options, input, sentence) => {
    const output = join(mkdtempSync(join(tmpdir(), 'rcsd-')), 'graded.jsonl');
    const { status, stdout, stderr } = await rcsdHere(['grade', ...options, '--output', output], { input });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(() => readFileSync(output)).toThrow();
  });
});
