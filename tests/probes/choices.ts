/** Two questions with the same text and choices, of which another one is right, and a small model that knows their words. */
import type { Question } from '../../src/base/records/question';
import { tokenizerFromJson } from '../../src/engine/files/tokenizer';
import { chatViews } from '../../src/method/prompts/views';
import { checkQuestion, scienceTask } from '../../src/questions/tasks/science';
import type { Session } from '../../src/run/session/session';
import { openFixture } from '../model/tiny';

const words = 'Which is heavy ? lead copper unknown The answer is'.split(' ');
const letters = ['A', 'B', '(A)', '(B)', '\\boxed{A}.', '\\boxed{B}.'];
const tokenizer = tokenizerFromJson(
  {
    version: '1.0',
    added_tokens: [],
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries([...words, ...letters].map((word, id) => [word, id])),
      unk_token: 'unknown',
    },
  },
  { chat_template: '{% for m in messages %}{{ m.content }} {% endfor %}' },
);
const questions: readonly Question[] = ['A', 'B'].map((answer, i) =>
  checkQuestion(
    {
      id: `q${i}`,
      task: 'science',
      question: 'Which is heavy ?',
      choices: ['lead', 'copper'],
      answer,
      rubric: [{ description: `Names ${i} .`, weight: 5 }],
      metadata: { topic: `topic ${i}` },
    },
    'here',
  ),
);

export const CHOICES = { tokenizer, questions };

/** A session of the small model on the two questions; the caller disposes it. */
export async function openChoices(): Promise<Session> {
  const opened = await openFixture('llama-tied', { maxPositions: 1024 });
  const model = { ...opened, tokenizer };
  return {
    model,
    views: chatViews(tokenizer),
    task: scienceTask,
    train: questions,
    test: questions,
    dispose: opened.dispose,
  };
}
