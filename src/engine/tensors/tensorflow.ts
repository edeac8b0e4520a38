/**
 * The only place where TensorFlow is loaded: tfjs-node-gpu, whose addon kernel-setup compiles against the TensorFlow
 * wheel. It is loaded on first use, so that commands without tensors start at once. The types cover the part of the
 * binding that the engine uses.
 */
import type * as TF from '@tensorflow/tfjs-node-gpu';
import { InputError } from '../../base/records/errors';
import { checkEnvironment } from './environment';
import { prepareForGpu } from './gpu';

/** A tensor on the device; a function that returns one gives its caller ownership. */
export type Tensor = TF.Tensor;

/** The addon's description of a tensor: its handle (negative while tracing), TensorFlow type and shape. */
export interface TensorHandle {
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[];
}

/** An attribute in the addon's form; `type` is one of the binding's TF_ATTR constants. */
export interface BindingAttr {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** An attribute of a graph node, typed by name. */
export interface GraphAttr {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

/** The addon: tfjs-node's methods and the graph functions from kernel-setup/addon. */
export interface Binding {
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(op: string, attrs: readonly BindingAttr[], inputs: readonly number[], outputs: number): TensorHandle[];
  getNumOfTensors(): number;
  graphNew(): number;
  graphDelete(graph: number): void;
  graphOpDef(graph: number, op: string): Uint8Array;
  graphOp(
    graph: number,
    op: string,
    name: string,
    inputs: readonly (number | number[])[],
    attrs: readonly GraphAttr[],
    device?: string,
    control?: readonly number[],
  ): TensorHandle[];
  graphConst(
    graph: number,
    name: string,
    dtype: number,
    shape: readonly number[],
    values: ArrayBufferView,
  ): TensorHandle;
  graphToFunction(graph: number, name: string, inputs: readonly number[], outputs: readonly number[]): void;
  removeFunction(name: string): void;
  tensorInfo(id: number): { shape: number[]; dtype: number };
  liveHandles(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_Version: string;
  readonly [constant: string]: unknown;
}

/** The part of tfjs-node's backend that the engine uses. */
export interface Backend {
  binding: Binding;
  createOutputTensor(handle: TensorHandle): Tensor;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  getDTypeInteger(dtype: string): number;
  write(values: ArrayBufferView, shape: number[], dtype: string): object;
  readonly tensorMap: { get(dataId: object): { id: number } };
}

let loaded: typeof TF | undefined;

function load(): typeof TF {
  if (loaded) return loaded;
  checkEnvironment(process.env);
  prepareForGpu(process.env);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  try {
    loaded = require('@tensorflow/tfjs-node-gpu') as typeof TF;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new InputError(`TensorFlow could not be loaded (${detail}); run "npm start" once to set it up.`, { cause });
  }
  loaded.enableProdMode();
  return loaded;
}

/** The tfjs module; it is loaded when any member is first used. */
export const tf = new Proxy({} as typeof TF, { get: (_, key) => Reflect.get(load(), key) });

export function backend(): Backend {
  return tf.backend() as unknown as Backend;
}

/** Number of live tensors in tfjs and in the addon; both must stay constant over training steps. */
export function liveTensors(): { tensors: number; handles: number } {
  return { tensors: tf.memory().numTensors, handles: backend().binding.liveHandles() };
}

/** TensorFlow's version, and whether it computes on a GPU. */
export function runtimeInfo(): { tensorflow: string; gpu: boolean } {
  const { binding } = backend();
  return { tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice() };
}
