/**
 * Reads GGUF files as llama.cpp writes them and presents them with Hugging Face's names and layout. A library parses
 * the metadata and the tensor table; values, names, config and tokenizer are converted here.
 */
import { closeSync, fstatSync } from 'node:fs';
import { GGMLQuantizationType, type GGUFParseOutput, gguf } from '@huggingface/gguf';
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { type NumberFormat, numberFormats } from './dequantize';
import { ggufConfig, huggingFaceName } from './ggufConfig';
import { ggufTokenizer } from './ggufTokenizer';
import { floatToBfloat } from './halves';
import { openFile, readExactly, sizeOf } from './safetensors';
import type { Tokenizer } from './tokenizer';
import type { Json } from './tokenizerJson';
import type { WeightSource } from './weights';

/** An open GGUF file; `configJson` is what its Hugging Face `config.json` would contain. */
export interface GgufFile {
  readonly weights: WeightSource;
  readonly configJson: Record<string, unknown>;
  readonly tokenizer: Tokenizer | undefined;
}

/** Where one tensor lies in the file; its shape is Hugging Face's, row-major. */
interface Entry {
  readonly shape: readonly number[];
  readonly format: NumberFormat;
  readonly position: number;
  readonly length: number;
}

const ROPE_DIVISORS = 'rope_freqs.weight';

/** Opens a GGUF file. Throws InputError for damaged files and for unsupported formats, architectures and tokenizers. */
export async function openGguf(path: string, date?: string): Promise<GgufFile> {
  const fd = openFile(path);
  try {
    const parsed = await parse(path, fd);
    const metadata = plainNumbers(parsed.metadata);
    if (Number(metadata['split.count'] ?? 1) > 1)
      throw new InputError(`${path} is one part of a split model; merge the parts into one file first.`);
    const entries = tensorTable(parsed, path, fstatSync(fd).size);
    const embedding = entries.get('model.embed_tokens.weight');
    if (embedding === undefined)
      throw new InputError(`${path} has no tensor token_embd.weight; it is not a language model.`);
    const divisors = entries.get(ROPE_DIVISORS);
    entries.delete(ROPE_DIVISORS);
    const facts = {
      vocabSize: embedding.shape[0] as number,
      has: (name: string) => entries.has(name),
      ...(divisors && { ropeDivisors: readValues(fd, path, divisors) }),
    };
    const configJson = ggufConfig(metadata, facts, path);
    const tokenizer = ggufTokenizer(metadata, path, date);
    return { weights: weightSource(entries, { fd, path, configJson }), configJson, tokenizer };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function parse(path: string, fd: number): Promise<GGUFParseOutput> {
  const start = Buffer.from(readExactly(fd, { position: 0, length: 4, path })).toString('latin1');
  if (start !== 'GGUF') throw new InputError(`${path} is not a GGUF file: it starts with ${shownValue(start)}.`);
  let parsed: GGUFParseOutput;
  try {
    parsed = await gguf(path, { allowLocalFile: true });
  } catch (error) {
    throw new InputError(`${path} is damaged or truncated: ${(error as Error).message}`);
  }
  // Where a file ends early, the library reads zeros instead of failing.
  if (parsed.tensorInfoByteRange[1] > fstatSync(fd).size)
    throw new InputError(`${path} is truncated within its metadata; copy or download it again.`);
  if (!parsed.littleEndian) throw new InputError(`${path} is big-endian, which is not supported.`);
  return parsed;
}

function tensorTable(parsed: GGUFParseOutput, path: string, fileBytes: number): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const info of parsed.tensorInfos) {
    const name = info.name === ROPE_DIVISORS ? info.name : huggingFaceName(info.name);
    if (name === undefined)
      throw new InputError(`${path}: the tensor ${info.name} does not belong to any supported architecture.`);
    const type = GGMLQuantizationType[info.dtype] ?? `number ${info.dtype}`;
    const format = Object.hasOwn(numberFormats, type) ? numberFormats[type] : undefined;
    if (format === undefined) {
      const readable = Object.keys(numberFormats).join(', ');
      throw new InputError(`${path}: tensor ${info.name} has the type ${type}; only ${readable} can be read.`);
    }
    const shape = info.shape.map(Number).reverse();
    const length = (sizeOf(shape) / format.blockValues) * format.blockBytes;
    const position = Number(parsed.tensorDataOffset + info.offset);
    if (!Number.isInteger(length))
      throw new InputError(`${path} is damaged: tensor ${info.name} does not fill its blocks.`);
    if (position + length > fileBytes)
      throw new InputError(
        `${path} is truncated: tensor ${info.name} ends at byte ${position + length}, but the file has only ${fileBytes}.`,
      );
    entries.set(name, { shape, format, position, length });
  }
  return entries;
}

function weightSource(
  entries: ReadonlyMap<string, Entry>,
  file: { fd: number; path: string; configJson: Json },
): WeightSource {
  const find = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry === undefined)
      throw new InputError(`${file.path} has no tensor ${name}; check that the file is complete.`);
    return entry;
  };
  const { model_type, num_attention_heads, num_key_value_heads } = file.configJson;
  const headsOf = (name: string): number | undefined =>
    model_type === 'llama'
      ? rotatedHeads(name, { heads: num_attention_heads as number, kvHeads: num_key_value_heads as number })
      : undefined;
  const read = (name: string): Float32Array => {
    const entry = find(name);
    const values = readValues(file.fd, file.path, entry);
    const heads = headsOf(name);
    return heads === undefined
      ? values
      : reorderRotary(values, { rows: entry.shape[0] as number, heads, to: 'halves' });
  };
  return {
    names: [...entries.keys()],
    shape: (name) => find(name).shape,
    isFloat: () => true,
    read,
    isBf16: () => false,
    readBf16: (name) => floatToBfloat(read(name)),
    close: () => closeSync(file.fd),
  };
}

/** How many heads the rows of a matrix or bias belong to, where rotary positions turn them; undefined elsewhere. */
export function rotatedHeads(
  name: string,
  { heads, kvHeads }: { readonly heads: number; readonly kvHeads: number },
): number | undefined {
  if (name.includes('.q_proj.')) return heads;
  return name.includes('.k_proj.') ? kvHeads : undefined;
}

function readValues(fd: number, path: string, { format, position, length }: Entry): Float32Array {
  return format.decode(readExactly(fd, { position, length, path }));
}

/**
 * Reorders the query or key rows of the llama architecture. In llama.cpp's `pairs`, the two rows that one rotary
 * frequency rotates are neighbours; in Hugging Face's `halves` they are half a head apart.
 */
export function reorderRotary(
  values: Float32Array,
  { rows, heads, to }: { readonly rows: number; readonly heads: number; readonly to: 'halves' | 'pairs' },
): Float32Array {
  const width = values.length / rows;
  const headRows = rows / heads;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const within = row % headRows;
    const half = row - within + (within % 2) * (headRows / 2) + (within >> 1);
    const [source, target] = to === 'halves' ? [row, half] : [half, row];
    out.set(values.subarray(source * width, (source + 1) * width), target * width);
  }
  return out;
}

/** Converts 64-bit numbers, which the library gives as bigint. */
function plainNumbers(metadata: object): Json {
  const entries = Object.entries(metadata).map(([key, value]) => [
    key,
    typeof value === 'bigint' ? Number(value) : value,
  ]);
  return Object.fromEntries(entries) as Json;
}
