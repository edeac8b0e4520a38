/** Distilling the answers of a model that sees more into the same model that sees less: what RCSD's stage II and OPSD share. */
import type { StageSettings } from '../../base/config/configs';
import { divergenceSpec } from '../losses/spec';
import { type Algorithm, privileged, studentAnswers, teacherAnswers } from './algorithm';

/** The student answers from the question alone; the teacher also sees what `teacher_context` names. */
export function distilledAnswers(name: string, settings: StageSettings): Algorithm {
  return {
    name,
    rollouts: 'student',
    studentView: studentAnswers(settings),
    teacherView: (example) => teacherAnswers(settings)(example.question, privileged(example, settings.teacher_context)),
    loss: divergenceSpec(settings),
  };
}
