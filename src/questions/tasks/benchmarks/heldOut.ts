/** Questions to evaluate on, taken out of a set that is published without a split. */
import type { Question } from '../../../base/records/question';
import { createRandom } from '../../../engine/tensors/random';
import type { Note } from './benchmark';

/** The split of rows whose file names none. */
export const UNSPLIT = 'unsplit';

/** A tenth of the questions, at most as many as the paper evaluates on (RCSD: subsets of 500), drawn by a seed that never changes. */
const HELD_OUT = { share: 0.1, most: 500, seed: 42 } as const;

/**
 * The questions with a split each. Where none was published for evaluation, some are held out: of those that have a reference answer and
 * stand in the set once, so that no training question has the same words. `note` hears how many, and how they were chosen.
 */
export function heldOut(questions: readonly Question[], note: Note = () => {}): Question[] {
  const unsplit = questions.filter(({ split }) => split === UNSPLIT);
  const published = unsplit.length < questions.length && questions.some(({ split }) => split === 'test');
  const held = published ? new Set<Question>() : chosen(unsplit);
  if (unsplit.length > 0)
    note(
      published
        ? `${unsplit.length} questions of files that name no split are for training, since others are for evaluation`
        : `published without a split: ${held.size} of ${unsplit.length} questions are held out to evaluate on, drawn by seed ${HELD_OUT.seed} out of those with a reference answer that stand there once`,
    );
  return questions.map((question) =>
    question.split === UNSPLIT ? { ...question, split: held.has(question) ? 'test' : 'train' } : question,
  );
}

function chosen(questions: readonly Question[]): Set<Question> {
  const times = new Map<string, number>();
  for (const { question } of questions) times.set(question, (times.get(question) ?? 0) + 1);
  const fit = questions.filter(({ question, answer }) => answer !== '' && times.get(question) === 1);
  const count = questions.length < 2 ? 0 : Math.max(1, Math.floor(questions.length * HELD_OUT.share));
  return new Set(createRandom(HELD_OUT.seed).shuffle(fit).slice(0, Math.min(count, HELD_OUT.most)));
}
