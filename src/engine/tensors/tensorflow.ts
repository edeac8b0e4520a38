/**
 * The door to TensorFlow: loads tfjs-node-gpu (whose addon kernel-setup compiles against the TensorFlow wheel) on first use,
 * so that commands which need no tensors start at once, and types what of the binding the engine uses.
 */
import type * as TF from '@tensorflow/tfjs-node-gpu';
import { InputError } from '../../base/records/errors';
import { checkEnvironment } from './environment';

/** A tensor on the device; whoever returns one owns it. */
export type Tensor = TF.Tensor;

/** What the addon says of a tensor: its handle (negative while tracing), TensorFlow type and shape. */
export interface TensorHandle {
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[];
}

/** An attribute as the addon takes it: `type` is one of the binding's TF_ATTR constants. */
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

/** The addon: tfjs-node's own methods and the graph functions of kernel-setup/addon. */
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

/** tfjs-node's backend, as far as the engine uses it. */
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

/** The tfjs module; touching any member loads it. */
export const tf = new Proxy({} as typeof TF, { get: (_, key) => Reflect.get(load(), key) });

/** The running TensorFlow backend. */
export function backend(): Backend {
  return tf.backend() as unknown as Backend;
}

/** Number of tensors alive in tfjs and in the addon; both stay flat over training steps. */
export function liveTensors(): { tensors: number; handles: number } {
  return { tensors: tf.memory().numTensors, handles: backend().binding.liveHandles() };
}

/** TensorFlow's version and whether it computes on a GPU. */
export function runtimeInfo(): { tensorflow: string; gpu: boolean } {
  const { binding } = backend();
  return { tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice() };
}
