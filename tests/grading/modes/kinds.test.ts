/** Every benchmark that can be registered is known to the modes, and readers and modes call things by the same names. */
import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/base/records/question';
import { corrected } from '../../../src/questions/grading/modes/corrected';
import { kindOfQuestion, kindOfTask } from '../../../src/questions/grading/modes/kinds';
import { likelihoodPrompt } from '../../../src/questions/grading/modes/likelihood';
import { openScience } from '../../../src/questions/grading/modes/openScience';
import { BENCHMARKS } from '../../../src/questions/tasks/benchmarks';

const question: Question = { id: 'q', task: 'mine', split: 'test', question: 'How much?', answer: '1/2' };

describe('kinds', () => {
  it.each(BENCHMARKS)('know $name', ({ name, kind }) => {
    expect(kindOfTask(name)).toBe(kind === 'rubric' ? 'open' : kind);
  });

  it('are what a question says before what its task is', () => {
    expect(kindOfQuestion({ ...question, task: 'sciknoweval', metadata: { kind: 'open' } })).toBe('open');
    expect(kindOfQuestion({ ...question, task: 'scibench' })).toBe('numeric');
  });

  it('math are graded as such by the usual mode', () => {
    const math = { ...question, metadata: { kind: 'math' } };
    expect(corrected.grade(math, 'So it is \\boxed{\\frac{1}{2}}.').correct).toBe(true);
    expect(corrected.grade(math, 'So it is \\boxed{\\frac{1}{3}}.').correct).toBe(false);
  });
});

describe('passages as the reader of PubMedQA writes them', () => {
  const asked: Question = {
    ...{ id: 'p', task: 'pubmedqa', split: 'test', question: 'One.\nTwo.\n\nDoes it?', answer: 'A' },
    choices: ['yes', 'no', 'maybe'],
    metadata: { contexts: ['One.', 'Two.'], stem: 'Does it?' },
  };
  it('stand once in the prompt of each mode', () => {
    expect(likelihoodPrompt(asked).context).toBe('Abstract: One.\nTwo.\nQuestion: Does it?\nAnswer:');
    const prompt = openScience.prompt(asked);
    expect(prompt).toContain('Information:\n- One.\n- Two.\n\nQuestion:\nDoes it?\n');
    expect(prompt.split('One.')).toHaveLength(2);
    expect(corrected.prompt(asked)).toContain('One.\nTwo.\n\nDoes it?');
  });
});
