/** Supervised fine-tuning: cross-entropy on the questions' reference solutions. */
import type { StageSettings } from '../config/train';
import type { Algorithm } from './algorithm';

/** SFT; the settings' sampling and teacher are not used. */
export function sft(settings: StageSettings): Algorithm {
  return {
    name: 'sft',
    rollouts: 'reference',
    studentView: ({ question }) => ({ question, purpose: 'answer', thinking: settings.thinking.student }),
    loss: { kind: 'cross_entropy' },
  };
}
