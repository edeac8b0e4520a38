/** Names for parts of a run's settings that are passed around alone. */
import type { StageSettings, TrainConfig } from './configs';

export type TeacherContext = StageSettings['teacher_context'];
export type TeacherMixture = StageSettings['teacher_mixture'];
export type TeacherPolicy = StageSettings['teacher'];
export type RubricSource = TrainConfig['rubric_source'];

/** How the teachers of one criterion each become one distribution, compared as the loss compares. */
export type MixingSettings = Pick<StageSettings, 'teacher_mixture' | 'divergence' | 'beta' | 'loss_temperature'>;

/** What compares the teacher's distribution with the student's, token by token (papers: RCSD 1.7). */
export type DivergenceSettings = Pick<
  StageSettings,
  'divergence' | 'beta' | 'loss_temperature' | 'top_k' | 'support' | 'tail' | 'clip' | 'clip_mode'
>;
