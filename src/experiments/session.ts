/** What every experiment opens first: the model, the task with its questions, and the views. */
import type { TrainConfig } from '../config/train';
import { openModel } from '../model/load';
import { type LanguageModel, requireTokenizer } from '../model/model';
import { chatViews } from '../prompts/views';
import { InputError } from '../records/errors';
import { loadTask } from '../tasks/load';
import type { Question } from '../tasks/question';
import type { Task } from '../tasks/task';
import type { Views } from '../tasks/views';

/** An open experiment. */
export interface Session {
  readonly model: LanguageModel;
  readonly task: Task;
  readonly views: Views;
  readonly train: readonly Question[];
  readonly test: readonly Question[];
  dispose(): void;
}

/** Views of a task: its own, or chat templates through the model's tokenizer. */
export function viewsFor(task: Task, model: LanguageModel): Views {
  return task.views ?? chatViews(requireTokenizer(model));
}

/** Opens model and data. Throws InputError when they do not go together. */
export async function openSession({
  model: name,
  adapter,
  data,
}: Pick<TrainConfig, 'model' | 'adapter' | 'data'>): Promise<Session> {
  const { task, train, test } = loadTask(data);
  const model = await openModel(name, { adapter });
  try {
    const views = viewsFor(task, model);
    checkVocabulary(model, views, [...train.slice(0, 1), ...test.slice(0, 1)]);
    return { model, task, views, train, test, dispose: model.dispose };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** A model without the words of the task's own views (another model on microscience, say) would only see gaps. */
function checkVocabulary(model: LanguageModel, views: Views, questions: readonly Question[]): void {
  const tokenizer = requireTokenizer(model);
  for (const question of questions) {
    const text = views.render({ question, purpose: 'answer' });
    const ids = tokenizer.encode(text);
    if (ids.length === 0 || ids.some((id) => id >= model.config.vocabSize)) {
      throw new InputError(
        `Model ${model.name} has no tokens for the task ${question.task}; choose a model made for it.`,
      );
    }
  }
}
