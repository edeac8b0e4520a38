/**
 * Rubric-Conditioned Self-Distillation (arXiv 2606.19327). Both stages are the same record: the student samples, the same model
 * with privileged text in its context scores every token, the student moves towards that distribution.
 *
 * Stage I (equation 4) writes rubrics: the student sees the question x, the teacher x and the reference answer y*.
 * Stage II (equation 5) answers: the student sees x, the teacher x and a rubric r.
 * Where the paper's text, its figure 2 and the authors' code disagree on what a side sees, a setting says which: see the
 * profiles `paper` and `released`.
 */
import { CONTEXT, DIVERGENCE } from '../../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { divergenceSpec } from '../losses/spec';
import { type Algorithm, type AlgorithmDefinition, drawnAnswers, privileged } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** Stage I: learn to write the rubric of a question. */
export function rubricGenerator(config: TrainConfig): Algorithm {
  const settings = config.stage1;
  return {
    name: 'rcsd-rubric',
    rollouts: 'student',
    studentView: ({ question }) => ({
      question,
      purpose: 'rubric',
      thinking: settings.thinking.student,
      ...(config.rubric_student_sees_answer && { answer: question.answer }),
    }),
    teacherView: (example) => ({
      question: example.question,
      purpose: 'rubric',
      thinking: settings.thinking.teacher,
      ...privileged(example, config.rubric_teacher_sees),
    }),
    loss: divergenceSpec(settings),
  };
}

/** Stage II: answer as the model does when it can see a rubric (or whatever else `teacher_context` names). */
export const reasoner = (settings: StageSettings): Algorithm => ({
  ...distilledAnswers('rcsd-reasoner', settings),
  ...drawnAnswers(settings),
});

export const RCSD: AlgorithmDefinition = {
  name: 'rcsd',
  about: {
    completions: "the student's: rubrics in stage I, answers in stage II",
    teacher:
      'stage I: x, and y\\* or the reference rubric or both (`rubric_teacher_sees`); stage II: x, r (`teacher_context`)',
    loss: 'divergence from the teacher, token by token',
    source: 'RCSD, arXiv 2606.19327',
    learns: 'its own ŷ',
    formula: 'D(p_T(· given x, r, ŷ_<t), p_S(· given x, ŷ_<t))',
    differs: 'arXiv 2606.19327, the sections above',
  },
  rubricStage: true,
  reads: [...DIVERGENCE, ...CONTEXT, 'rollout_context'],
  needs: () => ({ samples: true }),
  answering: reasoner,
  writing: rubricGenerator,
};
