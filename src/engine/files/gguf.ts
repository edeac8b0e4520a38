/**
 * Reads GGUF files as llama.cpp writes them and presents them with Hugging Face's names and layout. A library parses
 * the metadata and the tensor table; values, names, config and tokenizer are converted here.
 */
import { closeSync, fstatSync } from 'node:fs';
import { GGMLQuantizationType, type GGUFParseOutput, gguf } from '@huggingface/gguf';
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { type NumberFormat, numberFormats } from '../quants/formats';
import { floatToBfloat } from '../quants/halves';
import { ggufConfig, huggingFaceName } from './ggufConfig';
import { partsToOpen, type Split } from './ggufParts';
import { ggufTokenizer } from './ggufTokenizer';
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

/** Where one tensor lies, and in which file; its shape is Hugging Face's, row-major. */
interface Entry {
  readonly fd: number;
  readonly path: string;
  readonly shape: readonly number[];
  readonly format: NumberFormat;
  readonly position: number;
  readonly length: number;
}

const ROPE_DIVISORS = 'rope_freqs.weight';

/**
 * Opens a GGUF file, or a model in several parts by the first of them. Throws InputError for damaged files and for unsupported formats,
 * architectures and tokenizers.
 */
export async function openGguf(path: string, date?: string): Promise<GgufFile> {
  const opened: number[] = [];
  const close = (): void => {
    for (const fd of opened) closeSync(fd);
  };
  const read = async (file: string): Promise<Part> => {
    const fd = openFile(file);
    opened.push(fd);
    const parsed = await parse(file, fd);
    const metadata = plainNumbers(parsed.metadata);
    return { fd, path: file, parsed, metadata, split: splitOf(metadata) };
  };
  try {
    const first = await read(path);
    const others = partsToOpen(path, first.split).slice(1);
    const parts = [first];
    for (const [i, file] of others.entries()) {
      const part = await read(file);
      if (part.split.part !== i + 1 || part.split.count !== first.split.count)
        throw new InputError(
          `${file} is not part ${i + 2} of the model that ${path} begins; download the parts again.`,
        );
      parts.push(part);
    }
    const { metadata } = first;
    const entries = tensorTable(parts);
    const embedding = entries.get('model.embed_tokens.weight');
    if (embedding === undefined)
      throw new InputError(`${path} has no tensor token_embd.weight; it is not a language model.`);
    const divisors = entries.get(ROPE_DIVISORS);
    entries.delete(ROPE_DIVISORS);
    const facts = {
      vocabSize: embedding.shape[0] as number,
      has: (name: string) => entries.has(name),
      ...(divisors && { ropeDivisors: readValues(divisors) }),
    };
    const configJson = ggufConfig(metadata, facts, path);
    const tokenizer = ggufTokenizer(metadata, path, date);
    return { weights: weightSource(entries, { path, configJson, close }), configJson, tokenizer };
  } catch (error) {
    close();
    throw error;
  }
}

/** One open file of a model. */
interface Part {
  readonly fd: number;
  readonly path: string;
  readonly parsed: GGUFParseOutput;
  readonly metadata: Json;
  readonly split: Split;
}

const splitOf = (metadata: Json): Split => ({
  part: Number(metadata['split.no'] ?? 0),
  count: Number(metadata['split.count'] ?? 1),
});

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

/** The tensors of all parts by Hugging Face's names. */
function tensorTable(parts: readonly Part[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const part of parts)
    for (const info of part.parsed.tensorInfos) {
      const [name, entry] = tensorEntry(part, info);
      if (entries.has(name)) throw new InputError(`${part.path} holds the tensor ${info.name} a second time.`);
      entries.set(name, entry);
    }
  return entries;
}

function tensorEntry({ fd, path, parsed }: Part, info: GGUFParseOutput['tensorInfos'][number]): [string, Entry] {
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
  const fileBytes = fstatSync(fd).size;
  if (position + length > fileBytes)
    throw new InputError(
      `${path} is truncated: tensor ${info.name} ends at byte ${position + length}, but the file has only ${fileBytes}.`,
    );
  return [name, { fd, path, shape, format, position, length }];
}

function weightSource(
  entries: ReadonlyMap<string, Entry>,
  file: { path: string; configJson: Json; close: () => void },
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
    const values = readValues(entry);
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
    close: file.close,
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

function readValues({ fd, path, format, position, length }: Entry): Float32Array {
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
