/**
 * Reads and writes safetensors files: 8 bytes with the header's length, a JSON header `{name: {dtype, shape,
 * data_offsets}}`, then the values, little-endian, without gaps. F32, F16 and BF16 are supported; values are read as
 * fp32.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeAtomically } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from '../quants/halves';
import { refusePointer } from './jsonl';
import type { WeightSource } from './weights';

/** The number types that can be read and written. */
export type FloatType = 'F32' | 'F16' | 'BF16';

/** One tensor to write, row-major, default type F32. A `data` function is called when the tensor is written. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | (() => Float32Array);
  readonly dtype?: FloatType;
}

/** Where one tensor lies; `begin` counts from the end of the header. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const BYTES: Readonly<Record<FloatType, number>> = { F32: 4, F16: 2, BF16: 2 };
/** Sizes of the types that only unused tensors may have. The sizes of types that are not listed are not checked. */
const OTHER_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  U32: 4,
  I32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};
const isReadable = (dtype: string): dtype is FloatType => Object.hasOwn(BYTES, dtype);
const MAX_HEADER = 100_000_000;

/**
 * Opens a file and checks its header; values are read when asked for. Throws InputError that says what is wrong with
 * the file.
 */
export function openSafetensors(path: string): WeightSource & { readonly metadata: Readonly<Record<string, unknown>> } {
  const fd = openFile(path);
  try {
    const { header, dataStart, dataBytes } = readHeader(fd, path);
    const { __metadata__: metadata, ...tensors } = header;
    const entries = new Map(Object.entries(tensors).map(([name, value]) => [name, parseEntry(name, value, path)]));
    checkLayout(entries, dataBytes, path);
    const find = (name: string): Entry => {
      const entry = entries.get(name);
      if (entry === undefined) throw new InputError(`${path} has no tensor ${name}; check that it fits the config.`);
      return entry;
    };
    const readAs = <T>(name: string, decoded: (dtype: FloatType, buffer: ArrayBuffer) => T): T => {
      const { dtype, begin, end } = find(name);
      if (!isReadable(dtype))
        throw new InputError(`${path}: tensor ${name} has the type ${dtype}; only F32, F16 and BF16 can be read.`);
      return decoded(dtype, readExactly(fd, { position: dataStart + begin, length: end - begin, path }));
    };
    return {
      names: [...entries.keys()],
      metadata: isObject(metadata) ? metadata : {},
      shape: (name) => find(name).shape,
      isFloat: (name) => !/^(BOOL|[UI]\d+)$/.test(find(name).dtype),
      read: (name) => readAs(name, decode),
      isBf16: (name) => find(name).dtype === 'BF16',
      readBf16: (name) =>
        readAs(name, (dtype, buffer) =>
          dtype === 'BF16' ? new Uint16Array(buffer) : floatToBfloat(decode(dtype, buffer)),
        ),
      close: () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * The bytes of a file, piece by piece: the header, then each tensor in the given order; only one converted tensor is in
 * memory at a time.
 */
export function* safetensorsPieces(
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Generator<Uint8Array> {
  const list = [...tensors];
  yield encodeHeader(list, metadata);
  for (const tensor of list) yield encodeTensor(tensor);
}

/** Writes tensors into a file, which appears only when complete. */
export function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): void {
  writeAtomically(path, (append) => {
    for (const piece of safetensorsPieces(tensors, metadata)) append(piece);
  });
}

/** Reads bytes at a position of an open file. Throws InputError when the file ends before. */
export function readExactly(fd: number, place: { position: number; length: number; path: string }): ArrayBuffer {
  const bytes = new Uint8Array(place.length);
  for (let done = 0; done < place.length; ) {
    const count = readSync(fd, bytes, done, place.length - done, place.position + done);
    if (count === 0) throw new InputError(`${place.path} is truncated; copy or download it again.`);
    done += count;
  }
  return bytes.buffer;
}

/** Opens a file for reading. Throws InputError when that fails, and for a Git LFS pointer. */
export function openFile(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new InputError(`Cannot open ${path} (${(error as NodeJS.ErrnoException).code}); check the path.`);
  }
  const start = new Uint8Array(64);
  try {
    if (fstatSync(fd).isFile()) refusePointer(start.subarray(0, readSync(fd, start, 0, 64, 0)), path);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function readHeader(fd: number, path: string) {
  const fileBytes = fstatSync(fd).size;
  if (fileBytes < 8) throw new InputError(`${path} is truncated: ${fileBytes} bytes cannot hold a safetensors header.`);
  const length = Number(new DataView(readExactly(fd, { position: 0, length: 8, path })).getBigUint64(0, true));
  if (length > MAX_HEADER)
    throw new InputError(`${path} is not a safetensors file: its header would have ${length} bytes.`);
  if (length > fileBytes - 8)
    throw new InputError(
      `${path} is truncated: its header needs ${length} bytes, but only ${fileBytes - 8} are there.`,
    );
  const text = new TextDecoder().decode(readExactly(fd, { position: 8, length, path }));
  const header = parseHeader(text, path);
  return { header, dataStart: 8 + length, dataBytes: fileBytes - 8 - length };
}

function parseHeader(text: string, path: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new InputError(`${path} is not a safetensors file: its header is not valid JSON.`);
  }
  if (!isObject(header)) throw new InputError(`${path} is not a safetensors file: its header is not a JSON object.`);
  return header;
}

function parseEntry(name: string, value: unknown, path: string): Entry {
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? value : ({} as Record<string, unknown>);
  const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount) || !Array.isArray(offsets) || offsets.length !== 2)
    throw new InputError(`${path} is damaged: tensor ${name} lacks a valid shape or data_offsets.`);
  if (typeof dtype !== 'string') throw new InputError(`${path} is damaged: tensor ${name} lacks its type.`);
  const [begin, end] = offsets as unknown[];
  const bytes = isReadable(dtype) ? BYTES[dtype] : Object.hasOwn(OTHER_BYTES, dtype) ? OTHER_BYTES[dtype] : undefined;
  if (!isCount(begin) || !isCount(end) || end < begin || (bytes !== undefined && end - begin !== sizeOf(shape) * bytes))
    throw new InputError(`${path} is damaged: the data_offsets of tensor ${name} do not fit its shape and type.`);
  return { dtype, shape, begin, end };
}

/** The values must follow each other without overlap or gap, and fill the file. */
function checkLayout(entries: ReadonlyMap<string, Entry>, dataBytes: number, path: string): void {
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const [name, { begin, end }] of inOrder) {
    if (end > dataBytes)
      throw new InputError(
        `${path} is truncated: tensor ${name} ends at byte ${end}, but only ${dataBytes} bytes are there.`,
      );
    if (begin < reached) throw new InputError(`${path} is damaged: tensor ${name} overlaps the tensor before it.`);
    if (begin > reached) throw new InputError(`${path} is damaged: there is a gap before tensor ${name}.`);
    reached = end;
  }
  if (reached < dataBytes)
    throw new InputError(`${path} is damaged: ${dataBytes - reached} bytes follow the last tensor.`);
}

function decode(dtype: FloatType, buffer: ArrayBuffer): Float32Array {
  if (dtype === 'F32') return new Float32Array(buffer);
  const words = new Uint16Array(buffer);
  return dtype === 'F16' ? halfToFloat(words) : bfloatToFloat(words);
}

function encodeHeader(tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const entries = tensors.map(({ name, shape, dtype = 'F32' }) => {
    const begin = offset;
    offset += sizeOf(shape) * BYTES[dtype];
    return [name, { dtype, shape, data_offsets: [begin, offset] }] as const;
  });
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  // Padding with spaces to a multiple of 8 keeps the values aligned for readers that map the file into memory.
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

function encodeTensor({ name, shape, data, dtype = 'F32' }: TensorToWrite): Uint8Array {
  const values = typeof data === 'function' ? data() : data;
  if (values.length !== sizeOf(shape))
    throw new RangeError(
      `writeSafetensors: ${name} has ${values.length} values, its shape [${shape}] needs ${sizeOf(shape)}`,
    );
  const encoded = dtype === 'F32' ? values : dtype === 'F16' ? floatToHalf(values) : floatToBfloat(values);
  return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}
