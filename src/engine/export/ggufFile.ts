/**
 * Writes the GGUF container, version 3: magic, counts, metadata, tensor table, then the tensors, each at a multiple of 32
 * bytes. Numbers are little-endian.
 */

/** A metadata value with the type that it is written in. */
export type GgufValue =
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int32s'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] };

export type GgufMetadata = Readonly<Record<string, GgufValue>>;

/** A tensor to write; its shape is row-major (`[out, in]`), `bytes` the size of what `data` gives. */
export interface GgufTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The number that GGUF has for its format. */
  readonly type: number;
  readonly bytes: number;
  readonly data: () => Uint8Array;
}

const ALIGNMENT = 32;
const TYPES = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const uint64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
};

function encodeValue(entry: GgufValue): Buffer {
  const array = (type: number, items: readonly Buffer[]): Buffer =>
    Buffer.concat([uint32(TYPES.array), uint32(type), uint64(items.length), ...items]);
  switch (entry.type) {
    case 'uint32':
      return Buffer.concat([uint32(TYPES.uint32), uint32(entry.value)]);
    case 'float32': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(entry.value);
      return Buffer.concat([uint32(TYPES.float32), bytes]);
    }
    case 'bool':
      return Buffer.concat([uint32(TYPES.bool), Buffer.from([entry.value ? 1 : 0])]);
    case 'string':
      return Buffer.concat([uint32(TYPES.string), text(entry.value)]);
    case 'strings':
      return array(TYPES.string, entry.value.map(text));
    case 'int32s':
      return array(TYPES.int32, entry.value.map(uint32));
  }
}

const padding = (length: number): number => (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;

function encodeHeader(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Buffer {
  const entries = Object.entries(metadata);
  let offset = 0;
  const table = tensors.map(({ name, shape, type, bytes }) => {
    const place = uint64(offset);
    offset += bytes + padding(bytes);
    // GGUF names the fastest dimension first.
    const sides = [...shape].reverse().map(uint64);
    return Buffer.concat([text(name), uint32(shape.length), ...sides, uint32(type), place]);
  });
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries.flatMap(([key, value]) => [text(key), encodeValue(value)]),
    ...table,
  ]);
  return Buffer.concat([header, Buffer.alloc(padding(header.length))]);
}

/** The bytes of a file, piece by piece; one tensor at a time is in memory. */
export function* ggufPieces(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Generator<Uint8Array> {
  yield encodeHeader(metadata, tensors);
  for (const { name, bytes, data } of tensors) {
    const values = data();
    if (values.byteLength !== bytes)
      throw new RangeError(`ggufPieces: ${name} has ${values.byteLength} bytes, not ${bytes}`);
    yield values;
    if (padding(bytes) > 0) yield new Uint8Array(padding(bytes));
  }
}

/** The metadata as a reader gives it: values without their types. */
export const plainMetadata = (metadata: GgufMetadata): Record<string, unknown> =>
  Object.fromEntries(Object.entries(metadata).map(([key, { value }]) => [key, value]));
