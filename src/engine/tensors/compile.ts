/**
 * Compiles functions into TensorFlow graphs. `compile(fn)` runs fn once on symbolic tensors: the kernels and the
 * autodiff of tfjs (and the operations of ops.ts) then build a graph instead of computing. From then on the whole
 * function runs as one call. There is one trace for each signature (structure, shapes, types and static values of the
 * arguments). Code inside fn need not know whether it is being traced.
 */
import { opDef } from './opdef';
import { type Backend, type Binding, backend, type GraphAttr, type Tensor, type TensorHandle, tf } from './tensorflow';
import { flatten, unflatten } from './tree';

/** `stats` counts traces made and calls; `kept` is the number of graphs that are there now; `dispose` frees them. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): R;
  readonly stats: { traces: number; calls: number };
  kept(): number;
  dispose(): void;
}

interface Trace {
  readonly name: string;
  readonly captured: readonly (() => number)[];
  readonly structure: unknown;
  readonly outputs: number;
}

interface Tracer {
  readonly graph: number;
  /** The graph node of a tensor id: the node itself for a symbolic tensor, a new function input for a real one. */
  node(id: number): number;
  add(op: string, inputs: (number | number[])[], attrs: GraphAttr[], control?: number[]): TensorHandle[];
}

/**
 * A function keeps this many graphs; the one that has been idle longest makes room for a new one and is traced again when its shapes
 * come back. An evaluation of any length meets ever new combinations of rows, lengths and cache sizes, and each graph that TensorFlow
 * has run costs about a megabyte; a training step or a batch of answers uses fewer than half as many.
 */
export const MOST_GRAPHS = 48;

let active: Tracer | undefined;
let functions = 0;
let calls = 0;

/** How many graphs this process has traced, and how many calls were served by a graph that existed already. */
export const graphCounts = (): { traces: number; hits: number } => ({ traces: functions, hits: calls - functions });

/**
 * Makes the graph compute x only after `before`, so that large intermediates of two branches are not in memory
 * together.
 */
export function after(x: Tensor, before: Tensor): Tensor {
  if (!active) return x;
  const runtime = backend();
  const [xId, beforeId] = runtime.getInputTensorIds([x, before]) as [number, number];
  const control = [active.node(beforeId)];
  const [handle] = active.add('Identity', [active.node(xId)], [], control);
  return runtime.createOutputTensor(handle as TensorHandle);
}

