/**
 * OPSD whose teacher sees a worked example of another problem (OP2SD, arXiv 2608.09228): does privileged content teach, or any context?
 * The prompt calls the example unrelated, a show of care. Donors are the training questions: in a seeded circle each gives its solution
 * to the next, so that all are used once and none helps itself (`op2sd_donor=each`), or one gives to all (`one`).
 */
import { DIVERGENCE, NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { choice } from '../../base/config/declare';
import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import { createRandom, hashWords } from '../../engine/tensors/random';
import { type Algorithm, type AlgorithmContext, type AlgorithmDefinition, teacherAnswers } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** OP2SD; refuses to train on a single question, which has no other. */
export function op2sd(settings: StageSettings, { questions, seed }: AlgorithmContext['pool']): Algorithm {
  const donors = donorsOf(questions, settings.relatives.op2sd_donor, seed);
  return {
    ...distilledAnswers('op2sd', settings),
    teacherView: ({ question }) => {
      const donor = donors.get(question.id);
      if (donor?.solution !== undefined)
        return teacherAnswers(settings)(question, { unrelated: { question: donor, solution: donor.solution } });
      throw new InputError(
        `Question ${question.id} has no other question with a solution beside it; op2sd needs two or more that have one.`,
      );
    },
  };
}

/** The question whose solution is shown beside each. */
export function donorsOf(
  questions: readonly Question[],
  which: StageSettings['relatives']['op2sd_donor'],
  seed: number,
): ReadonlyMap<string, Question> {
  const circle = createRandom(hashWords(seed, 4)).shuffle(questions.filter(({ solution }) => solution !== undefined));
  const donorAt = (i: number): Question | undefined => {
    const next = circle[(i + 1) % circle.length];
    return which === 'each' || i === 0 ? next : circle[0];
  };
  return new Map(
    circle.flatMap(({ id }, i) => {
      const donor = donorAt(i);
      return donor && donor.id !== id ? [[id, donor] as const] : [];
    }),
  );
}

export const OP2SD: AlgorithmDefinition = {
  name: 'op2sd',
  about: {
    completions: "the student's",
    teacher: 'x, and a solved other problem, called unrelated',
    loss: 'divergence from the teacher, token by token',
    source: 'OP2SD, arXiv 2608.09228',
    learns: 'its own ŷ',
    formula: 'D, where p_T sees another question and its s',
    differs:
      'arXiv 2608.09228. Its donors are competition problems, also of physics and chemistry; ours are the training questions. Its loss is clipped by entry at 0.05 for 1.7B; ours has the settings of `opsd`, so that the two differ in the context alone. microscience cannot show it: there, `rubric_source=placebo` and `same-family` ask the same',
  },
  settings: {
    op2sd_donor: choice(
      ['each', 'one'],
      'each', // OP2SD
      'op2sd: every question gets the solution of one of its own, or all get the same',
      { since: 4 },
    ),
  },
  reads: DIVERGENCE,
  defaults: () => NO_CONTEXT,
  needs: () => ({
    samples: true,
    solutions: 'algorithm=op2sd',
    demonstration: 'algorithm=rcsd stages=reasoner rubric_source=placebo, which shows the rubric of another question',
  }),
  answering: (settings, { pool }) => op2sd(settings, pool),
};
