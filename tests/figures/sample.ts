/** A made-up but plausible result, for looking at and for breaking. */

import type { Question } from '../../src/base/records/question';
import type { Rubric } from '../../src/base/records/rubric';
import type { TokenScores } from '../../src/method/scoring/guidance';
import type { ReportData } from '../../src/results/report/reportData';

export const question: Question = {
  id: 'kin-17',
  task: 'microscience',
  split: 'test',
  question: 'A cart moves at 4 m/s and gains 3 m/s each second for 5 s . What is its final speed ?',
  answer: '19',
};

export const rubric: Rubric = {
  questionId: 'kin-17',
  source: 'generated',
  seed: 7,
  criteria: [
    {
      id: 'c1',
      title: 'Correct rule',
      description: 'Essential Criteria: States : Use v = u + a t .',
      weight: 5,
      importance: 'essential',
      polarity: 'satisfied is good',
    },
    {
      id: 'c2',
      title: 'Key step',
      description: 'Important Criteria: Finds a t = 1 5',
      weight: 4,
      importance: 'important',
      polarity: 'satisfied is good',
    },
    {
      id: 'c3',
      title: 'Given values',
      description: 'Optional Criteria: Lists the given values .',
      weight: 1,
      importance: 'optional',
      polarity: 'satisfied is good',
    },
    {
      id: 'c4',
      title: 'Wrong rule',
      description: 'Pitfall Criteria: Does not mention : Use v = a t .',
      weight: -2,
      importance: 'pitfall',
      polarity: 'satisfied is bad',
    },
  ],
};

const tokens = 'So |Use |v |= |a |t |. |a |t |= |3 |* |5 |= |1 |5 |. |\\boxed{ |1 |5 |m/s |}'.split('|');

/** At the fifth token the teacher would rather have written another, and a clip cuts what it says. */
export const guidance: TokenScores = {
  tokens,
  ids: tokens.map((_, index) => index),
  divergence: tokens.map((_, index) => (index === 4 ? 0.92 : index === 0 ? 0.31 : index === 17 ? 0.55 : 0.002)),
  studentLogprobs: tokens.map((_, index) => (index === 4 ? -0.6 : -0.05)),
  teacherLogprobs: tokens.map((_, index) => (index === 4 ? -2.7 : -0.04)),
  details: {
    entropy: tokens.map(() => 0.2),
    teacher_entropy: tokens.map(() => 0.1),
    clipped: tokens.map((_, index) => (index === 4 ? 0.01 : 0.002)),
    next: tokens.map((token, index) =>
      index === 4
        ? [
            [99, 'u ', -1.2, -0.08, 1.03],
            [4, 'a ', -0.6, -2.7, -0.14],
          ]
        : [[index, token, -0.05, -0.04, 0.01]],
    ),
  },
};

const estimate = (value: number, half: number) => ({ value, low: value - half, high: value + half });

export function curve(name: string, steps: number, start: number) {
  return {
    name,
    metrics: Array.from({ length: steps }, (_, index) => ({
      step: index + 1,
      loss: start * Math.exp(-index / 12) + 0.01 * Math.sin(index * 1.7),
      'divergence/true': start * 0.9 * Math.exp(-index / 10) + 0.004,
      entropy: 0.1 - 0.0007 * index,
      'completions/mean_length': 31 + index / 8,
    })),
  };
}

export function sampleReport(): ReportData {
  const methods = [
    { method: 'base', accuracy: estimate(0.55, 0.035), process: estimate(0.67, 0.02) },
    { method: 'teacher (rubric in context)', accuracy: estimate(0.81, 0.03), process: estimate(0.91, 0.015) },
    { method: 'placebo teacher', accuracy: estimate(0.652, 0.033), process: estimate(0.8, 0.02) },
    { method: 'OPSD', accuracy: estimate(0.5, 0.036), process: estimate(0.73, 0.02), recovered: estimate(-0.2, 0.12) },
    {
      method: 'RCSD',
      accuracy: estimate(0.833, 0.027),
      process: estimate(0.907, 0.014),
      recovered: estimate(1.04, 0.1),
    },
  ].map((row) => ({ ...row, questions: 420, samples: 2, unparsed: 3, truncated: 1 }));
  const names = ['KIN', 'OHM', 'CHEM', 'GAS', 'GEN', 'UNIT', 'PHYS', 'FORCE'];
  return {
    title: 'RCSD on microscience',
    lead: 'A model of 0.7 million parameters writes rubrics, becomes its own teacher under them, and learns from that teacher token by token.',
    methods,
    intervals: '95 % bootstrap over questions',
    families: methods.flatMap(({ method, accuracy }, row) =>
      names.map((family, column) => ({
        family,
        method,
        accuracy: Math.min(0.99, accuracy.value + 0.06 * Math.sin(row + 2 * column)),
      })),
    ),
    curves: [curve('RCSD stage I', 80, 0.3), curve('RCSD stage II', 40, 0.2), curve('OPSD', 40, 0.25)],
    rubrics: [{ rubric, question }],
    rubricCounts: { asked: 420, valid: 411, retried: 20, dropped: 9 },
    guidance: [{ guidance, question: question.question }],
    warnings: ['OPSD ended below the base model.'],
    settings: { algorithm: 'rcsd', stage2: { steps: 40, optimizer: { learning_rate: 3e-4 } }, seed: { data: 1 } },
    provenance: { node: 'v20.20.2', TensorFlow: '2.21.0', commit: '0123abc' },
    reproduce: 'npx rcsd quickstart seed.sampling=1',
  };
}
