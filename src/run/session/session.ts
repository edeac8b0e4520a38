/** What every experiment opens first: the model, the task with its questions, and the views. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import { COMMON_ESCAPES } from '../../engine/files/escape';
import { resolveModelPath } from '../../engine/files/models';
import { openModel, outlineModel } from '../../engine/model/load';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import type { Precision } from '../../engine/tensors/hardware';
import { defaultTemplates, readTemplates, type Templates } from '../../method/prompts/templates';
import { chatViews } from '../../method/prompts/views';
import { type LoadedTask, loadTask } from '../../questions/load';
import { suiteData, suiteOf, worldNamed } from '../../questions/tasks/microscience';
import type { Task } from '../../questions/tasks/task';
import type { Views } from '../../questions/tasks/views';
import { formatToRead } from './memory';

/** An open experiment. */
export interface Session {
  readonly model: LanguageModel;
  readonly task: Task;
  readonly views: Views;
  readonly train: readonly Question[];
  readonly test: readonly Question[];
  /** Where several data sets were named: which of them each question, by its id, comes from. */
  readonly origins?: LoadedTask['origins'];
  /** The training questions of stages with data of their own, by that setting. */
  readonly own?: ReadonlyMap<string, Pick<LoadedTask, 'train' | 'origins'>>;
  dispose(): void;
}

/** The session as a stage sees it: with the questions to learn from that its settings name. */
export function forStage(session: Session, { data }: StageSettings): Session {
  if (data === undefined) return session;
  const own = session.own?.get(data);
  if (!own) throw new Error(`the session was opened without the questions of ${data}`);
  return { ...session, origins: undefined, ...own };
}

/** Settings of the prompts' wording. */
export type PromptSettings = Partial<Pick<TrainConfig, 'rubric_prompt' | 'prompts'>>;

/** Views of a task: its own, or chat templates through the model's tokenizer in the wording of the settings. */
export function viewsFor(
  task: Task,
  model: LanguageModel,
  { rubric_prompt: rubricPrompt, prompts }: PromptSettings = {},
): Views {
  if (task.views && prompts !== undefined)
    throw new InputError(`prompts=${prompts}: the task ${task.name} has views of its own; leave the setting out.`);
  if (task.views) return task.views;
  return chatViews(requireTokenizer(model), templatesOf({ rubric_prompt: rubricPrompt, prompts }));
}

/** Views of a task for a server, which puts its own chat template around the turn. Throws InputError where it would not take them. */
export function serverViews(task: Task, settings: PromptSettings): Views {
  if (task.views)
    throw new InputError(
      `The task ${task.name} is asked in tokens of its own, which a server does not take; choose other data.`,
    );
  return chatViews({ renderChat: ([turn]) => turn?.content ?? '', escapes: COMMON_ESCAPES }, templatesOf(settings));
}

/** The wording of the settings. */
export function templatesOf({ rubric_prompt: rubricPrompt, prompts }: PromptSettings): Templates {
  const builtIn = defaultTemplates(rubricPrompt);
  return prompts === undefined ? builtIn : readTemplates(prompts, builtIn);
}

/** What names a session's model and data. */
type SessionSettings = Pick<TrainConfig, 'model' | 'adapter' | 'data'> &
  Partial<Pick<TrainConfig, 'date' | 'precision' | 'weights' | 'memory'>> & {
    readonly [stage in 'stage1' | 'stage2']?: Pick<StageSettings, 'data'>;
  } & PromptSettings;

/** The data of a session, with those of stages that have their own. Throws InputError for a stage's data without questions to learn from, or with some to evaluate on. */
function load({ data: common, stage1, stage2 }: SessionSettings): LoadedTask & Pick<Session, 'own'> {
  const loaded = loadTask(common);
  const named = [...new Set([stage1?.data, stage2?.data])].filter((data) => data !== undefined);
  if (named.length === 0) return loaded;
  const held = new Set(loaded.test.map(({ id }) => id));
  const own = new Map(
    named.map((data) => {
      const at = stage1?.data === data ? 'stage1' : 'stage2';
      const { train, origins } = loadTask(data);
      if (train.length === 0)
        throw new InputError(`${at}.data=${data} has no training questions; choose data with a training part.`);
      const shared = train.find(({ id }) => held.has(id));
      if (shared)
        throw new InputError(
          `${at}.data=${data}: the question "${shared.id}" is one that the run evaluates on; leave it out of one of them.`,
        );
      return [data, { train, ...(origins && { origins }) }];
    }),
  );
  return { ...loaded, own };
}

/**
 * Opens model and data; for `weights=auto`, `format` chooses by a session whose weights are not read yet; by default what fits where
 * nothing is trained. Throws InputError when they do not go together.
 */
export async function openSession(
  settings: SessionSettings,
  format: (outline: Session) => Precision = ({ model }) => formatToRead(model.config, settings),
): Promise<Session> {
  const loaded = load(settings);
  checkWorld(settings.model, settings.data);
  const { adapter, date, precision, weights = 'fp32' } = settings;
  const model = await openModel(settings.model, {
    ...{ adapter, date, precision },
    weights: weights === 'auto' ? (outline) => format(sessionOf(outline, loaded, settings)) : weights,
  });
  try {
    return sessionOf(model, loaded, settings);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** A session whose model has no weights, to plan with, and whether they are stored in bf16. */
export async function outlineSession(
  settings: SessionSettings,
): Promise<{ readonly session: Session; readonly bf16: boolean }> {
  const { model, bf16 } = await outlineModel(settings.model, settings);
  return { session: sessionOf(model, load(settings), settings), bf16 };
}

/** A session of an open model with loaded data. Throws InputError when they do not go together. */
export function sessionOf(
  model: LanguageModel,
  loaded: LoadedTask & Pick<Session, 'own'>,
  settings: SessionSettings,
): Session {
  checkWorld(settings.model, settings.data);
  const { task, train, test, origins, own } = loaded;
  const views = viewsFor(task, model, settings);
  checkVocabulary(model, views, [...train.slice(0, 1), ...test.slice(0, 1)]);
  return { model, task, views, train, test, ...(origins && { origins }), ...(own && { own }), dispose: model.dispose };
}

/**
 * A base of another world would be asked and graded by laws that it never saw. `data` may name another world of the same
 * suite on purpose, but not by its default.
 */
function checkWorld(model: string, data: string): void {
  const named = suiteData(data);
  const own = named && pretrainedWorld(resolveModelPath(model));
  if (!own || own === named.world) return;
  const { suite, world: asked } = named;
  if (asked !== 'strata' && suiteOf(worldNamed(asked)) === suiteOf(worldNamed(own))) return;
  throw new InputError(
    `Model ${model} was pretrained in world ${own}, and data=${data} asks by the laws of world ${asked}; set data=${suite}:${own}.`,
  );
}

/** The name of the world that a model was pretrained in; undefined where its folder does not say. */
function pretrainedWorld(path: string): string | undefined {
  const file = join(path, 'pretraining.json');
  if (!existsSync(file)) return undefined;
  const { settings } = JSON.parse(readFileSync(file, 'utf8')) as { settings?: { world?: number | string } };
  return String(settings?.world ?? 0);
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
