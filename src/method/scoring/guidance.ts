/** What the teacher thinks of an answer, token by token, and what it would have written instead: the numbers behind the token inspector. */

import type { DivergenceSettings, TeacherMixture } from '../../base/config/parts';
import type { CompletionRow, NextToken, TokenDetails } from '../../base/records/rows';
import { textBehind, textPieces } from '../../engine/files/tokenizer';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { perConfig } from '../../engine/model/perConfig';
import type { Weights } from '../../engine/model/transformer';
import { after, compile } from '../../engine/tensors/compile';
import { timesTransposed } from '../../engine/tensors/pairs';
import { int32, rawOp, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax } from '../losses/distributions';
import { divergence, divergenceTerms } from '../losses/divergence';
import { divergenceSpec } from '../losses/spec';
import { mixTeachers } from '../losses/teachers';
import type { ReadOut } from '../losses/tokenLoss';
import { type DeviceView, layOut, layOutCriteria, toDevice } from './align';
import { readingOf, readOut } from './hidden';
import { type TwoSidedSequence, targetsOf } from './sequence';

/** Scores of each token of an answer: natural logarithms at temperature 1, and nats before any clip. */
export interface TokenScores {
  readonly tokens: readonly string[];
  /** Their ids; absent in comparisons of earlier versions. */
  readonly ids?: readonly number[];
  readonly divergence: readonly number[];
  readonly studentLogprobs: readonly number[];
  readonly teacherLogprobs: readonly number[];
  /** What was compared at each token; absent where it was not kept. */
  readonly details?: TokenDetails;
  /** What multiplies each token's part of the loss; absent where all weigh the same. */
  readonly weight?: readonly number[];
  /** By criterion, where criteria are given: their titles, and by place in that list the one that moves the student most at each token. */
  readonly criteria?: readonly string[];
  readonly criterion?: readonly number[];
}

/** An answer behind both prompts. Without a teacher's prompt its teacher is a mixture of those that see one criterion each. */
export interface GuidedAnswer extends TwoSidedSequence {
  readonly criteria?: readonly { readonly title: string; readonly prompt: readonly number[] }[];
}

/** How the two sides are compared. */
export interface GuidanceSettings extends DivergenceSettings {
  /** With criteria: whether the teacher is the one behind `teacherPrompt` (`joint`, the default) or a mixture of theirs. */
  readonly teacher_mixture?: TeacherMixture;
}

/** How many of each side's likeliest next tokens are kept; of a smaller vocabulary, all. */
const LIKELIEST = 10;

/** How many tokens have their logits in memory at once. */
const CHUNK = 256;

interface Sides {
  readonly student: { readonly weights: Weights; readonly view: DeviceView };
  readonly teacher: { readonly weights: Weights; readonly view?: DeviceView };
  /** The teachers of one criterion each; their rows and `present` as in `CriteriaView`. */
  readonly criteria?: { readonly view: DeviceView; readonly present: Tensor };
}

/** Numbers of all tokens by name: [N], and of the likeliest next ones of teacher and student [N, 2 * LIKELIEST]. */
type Guided = Readonly<Record<string, Tensor>>;

const guideFor = perConfig((config) =>
  compile(({ student, teacher, criteria }: Sides, targets: Tensor, settings: Required<GuidanceSettings>): Guided => {
    const read = (weights: Weights, view: DeviceView) => readOut(config, weights, readingOf(config, view));
    const sides = {
      student: read(student.weights, student.view),
      joint: teacher.view && read(teacher.weights, teacher.view),
      apart: criteria && { ...read(teacher.weights, criteria.view), present: criteria.present },
    };
    const tokens = sides.student.hidden.shape[0] as number;
    const parts: Guided[] = [];
    for (let start = 0; start < tokens; start += CHUNK) {
      const chunk = { start, size: Math.min(CHUNK, tokens - start), previous: parts.at(-1)?.divergence };
      parts.push(guideChunk(sides, targets, { settings, chunk }));
    }
    const names = Object.keys(parts[0] ?? {});
    return Object.fromEntries(names.map((name) => [name, tf.concat(parts.map((part) => part[name] as Tensor))]));
  }, 'guidance'),
);

