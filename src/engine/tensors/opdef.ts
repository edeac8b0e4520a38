/**
 * Reads TensorFlow's description of an operation (OpDef) from the protobuf that the library provides: which inputs are
 * lists, and which type every attribute has. Attributes are passed accordingly, so that callers need not say whether a
 * 1 is a float.
 */
import { backend } from './tensorflow';

/** One input of an operation; for a list, the name of the attribute with its length or types. */
export interface OpInput {
  readonly name: string;
  readonly typeAttr?: string;
  readonly numberAttr?: string;
  readonly listAttr?: string;
}

/**
 * The part of an OpDef that the engine needs. Attribute types are `int`, `float`, `bool`, `type`, `shape`, `string` or
 * `list(...)`.
 */
export interface OpDef {
  readonly inputs: readonly OpInput[];
  readonly attrs: ReadonlyMap<string, string>;
}

type Field = readonly [number: number, value: Uint8Array | bigint];

/**
 * Splits a protobuf message into its fields. Only wire types 0 and 2 are handled; the needed parts of an OpDef have no
 * others.
 */
function fields(bytes: Uint8Array): Field[] {
  const out: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wire = key & 7;
    if (wire === 0) out.push([key >> 3, varint()]);
    else if (wire === 2) {
      const length = Number(varint());
      out.push([key >> 3, bytes.subarray(at, at + length)]);
      at += length;
    } else at += wire === 1 ? 8 : 4;
  }
  return out;
}

const text = (value: Uint8Array | bigint | undefined): string | undefined =>
  value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;

function parse(bytes: Uint8Array): OpDef {
  const inputs: OpInput[] = [];
  const attrs = new Map<string, string>();
  for (const [number, value] of fields(bytes)) {
    if (!(value instanceof Uint8Array) || (number !== 2 && number !== 4)) continue;
    const of = new Map(fields(value));
    const name = text(of.get(1)) ?? '';
    if (number === 4) attrs.set(name, text(of.get(2)) ?? '');
    else inputs.push({ name, typeAttr: text(of.get(4)), numberAttr: text(of.get(5)), listAttr: text(of.get(6)) });
  }
  return { inputs, attrs };
}

const known = new Map<string, OpDef>();

/** The OpDef of a TensorFlow operation. Throws TensorFlow's error for an unknown one. */
export function opDef(op: string): OpDef {
  let def = known.get(op);
  if (!def) {
    const { binding } = backend();
    const graph = binding.graphNew();
    try {
      def = parse(binding.graphOpDef(graph, op));
    } finally {
      binding.graphDelete(graph);
    }
    known.set(op, def);
  }
  return def;
}
