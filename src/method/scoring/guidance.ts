/** What the teacher thinks of one answer, token by token: the numbers behind the guidance heatmap. */

import type { DivergenceSettings, TeacherMixture } from '../../base/config/parts';
import { textBehind, textPieces } from '../../engine/files/tokenizer';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { perConfig } from '../../engine/model/perConfig';
import type { Weights } from '../../engine/model/transformer';
import { compile } from '../../engine/tensors/compile';
import { timesTransposed } from '../../engine/tensors/pairs';
import { int32, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax } from '../losses/distributions';
import { divergence } from '../losses/divergence';
import { mixTeachers } from '../losses/teachers';
import { type DeviceView, layOut, layOutCriteria, toDevice } from './align';
import { readingOf, readOut } from './hidden';
import { type TwoSidedSequence, targetsOf } from './sequence';

/** Scores of each completion token: natural logarithms, and divergences in nats before any clip. */
export interface TokenScores {
  readonly tokens: readonly string[];
  readonly divergence: readonly number[];
  readonly studentLogprobs: readonly number[];
  readonly teacherLogprobs: readonly number[];
  /** The teacher's most likely tokens at each place, best first. */
  readonly topTeacher: readonly (readonly { readonly token: string; readonly logprob: number }[])[];
  /** By criterion, where criteria are given: their titles, and by place in that list the one that moves the student most at each token. */
  readonly criteria?: readonly string[];
  readonly criterion?: readonly number[];
}

/** An answer behind both prompts and, to tell the criteria of a rubric apart, behind that of a teacher of each. */
export interface GuidedAnswer extends Required<TwoSidedSequence> {
  readonly criteria?: readonly { readonly title: string; readonly prompt: readonly number[] }[];
}

/** How the two sides are compared; `favourites` is the length of `topTeacher`'s lists. */
export interface GuidanceSettings extends DivergenceSettings {
  readonly favourites?: number;
  /** With criteria: whether the teacher is the one behind `teacherPrompt` (`joint`, the default) or a mixture of theirs. */
  readonly teacher_mixture?: TeacherMixture;
}

interface Sides {
  readonly student: { readonly weights: Weights; readonly view: DeviceView };
  readonly teacher: { readonly weights: Weights; readonly view: DeviceView };
  /** The teachers of one criterion each; their rows and `present` as in `CriteriaView`. */
  readonly criteria?: { readonly view: DeviceView; readonly present: Tensor };
}

const guideFor = perConfig((config) =>
  compile(({ student, teacher, criteria }: Sides, targets: Tensor, settings: Required<GuidanceSettings>) => {
    const { favourites, teacher_mixture, ...loss } = settings;
    const logits = ({ weights, view }: Sides['student']): Tensor => {
      const { hidden, head } = readOut(config, weights, readingOf(config, view));
      return timesTransposed(hidden, head);
    };
    const studentLogits = logits(student);
    const apart = criteria && logits({ weights: teacher.weights, view: criteria.view });
    const tokens = studentLogits.shape[0] as number;
    const mixed =
      criteria &&
      mixTeachers(
        studentLogits,
        { present: criteria.present, logits: (k) => tf.slice(apart as Tensor, k * tokens, tokens) },
        { ...loss, teacher_mixture },
      );
    const teacherLogits = mixed && teacher_mixture !== 'joint' ? mixed.logits : logits(teacher);
    const { metrics } = divergence(loss)(studentLogits, { teacherLogits, targets });
    const [top, topTokens] = rawOps('TopKV2', [logSoftmax(teacherLogits), int32(favourites)], { sorted: true }, 2);
    return {
      divergence: metrics.true as Tensor,
      studentLogprobs: metrics.student_logprob as Tensor,
      teacherLogprobs: metrics.teacher_logprob as Tensor,
      top: top as Tensor,
      topTokens: topTokens as Tensor,
      ...(mixed && { criterion: mixed.strongest }),
    };
  }, 'guidance'),
);

/**
 * Scores an answer of `student` by `teacher` (often the same model with another prompt). `topTeacher` lists 4 tokens
 * unless told otherwise.
 */
export function scoreGuidance(
  { student, teacher }: { readonly student: LanguageModel; readonly teacher: LanguageModel },
  answer: GuidedAnswer,
  { favourites = 4, teacher_mixture = 'joint', ...settings }: GuidanceSettings,
): TokenScores {
  const tokenizer = requireTokenizer(student);
  const { maxPositions } = student.config;
  const { completionTokens, criteria } = answer;
  const view = (promptTokens: readonly number[]) => layOut([{ promptTokens, completionTokens }], { maxPositions });
  const studentView = view(answer.studentPrompt);
  const prompts = criteria?.map(({ prompt }) => prompt);
  const apart = prompts && layOutCriteria([{ prompts, completionTokens }], { maxPositions });
  const read = tf.tidy(() => {
    const sides = {
      student: { weights: student.weights, view: toDevice(studentView) },
      teacher: { weights: teacher.weights, view: toDevice(view(answer.teacherPrompt)) },
      ...(apart && {
        criteria: {
          view: toDevice(apart),
          present: tf.tensor2d(apart.present, [apart.teachers, studentView.rows.length]),
        },
      }),
    };
    const targets = int32(targetsOf([{ promptTokens: [], completionTokens }], studentView.rows.length));
    const guided = guideFor(student.config)(sides, targets, { ...settings, favourites, teacher_mixture });
    return Object.fromEntries(Object.entries(guided).map(([name, tensor]) => [name, [...tensor.dataSync()]])) as never;
  }) as Record<'divergence' | 'studentLogprobs' | 'teacherLogprobs' | 'top' | 'topTokens', number[]> & {
    readonly criterion?: number[];
  };
  const own = (values: number[]): number[] => values.slice(0, completionTokens.length);
  const textAt = (t: number, id: number): string => textBehind(tokenizer, completionTokens.slice(0, t), id);
  return {
    tokens: textPieces(tokenizer, completionTokens),
    divergence: own(read.divergence),
    studentLogprobs: own(read.studentLogprobs),
    teacherLogprobs: own(read.teacherLogprobs),
    topTeacher: completionTokens.map((_, t) =>
      Array.from({ length: favourites }, (_, k) => ({
        token: textAt(t, read.topTokens[t * favourites + k] as number),
        logprob: read.top[t * favourites + k] as number,
      })),
    ),
    ...(criteria && read.criterion && { criteria: criteria.map(({ title }) => title), criterion: own(read.criterion) }),
  };
}