interface ReadSides {
  readonly student: ReadOut;
  readonly joint?: ReadOut;
  readonly apart?: ReadOut & { readonly present: Tensor };
}

function guideChunk(
  { student, joint, apart }: ReadSides,
  targets: Tensor,
  how: {
    readonly settings: Required<GuidanceSettings>;
    readonly chunk: { readonly start: number; readonly size: number; readonly previous?: Tensor };
  },
): Guided {
  const { teacher_mixture, ...loss } = how.settings;
  const { start, size, previous } = how.chunk;
  const logitsOf = ({ hidden, head, precision }: ReadOut, at = start, behind = previous): Tensor => {
    const rows = tf.slice(hidden, at, size);
    return timesTransposed(behind ? after(rows, behind) : rows, head, precision);
  };
  const studentLogits = logitsOf(student);
  const tokens = student.hidden.shape[0] as number;
  const mixed =
    apart &&
    mixTeachers(
      studentLogits,
      {
        present: tf.slice(apart.present, [0, start], [apart.present.shape[0] as number, size]),
        logits: (k, behind = previous) => logitsOf(apart, k * tokens + start, behind),
      },
      how.settings,
    );
  const teacherLogits = mixed && (teacher_mixture !== 'joint' || !joint) ? mixed.logits : logitsOf(joint as ReadOut);
  const own = tf.slice(targets, start, size);
  const { metrics } = divergence(loss)(studentLogits, { teacherLogits, targets: own });
  const logprobs = (logits: Tensor): Tensor => logSoftmax(tf.div(logits, loss.loss_temperature));
  const [logS, logT] = [logprobs(studentLogits), logprobs(teacherLogits)];
  const count = Math.min(LIKELIEST, logT.shape[1] as number);
  const likeliest = (of: Tensor): Tensor => rawOps('TopKV2', [of, int32(count)], { sorted: true }, 2)[1] as Tensor;
  const next = tf.concat([likeliest(logT), likeliest(logS)], 1);
  const at = (values: Tensor): Tensor => rawOp('GatherV2', [values, next, int32(1)], { batch_dims: 1 });
  return {
    divergence: metrics.true as Tensor,
    studentLogprobs: metrics.student_logprob as Tensor,
    teacherLogprobs: metrics.teacher_logprob as Tensor,
    entropy: metrics.entropy as Tensor,
    teacher_entropy: metrics.teacher_entropy as Tensor,
    ...(metrics.clipped && { clipped: metrics.clipped }),
    next: tf.cast(next, 'float32'),
    nextStudent: at(logS),
    nextTeacher: at(logT),
    nextTerm: at(divergenceTerms(studentLogits, teacherLogits, loss)),
    ...(mixed && { criterion: tf.cast(mixed.strongest, 'float32') }),
  };
}

/** The models whose next tokens are compared; the teacher is often the same model. They are of one architecture. */
export interface GuidedModels {
  readonly student: LanguageModel;
  readonly teacher: LanguageModel;
}