/** The value of an attribute with its name, but without its type. */
interface NamedValue {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Groups a flat list of ids into the arguments of a TensorFlow operation, some of which are lists. A list whose length
 * no attribute gives takes all ids that the other inputs leave.
 */
function groupInputs(op: string, ids: readonly number[], attrs: readonly NamedValue[]): (number | number[])[] {
  const { inputs } = opDef(op);
  let at = 0;
  return inputs.map((input, i) => {
    if (!input.numberAttr && !input.listAttr) return ids[at++] as number;
    const length = attrs.find(({ name }) => name === input.numberAttr)?.value;
    const count = typeof length === 'number' ? length : ids.length - at - (inputs.length - i - 1);
    at += count;
    return ids.slice(at - count, at);
  });
}

/**
 * Attributes for a graph node, typed by the operation's definition. Attributes that the inputs determine are left out.
 */
function graphAttrs(op: string, attrs: readonly NamedValue[]): GraphAttr[] {
  const def = opDef(op);
  const determined = new Set(def.inputs.flatMap((input) => [input.typeAttr, input.numberAttr, input.listAttr]));
  return attrs.flatMap(({ name, value }) => {
    const type = def.attrs.get(name);
    return !type || determined.has(name) ? [] : [{ name, type: type.replace(/^list\((.*)\)$/, '$1'), value }];
  });
}

/**
 * A copy of the addon in which the methods that would compute record a graph instead. Its properties are not
 * enumerable, so they are copied by name.
 */
function tracingBinding(real: Binding, tracer: Tracer, bornInside: WeakSet<object>): Binding {
  const copy = Object.fromEntries(Object.getOwnPropertyNames(real).map((name) => [name, real[name]]));
  let constants = 0;
  return Object.assign(copy as unknown as Binding, {
    createTensor(shape: number[], dtype: number, values: ArrayBufferView): number {
      if (!bornInside.has(values)) return real.createTensor(shape, dtype, values);
      return real.graphConst(tracer.graph, `Const_${constants++}`, dtype, shape, values).id;
    },
    deleteTensor(id: number): void {
      if (id >= 0) real.deleteTensor(id);
    },
    tensorDataSync(): never {
      throw new Error('a compiled function cannot read the values of a tensor: return the tensor and read it outside');
    },
    executeOp(op: string, attrs: readonly NamedValue[], ids: readonly number[]): TensorHandle[] {
      const inputs = groupInputs(op, ids, attrs).map((id) =>
        Array.isArray(id) ? id.map(tracer.node) : tracer.node(id),
      );
      return tracer.add(op, inputs, graphAttrs(op, attrs));
    },
  });
}

/**
 * Returns a function that finds a captured tensor's handle at each call; the handle of a variable changes with every
 * assignment.
 */
function captureById(runtime: Backend, id: number): () => number {
  const variables = Object.values(tf.engine().registeredVariables) as Tensor[];
  const variable = variables.find((candidate) => runtime.tensorMap.get(candidate.dataId).id === id);
  return variable ? () => runtime.getInputTensorIds([variable])[0] as number : () => id;
}

function createTracer(real: Binding, runtime: Backend): Tracer & { inputs: number[]; captured: (() => number)[] } {
  const graph = real.graphNew();
  const inputs: number[] = [];
  const captured: (() => number)[] = [];
  const nodes = new Map<number, number>();
  let count = 0;
  const add: Tracer['add'] = (op, ins, attrs, control) =>
    real.graphOp(graph, op, `${op}_${count++}`, ins, attrs, undefined, control);
  const node = (id: number): number => {
    if (id < 0) return id;
    let symbol = nodes.get(id);
    if (symbol === undefined) {
      const { shape, dtype } = real.tensorInfo(id);
      symbol = placeholder(add, dtype, shape).id;
      nodes.set(id, symbol);
      inputs.push(symbol);
      captured.push(captureById(runtime, id));
    }
    return symbol;
  };
  return { graph, add, node, inputs, captured };
}

function placeholder(add: Tracer['add'], dtype: number, shape: readonly number[]): TensorHandle {
  const attrs = [
    { name: 'dtype', type: 'type', value: dtype },
    { name: 'shape', type: 'shape', value: shape },
  ];
  return add('Placeholder', [], attrs)[0] as TensorHandle;
}

/** Runs fn on symbolic tensors and registers the resulting graph as a TensorFlow function. */
function trace(label: string, tensors: readonly Tensor[], run: (symbols: Tensor[]) => unknown): Trace {
  const runtime = backend();
  const { binding: real, write, createOutputTensor } = runtime;
  const tracer = createTracer(real, runtime);
  const bornInside = new WeakSet<object>();
  const enclosing = active;
  runtime.write = (values, shape, dtype) => {
    if (ArrayBuffer.isView(values)) bornInside.add(values);
    return write.call(runtime, values, shape, dtype);
  };
  runtime.createOutputTensor = (handle) => {
    if (!handle.shape || handle.shape.includes(-1)) {
      throw new Error('a compiled function cannot hold a tensor whose shape depends on its values');
    }
    return createOutputTensor.call(runtime, handle);
  };
  runtime.binding = tracingBinding(real, tracer, bornInside);
  active = tracer;
  try {
    return tf.tidy(() => {
      const argNodes = tensors.map((t) => placeholder(tracer.add, runtime.getDTypeInteger(t.dtype), t.shape));
      const result = flatten(run(argNodes.map((handle) => runtime.createOutputTensor(handle))));
      // fn may return an input, or the same tensor twice, but the outputs of a TensorFlow function must be distinct:
      // each gets its own node.
      const outs = runtime
        .getInputTensorIds(result.tensors)
        .map((id) => (tracer.add('Identity', [tracer.node(id)], [])[0] as TensorHandle).id);
      const name = `${label}_${functions++}`;
      real.graphToFunction(tracer.graph, name, [...argNodes.map((handle) => handle.id), ...tracer.inputs], outs);
      for (const tensor of new Set(result.tensors)) {
        if (runtime.tensorMap.get(tensor.dataId).id < 0) tensor.dispose();
      }
      return { name, captured: tracer.captured, structure: result.structure, outputs: outs.length } as never;
    });
  } finally {
    Object.assign(runtime, { binding: real, write, createOutputTensor });
    active = enclosing;
    real.graphDelete(tracer.graph);
  }
}

/** A JSON key that tells NaN and the infinities apart, which JSON alone writes as null. */
function signature(structure: unknown): string {
  if (structure === undefined) return 'undefined';
  return JSON.stringify(structure, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) } : value,
  );
}

