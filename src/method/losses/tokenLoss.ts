/**
 * The form that every loss here has: a function of one chunk of logits that returns its value and its hand-derived
 * gradient for each token. `overVocabulary` runs it chunk by chunk on top of the output head, so that a [tokens,
 * vocabulary] array exists for one chunk only.
 */
import type { MixingSettings } from '../../base/config/parts';
import { matrixProduct } from '../../engine/tensors/bf16';
import { after } from '../../engine/tensors/compile';
import type { Precision } from '../../engine/tensors/hardware';
import { type Matrix, timesMatrix, timesTransposed } from '../../engine/tensors/pairs';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { adoptTree, keepTree } from '../../engine/tensors/tree';
import { mixTeachers } from './teachers';

/** Results for N tokens: the loss [N], its gradient in the student's logits [N, V], and further numbers [N] by name. */
export interface TokenLoss {
  readonly values: Tensor;
  readonly gradient: Tensor;
  /** A part of the loss that brings its own weights, and so is added as it is. */
  readonly added?: { readonly values: Tensor; readonly gradient: Tensor };
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/**
 * What a loss may use beside the student's logits: targets int32 [N], the teacher's logits [N, V], and signals [N] by
 * name.
 */
export interface LossInputs {
  readonly targets: Tensor;
  readonly teacherLogits?: Tensor;
  readonly signals?: Readonly<Record<string, Tensor>>;
}

/** A loss as a function of the student's logits [N, V]. */
export type LogitLoss = (studentLogits: Tensor, inputs: LossInputs) => TokenLoss;

/** Hidden states [N, D] and the output head [V, D] that turns them into logits. */
export interface ReadOut {
  readonly hidden: Tensor;
  readonly head: Matrix;
  readonly precision?: Precision;
}

/** How several teachers become one; `present` as in `Teachers`. */
export interface Mixing extends MixingSettings {
  readonly present: Tensor;
}

/** The teacher's side. The states of K teachers that are to be mixed lie one teacher behind the other, [K * N, D]. */
export interface TeacherReadOut extends ReadOut {
  readonly mixing?: Mixing;
}

/** The inputs of `overVocabulary`; `weights` [N] multiply each token's loss and gradient. */
export interface VocabularyInputs {
  readonly targets: Tensor;
  readonly weights: Tensor;
  readonly teacher?: TeacherReadOut;
  readonly signals?: Readonly<Record<string, Tensor>>;
}

interface ChunkResult {
  readonly loss: Tensor;
  readonly hiddenGradient: Tensor;
  /** Undefined for a frozen head. */
  readonly headGradient: Tensor | undefined;
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/** Some tokens, by where they begin and how many they are; a graph computes what is made of them after `previous`. */
interface Chunk {
  readonly start: number;
  readonly size: number;
  readonly previous?: Tensor;
}

/** The teacher's logits of some tokens and, of several teachers, which one moves the student most. */
function teacherSide(
  studentLogits: Tensor,
  { hidden, head, precision, mixing }: TeacherReadOut,
  { start, size, previous: before }: Chunk,
): { readonly logits: Tensor; readonly strongest?: Tensor } {
  const rowsAt = (at: number, previous = before): Tensor => {
    const rows = tf.slice(hidden, at, size);
    return timesTransposed(previous ? after(rows, previous) : rows, head, precision);
  };
  if (!mixing) return { logits: rowsAt(start) };
  const [count, tokens] = mixing.present.shape as [number, number];
  const present = tf.slice(mixing.present, [0, start], [count, size]);
  return mixTeachers(studentLogits, { present, logits: (k, previous) => rowsAt(k * tokens + start, previous) }, mixing);
}

/**
 * Loss, gradients and metrics of the tokens from `start` to `start + size`; the graph computes them after `previous`.
 */
function chunkLoss(
  student: ReadOut,
  inputs: VocabularyInputs,
  { loss, ...chunk }: Chunk & { readonly loss: LogitLoss },
): ChunkResult {
  const { start, size, previous } = chunk;
  const rows = (x: Tensor): Tensor => tf.slice(x, start, size);
  const hidden = previous ? after(rows(student.hidden), previous) : rows(student.hidden);
  const { teacher, signals } = inputs;
  const weights = rows(inputs.weights);
  const logits = timesTransposed(hidden, student.head, student.precision);
  const taught = teacher && teacherSide(logits, teacher, chunk);
  const { values, gradient, added, metrics } = loss(logits, {
    targets: rows(inputs.targets),
    ...(signals && { signals: Object.fromEntries(Object.entries(signals).map(([name, x]) => [name, rows(x)])) }),
    ...(taught && { teacherLogits: taught.logits }),
  });
  const own = tf.mul(gradient, tf.expandDims(weights, 1));
  const weighted = added ? tf.add(own, added.gradient) : own;
  const total = tf.sum(tf.mul(values, weights));
  return {
    loss: added ? tf.add(total, tf.sum(added.values)) : total,
    hiddenGradient: timesMatrix(weighted, student.head, student.precision),
    headGradient:
      'pairs' in student.head ? undefined : matrixProduct(weighted, hidden, { transpose_a: true }, student.precision),
    metrics: { value: values, ...metrics, ...(taught?.strongest && { criterion: taught.strongest }) },
  };
}

/**
 * The weighted sum of the tokens' losses, differentiable in the student's hidden states and head, and metrics [N] per
 * token. A chunk's forward and backward pass happen together: peak memory grows with `chunk`, not with the number of
 * tokens.
 */
export function overVocabulary(
  student: ReadOut,
  inputs: VocabularyInputs,
  { loss, chunk = 256 }: { readonly loss: LogitLoss; readonly chunk?: number },
): { loss: Tensor; metrics: Readonly<Record<string, Tensor>> } {
  const tokens = student.hidden.shape[0] as number;
  let metrics: Record<string, Tensor> = {};
  const { head } = student;
  const value = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [hidden, trained] = args as Tensor[];
    const results: ChunkResult[] = [];
    for (let start = 0; start < tokens; start += chunk) {
      const size = Math.min(chunk, tokens - start);
      const previous = results[results.length - 1]?.hiddenGradient;
      results.push(
        chunkLoss({ ...student, hidden: hidden as Tensor, head: trained ?? head }, inputs, {
          loss,
          start,
          size,
          previous,
        }),
      );
    }
    metrics = keepTree(joinMetrics(results));
    const hiddenGradient = tf.concat(results.map((result) => result.hiddenGradient));
    const headGradients = results.flatMap((result) => result.headGradient ?? []);
    save([hiddenGradient, ...(headGradients.length > 0 ? [tf.addN(headGradients)] : [])]);
    return {
      value: tf.addN(results.map((result) => result.loss)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((gradient) => tf.mul(gradient, dy)),
    };
  })(student.hidden, ...('pairs' in head ? [] : [head]));
  return { loss: value, metrics: adoptTree(metrics) };
}

function joinMetrics(results: readonly ChunkResult[]): Record<string, Tensor> {
  const names = Object.keys(results[0]?.metrics ?? {});
  return Object.fromEntries(
    names.map((name) => [name, tf.concat(results.map((result) => tf.cast(result.metrics[name] as Tensor, 'float32')))]),
  );
}
