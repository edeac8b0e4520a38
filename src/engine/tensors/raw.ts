/** TensorFlow ops by name, eager or traced; attributes are typed by the op's own definition. */
import { opDef } from './opdef';
import { type BindingAttr, backend, type Tensor, tf } from './tensorflow';

/** Attribute values: numbers, booleans, strings, shapes; TensorFlow types are given by number (1 = float32, 3 = int32). */
export type Attrs = Readonly<Record<string, number | boolean | string | readonly number[]>>;

/** TensorFlow's type numbers. */
export const DataType = { float32: 1, int32: 3, bool: 10, bfloat16: 14 } as const;

/** Attributes as the addon takes them. */
export function bindingAttrs(op: string, attrs: Attrs): BindingAttr[] {
  const def = opDef(op);
  const { binding } = backend();
  return Object.entries(attrs).map(([name, value]) => {
    const type = def.attrs.get(name)?.replace(/^list\((.*)\)$/, '$1');
    if (!type) throw new Error(`TensorFlow op ${op} has no attribute ${name}`);
    return { name, type: binding[`TF_ATTR_${type.toUpperCase()}`] as number, value };
  });
}

/** Length and type of a list input, which TensorFlow does not infer of tensors that come one by one. */
function listAttrs(op: string, inputs: readonly Tensor[]): Attrs {
  const def = opDef(op);
  const at = def.inputs.findIndex((input) => input.numberAttr);
  const { numberAttr, typeAttr } = def.inputs[at] ?? {};
  const first = inputs[at];
  if (!numberAttr || !first) return {};
  const length = inputs.length - def.inputs.length + 1;
  return { [numberAttr]: length, ...(typeAttr && { [typeAttr]: backend().getDTypeInteger(first.dtype) }) };
}

/** Runs one TensorFlow op that has several outputs. */
export function rawOps(op: string, inputs: readonly Tensor[], attrs: Attrs, outputs: number): Tensor[] {
  const runtime = backend();
  const all = bindingAttrs(op, { ...listAttrs(op, inputs), ...attrs });
  const handles = runtime.binding.executeOp(op, all, runtime.getInputTensorIds(inputs), outputs);
  return handles.map((handle) => runtime.createOutputTensor(handle));
}

/** Runs one TensorFlow op with a single output; the tensors of a list input stand side by side among the inputs. */
export function rawOp(op: string, inputs: readonly Tensor[], attrs: Attrs = {}): Tensor {
  return rawOps(op, inputs, attrs, 1)[0] as Tensor;
}

/** An int32 vector or scalar on the device. */
export function int32(values: number | readonly number[] | Int32Array, shape?: number[]): Tensor {
  if (typeof values === 'number') return tf.scalar(values, 'int32');
  return tf.tensor(values instanceof Int32Array ? values : Int32Array.from(values), shape ?? [values.length], 'int32');
}