interface FlatArgument {
  readonly tensors: readonly Tensor[];
  readonly structure: unknown;
  readonly key: string;
}

/** Cache by argument: weights and caches consist of hundreds of tensors, and the same ones come with every token. */
const flat = new WeakMap<object, FlatArgument>();

/**
 * An argument's tensors and its part of the signature. Cached by identity, so records must not be changed after they
 * are made.
 */
function flatArgument(argument: unknown): FlatArgument {
  const known = argument !== null && typeof argument === 'object' ? flat.get(argument) : undefined;
  if (known) return known;
  const { tensors, structure } = flatten(argument);
  const fresh = { tensors, structure, key: signature(structure) };
  if (argument !== null && typeof argument === 'object') flat.set(argument, fresh);
  return fresh;
}

/**
 * Runs fn without a graph. As in a compiled function, each output is a new tensor, even if fn returns an input or the
 * same tensor twice.
 */
function runEagerly<A extends readonly unknown[], R>(fn: (...args: A) => R, args: A, tensors: readonly Tensor[]): R {
  const taken = new Set(tensors);
  return tf.tidy(() => {
    const { tensors: outs, structure } = flatten(fn(...args));
    const own = outs.map((t) => {
      const out = tf.keep(taken.has(t) ? tf.clone(t) : t);
      taken.add(t);
      return out;
    });
    return unflatten(structure, own) as never;
  }) as R;
}

/**
 * Compiles fn, whose arguments and result are trees of tensors and static values. The caller owns the results and keeps
 * ownership of the arguments. With RCSD_EAGER=1 in the environment, fn runs operation by operation instead, with the
 * same results.
 */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R, label = 'fn'): Compiled<A, R> {
  const traces = new Map<string, Trace>();
  const stats = { traces: 0, calls: 0 };
  const call = (...args: A): R => {
    stats.calls++;
    if (active) return fn(...args);
    const parts = args.map(flatArgument);
    const tensors = parts.flatMap((part) => part.tensors);
    if (process.env.RCSD_EAGER === '1') return runEagerly(fn, args, tensors);
    const key = parts.map((part) => part.key).join('\n');
    let traced = traces.get(key);
    // In the order of their last use.
    traces.delete(key);
    if (!traced) {
      const [idle] = traces;
      if (idle && traces.size >= MOST_GRAPHS) forget(...idle);
      traced = trace(label, tensors, (symbols) => {
        let at = 0;
        const own = parts.map((part) => {
          at += part.tensors.length;
          return unflatten(part.structure, symbols.slice(at - part.tensors.length, at));
        });
        return fn(...(own as unknown as A));
      });
      stats.traces++;
    }
    traces.set(key, traced);
    calls++;
    const runtime = backend();
    const ids = runtime.getInputTensorIds(tensors);
    for (const id of traced.captured) ids.push(id());
    const handles = runtime.binding.executeOp(traced.name, [], ids, traced.outputs);
    return unflatten(
      traced.structure,
      handles.map((handle) => runtime.createOutputTensor(handle)),
    ) as R;
  };
  const forget = (key: string, { name }: Trace): void => {
    backend().binding.removeFunction(name);
    traces.delete(key);
  };
  const dispose = (): void => {
    for (const idle of traces) forget(...idle);
  };
  return Object.assign(call, { stats, kept: () => traces.size, dispose });
}