/** Scores answers of `student` by `teacher`, all in one pass. Throws InputError for an answer longer than the model takes. */
export function scoreAnswers(
  { student, teacher }: GuidedModels,
  answers: readonly GuidedAnswer[],
  { teacher_mixture = 'joint', ...settings }: GuidanceSettings,
): TokenScores[] {
  // A whole stage's settings may be given; a graph is compiled for those that it uses.
  const compared = { ...divergenceSpec(settings), teacher_mixture };
  const tokenizer = requireTokenizer(student);
  const { maxPositions } = student.config;
  const behind = (promptOf: (own: GuidedAnswer) => readonly number[]) =>
    layOut(
      answers.map((own) => ({ promptTokens: promptOf(own), completionTokens: own.completionTokens })),
      { maxPositions },
    );
  const studentView = behind(({ studentPrompt }) => studentPrompt);
  const joint = answers.every(({ teacherPrompt }) => teacherPrompt);
  const apart = answers.every(({ criteria = [] }) => criteria.length > 0)
    ? layOutCriteria(
        answers.map(({ criteria = [], completionTokens }) => ({
          prompts: criteria.map(({ prompt }) => prompt),
          completionTokens,
        })),
        { maxPositions },
      )
    : undefined;
  const read = tf.tidy(() => {
    const sides: Sides = {
      student: { weights: student.weights, view: toDevice(studentView) },
      teacher: {
        weights: teacher.weights,
        ...(joint && { view: toDevice(behind(({ teacherPrompt = [] }) => teacherPrompt)) }),
      },
      ...(apart && {
        criteria: {
          view: toDevice(apart),
          present: tf.tensor2d(apart.present, [apart.teachers, studentView.rows.length]),
        },
      }),
    };
    const sequences = answers.map(({ completionTokens }) => ({ promptTokens: [], completionTokens }));
    const targets = int32(targetsOf(sequences, studentView.rows.length));
    const guided = guideFor(student.config)(sides, targets, compared);
    return Object.fromEntries(Object.entries(guided).map(([name, tensor]) => [name, tensor.dataSync()])) as never;
  }) as Numbers;
  let from = 0;
  return answers.map(({ completionTokens, criteria }) => {
    const start = from;
    from += completionTokens.length;
    const own = (values: Float32Array): number[] => [...values.subarray(start, start + completionTokens.length)];
    const textAt = (t: number, id: number): string => textBehind(tokenizer, completionTokens.slice(0, t), id);
    return {
      tokens: textPieces(tokenizer, completionTokens),
      ids: completionTokens,
      divergence: own(read.divergence),
      studentLogprobs: own(read.studentLogprobs),
      teacherLogprobs: own(read.teacherLogprobs),
      details: {
        entropy: own(read.entropy),
        teacher_entropy: own(read.teacher_entropy),
        ...(read.clipped && { clipped: own(read.clipped) }),
        next: completionTokens.map((_, t) => nextTokens(read, start + t, (id) => textAt(t, id))),
      },
      ...(criteria &&
        read.criterion && { criteria: criteria.map(({ title }) => title), criterion: own(read.criterion) }),
    };
  });
}

type Numbers = Readonly<
  Record<
    | 'divergence'
    | 'studentLogprobs'
    | 'teacherLogprobs'
    | 'entropy'
    | 'teacher_entropy'
    | 'next'
    | 'nextStudent'
    | 'nextTeacher'
    | 'nextTerm',
    Float32Array
  >
> & { readonly clipped?: Float32Array; readonly criterion?: Float32Array };

/** The likeliest next tokens of both sides at one place, each once, the teacher's likeliest first. */
function nextTokens(read: Numbers, place: number, textOf: (id: number) => string): NextToken[] {
  const found = new Map<number, NextToken>();
  const width = read.next.length / read.divergence.length;
  for (let i = place * width; i < (place + 1) * width; i++) {
    const id = read.next[i] as number;
    const numbers = [read.nextStudent[i], read.nextTeacher[i], read.nextTerm[i]] as [number, number, number];
    if (!found.has(id)) found.set(id, [id, textOf(id), ...numbers]);
  }
  return [...found.values()].sort((a, b) => b[3] - a[3]);
}

/** Scores one answer; see `scoreAnswers`. */
export const scoreGuidance = (models: GuidedModels, answer: GuidedAnswer, settings: GuidanceSettings): TokenScores =>
  scoreAnswers(models, [answer], settings)[0] as TokenScores;

/** The scores that completions.jsonl keeps of a completion; undefined where it had no teacher. */
export function scoresOfRow(row: CompletionRow): TokenScores | undefined {
  const { tokens, divergence: nats, logprobs, teacher_logprobs, details, weight, criterion } = row;
  if (!tokens || !nats || !logprobs || !teacher_logprobs) return undefined;
  const criteria = criterion && [...new Set(criterion)].sort();
  return {
    tokens,
    ids: row.completion_ids,
    divergence: nats,
    studentLogprobs: logprobs,
    teacherLogprobs: teacher_logprobs,
    ...(details && { details }),
    ...(weight && { weight }),
    ...(criteria && { criteria, criterion: criterion.map((id) => criteria.indexOf(id)) }),
  };
}
