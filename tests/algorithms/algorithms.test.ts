import { describe, expect, it } from 'vitest';
import type { Rubric } from '../../src/base/records/rubric';
import type { Example } from '../../src/method/algorithms/algorithm';
import { grpo } from '../../src/method/algorithms/grpo';
import { opsd } from '../../src/method/algorithms/opsd';
import { reasoner, rubricGenerator } from '../../src/method/algorithms/rcsd';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { sft } from '../../src/method/algorithms/sft';

const rubric: Rubric = { questionId: 'q', criteria: [], source: 'generated' };
const example: Example = {
  question: { id: 'q', task: 't', split: 'train', question: 'Why?', answer: '42' },
  rubric,
};
const config = (...overrides: string[]) => resolveTrainConfig({ overrides: ['profile=paper', ...overrides] });

describe('RCSD stage I', () => {
  it('shows the student the question and the teacher the answer, as in equation 4', () => {
    const algorithm = rubricGenerator(config());
    expect(algorithm.studentView(example)).toMatchObject({ purpose: 'rubric' });
    expect(algorithm.studentView(example).answer).toBeUndefined();
    expect(algorithm.teacherView?.(example)).toMatchObject({ purpose: 'rubric', answer: '42' });
    expect(algorithm.teacherView?.(example).rubric).toBeUndefined();
  });

  it('takes the readings of the figure and of the authors’ code', () => {
    const figure = rubricGenerator(config('rubric_teacher_sees=rubric'));
    expect(figure.teacherView?.(example)).toMatchObject({ rubric });
    expect(figure.teacherView?.(example).answer).toBeUndefined();
    const code = rubricGenerator(config('rubric_student_sees_answer=true', 'rubric_teacher_sees=answer+rubric'));
    expect(code.studentView(example)).toMatchObject({ answer: '42' });
    expect(code.teacherView?.(example)).toMatchObject({ answer: '42', rubric });
  });
});

describe('RCSD stage II and OPSD', () => {
  it.each([
    ['rubric', { rubric }],
    ['answer', { answer: '42' }],
    ['answer+rubric', { answer: '42', rubric }],
    ['none', {}],
  ] as const)('with teacher_context=%s', (context, privileged) => {
    const settings = { ...config().stage2, teacher_context: context };
    for (const algorithm of [reasoner(settings), opsd(settings)]) {
      const student = algorithm.studentView(example);
      expect(student).toEqual({ question: example.question, purpose: 'answer', thinking: true });
      expect(algorithm.teacherView?.(example)).toEqual({ ...student, antiMention: false, ...privileged });
    }
  });

  it('differ in the context that their defaults name', () => {
    expect(config().stage2.teacher_context).toBe('rubric');
    expect(config('algorithm=opsd').stage2.teacher_context).toBe('answer');
  });

  it('refuse an example without the rubric that the teacher needs', () => {
    const { question } = example;
    expect(() => reasoner(config().stage2).teacherView?.({ question })).toThrow('question q came without the rubric');
  });

  it('carry the loss as plain data', () => {
    const { loss } = reasoner(resolveTrainConfig({ overrides: ['profile=released'] }).stage2);
    expect(loss).toEqual({
      kind: 'divergence',
      divergence: 'forward_kl',
      beta: 0.5,
      loss_temperature: 1.2,
      top_k: 20,
      support: 'teacher',
      tail: false,
      clip: 0.05,
      clip_mode: 'entry',
    });
  });
});

it('GRPO compares completions without a teacher, except as the reference of a KL', () => {
  const plain = grpo(config('algorithm=grpo', 'num_generations=8', 'num_iterations=3').stage2, []);
  expect(plain).toMatchObject({ rollouts: 'student', groupSize: 8, updates: 3 });
  expect(plain.teacherView).toBeUndefined();
  expect(plain.loss).toMatchObject({
    kind: 'policy_gradient',
    objective: 'clip',
    temperature: 1.2,
    epsilon_high: 0.28,
  });
  const anchored = grpo(config('algorithm=grpo', 'kl_coef=0.04').stage2, []);
  expect(anchored.teacherView?.(example)).toEqual(anchored.studentView(example));
  expect(anchored.studentView(example)).toEqual({ question: example.question, purpose: 'answer', thinking: true });
});

it('SFT learns from the solutions and has no teacher', () => {
  const algorithm = sft(config('algorithm=sft').stage2);
  expect(algorithm.rollouts).toBe('data');
  expect(algorithm.teacherView).toBeUndefined();
  expect(algorithm.loss).toEqual({ kind: 'cross_entropy' });
});
