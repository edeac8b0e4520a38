/** Distilling the answers of a model that sees more into the same model that sees less: what RCSD's stage II and OPSD share. */
import type { StageSettings } from '../../base/config/configs';
import { divergenceSpec } from '../losses/spec';
import { type Algorithm, privileged } from './algorithm';

/** The student answers from the question alone; the teacher also sees what `teacher_context` names. */
export function distilledAnswers(name: string, settings: StageSettings): Algorithm {
  return {
    name,
    rollouts: 'student',
    studentView: ({ question }) => ({ question, purpose: 'answer', thinking: settings.thinking.student }),
    teacherView: (example) => ({
      question: example.question,
      purpose: 'answer',
      thinking: settings.thinking.teacher,
      antiMention: settings.anti_mention,
      ...privileged(example, settings.teacher_context),
    }),
    loss: divergenceSpec(settings),
  };
}
