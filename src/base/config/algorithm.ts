/**
 * What an algorithm declares of itself, so that no shared code asks for one by name: which settings it reads, with which defaults,
 * and what it needs of the data. The records are in method/algorithms; the settings get them as an argument.
 */
import type { StageSettings, TrainConfig } from './configs';
import type { Declarations } from './setting';

/** What the settings of a stage make an algorithm need. */
export interface AlgorithmNeeds {
  /** Whether it samples completions; false where all of them are the data's. */
  readonly samples: boolean;
  /** The setting, as `name=value`, by which it reads the questions' solutions; absent where it reads none. */
  readonly solutions?: string;
  /** The same for the questions' answers, beside those that a teacher's context or a reward reads. */
  readonly answers?: string;
  /** Whether a view needs the question's rubric, beside those that `teacher_context` and the like name. */
  readonly rubrics?: boolean;
  /** What to use instead, where its teacher is shown a whole response and the task's views have no place for one. */
  readonly demonstration?: string;
  /** Whether it learns from how the completions of one question differ, so that a question needs two or more. */
  readonly siblings?: boolean;
}

/** What the settings and the shared code know of an algorithm. */
export interface AlgorithmTraits {
  /** The word behind `algorithm=`. */
  readonly name: string;
  /** A first stage, with the settings `stage1`, trains the model to write rubrics. */
  readonly rubricStage?: boolean;
  /** Settings of its own; they stand in the group `relatives`. */
  readonly settings?: Declarations;
  /** Which settings of the answering stage it reads, of those that not every algorithm reads; `grpo.` is the whole group. */
  readonly reads: readonly string[];
  /** Settings that it does not read but may be given, so that one line of settings serves a comparison. */
  readonly ignores?: readonly string[];
  /** Values of the answering stage in place of the profile's. */
  readonly defaults?: (stage: StageSettings) => Partial<StageSettings>;
  /** Steps of the answering stage outside microscience, where they are not the profile's. */
  readonly steps?: number;
  needs(stage: StageSettings): AlgorithmNeeds;
  /** Throws InputError, with the reason, for settings that it could not train with. `given` holds the names set by hand. */
  check?(config: TrainConfig, given: ReadonlySet<string>): void;
}

/** Settings of the comparison of two distributions. */
export const DIVERGENCE = [
  'divergence',
  'beta',
  'loss_temperature',
  'top_k',
  'support',
  'tail',
  'clip',
  'clip_mode',
] as const;
/** Settings of what the teacher sees. */
export const CONTEXT = ['teacher_context', 'teacher_mixture', 'reason_first', 'reason_by', 'anti_mention'] as const;
/** Settings that only some algorithms read; their own are in `relatives`. */
const OPTIONAL = [...DIVERGENCE, ...CONTEXT, 'rollout_context', 'grpo.', 'relatives.'];

const lists = (names: readonly string[], name: string): boolean =>
  names.some((entry) => entry === name || (entry.endsWith('.') && name.startsWith(entry)));

const withinStage = (name: string): string => name.replace(/^stage[12]\./, '');

/** Whether an algorithm reads a setting, by its full name or the one within a stage. */
export function readsSetting({ reads, settings = {} }: AlgorithmTraits, name: string): boolean {
  const inner = withinStage(name);
  const own = Object.keys(settings).map((key) => `relatives.${key}`);
  return !lists(OPTIONAL, inner) || lists([...reads, ...own], inner);
}

/** Whether an algorithm may be given a setting. */
export const takesSetting = (traits: AlgorithmTraits, name: string): boolean =>
  readsSetting(traits, name) || lists(traits.ignores ?? [], withinStage(name));

/** Whether the answering stage's teacher, its rollouts or one of its rewards read rubrics. */
export function readsRubrics(traits: AlgorithmTraits, stage: StageSettings): boolean {
  const { teacher_context, rollout_context, grpo } = stage;
  if (traits.needs(stage).rubrics) return true;
  const { rewards, judge_kind } = grpo;
  const rewarded =
    rewards.some((name) => name.startsWith('rubric')) || (rewards.includes('judge') && judge_kind !== 'grpo');
  const told = readsSetting(traits, 'rollout_context') && rollout_context.includes('rubric');
  return told || teacher_context.includes('rubric') || (readsSetting(traits, 'grpo.rewards') && rewarded);
}

/** Values without a teacher's context. */
export const NO_CONTEXT = { teacher_context: 'none', reason_first: false, anti_mention: false } as const;
export const NO_CLIP = { clip: 0, clip_mode: 'none' } as const;

/** Sampling and loss at one temperature. */
export const atTemperature = (stage: StageSettings, temperature: number): Partial<StageSettings> => ({
  sampling: { ...stage.sampling, temperature },
  loss_temperature: temperature,
});
