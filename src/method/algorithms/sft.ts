/** Supervised fine-tuning: cross-entropy on the questions' reference solutions, or on their answers alone. */
import type { StageSettings } from '../../base/config/train';
import type { Question } from '../../base/records/question';
import type { Task } from '../../questions/tasks/task';
import type { Algorithm } from './algorithm';

/** SFT; the settings' sampling and teacher are not used. */
export function sft(settings: StageSettings, task: Pick<Task, 'boxed'> = {}): Algorithm {
  const { sft_source: source } = settings.relatives;
  return {
    name: 'sft',
    rollouts: 'reference',
    ...(source === 'answer' && {
      solution: (question: Question) => task.boxed?.(question) ?? `\\boxed{${question.answer}}`,
    }),
    studentView: ({ question }) => ({ question, purpose: 'answer', thinking: settings.thinking.student }),
    loss: { kind: 'cross_entropy' },
  };
}
