/**
 * Runs TensorFlow operations by name, directly or inside a trace. Attributes get their types from the operation's
 * definition.
 */
import { opDef } from './opdef';
import { type BindingAttr, backend, type Tensor, tf } from './tensorflow';

/**
 * Attribute values: numbers, booleans, strings or shapes. TensorFlow types are given by number (1 = float32, 3 =
 * int32).
 */
export type Attrs = Readonly<Record<string, number | boolean | string | readonly number[]>>;

export const DataType = { float32: 1, int32: 3, bool: 10, bfloat16: 14 } as const;

/** Attributes in the form that the addon takes. */
export function bindingAttrs(op: string, attrs: Attrs): BindingAttr[] {
  const def = opDef(op);
  const { binding } = backend();
  return Object.entries(attrs).map(([name, value]) => {
    const type = def.attrs.get(name)?.replace(/^list\((.*)\)$/, '$1');
    if (!type) throw new Error(`TensorFlow op ${op} has no attribute ${name}`);
    return { name, type: binding[`TF_ATTR_${type.toUpperCase()}`] as number, value };
  });
}

/** Length and type of a list input, which TensorFlow does not infer when the list's tensors are passed one by one. */
function listAttrs(op: string, inputs: readonly Tensor[]): Attrs {
  const def = opDef(op);
  const at = def.inputs.findIndex((input) => input.numberAttr);
  const { numberAttr, typeAttr } = def.inputs[at] ?? {};
  const first = inputs[at];
  if (!numberAttr || !first) return {};
  const length = inputs.length - def.inputs.length + 1;
  return { [numberAttr]: length, ...(typeAttr && { [typeAttr]: backend().getDTypeInteger(first.dtype) }) };
}

/** Runs one TensorFlow operation with several outputs. */
export function rawOps(op: string, inputs: readonly Tensor[], attrs: Attrs, outputs: number): Tensor[] {
  const runtime = backend();
  const all = bindingAttrs(op, { ...listAttrs(op, inputs), ...attrs });
  const handles = runtime.binding.executeOp(op, all, runtime.getInputTensorIds(inputs), outputs);
  return handles.map((handle) => runtime.createOutputTensor(handle));
}

/**
 * Runs one TensorFlow operation with a single output. The tensors of a list input are given one after the other among
 * the inputs.
 */
export function rawOp(op: string, inputs: readonly Tensor[], attrs: Attrs = {}): Tensor {
  return rawOps(op, inputs, attrs, 1)[0] as Tensor;
}

/** An int32 vector or scalar on the device. */
export function int32(values: number | readonly number[] | Int32Array, shape?: number[]): Tensor {
  if (typeof values === 'number') return tf.scalar(values, 'int32');
  return tf.tensor(values instanceof Int32Array ? values : Int32Array.from(values), shape ?? [values.length], 'int32');
}
