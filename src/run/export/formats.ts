/** The three forms in which a model is written for other programs. */
import { closeSync, copyFileSync, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeAll } from '../../base/records/atomic';
import { InputError, throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import { type GgufMetadata, ggufPieces } from '../../engine/export/ggufFile';
import { ggufModel, ggufPositions, ggufTensors, ggufTypeOf } from '../../engine/export/ggufModel';
import { noVocabulary, vocabularyMetadata } from '../../engine/export/ggufVocabulary';
import { type ExportType, NUMBER_TYPES } from '../../engine/export/numberTypes';
import type { HubName } from '../../engine/files/hubCache';
import { copyTokenizer, writeModelConfig } from '../../engine/files/huggingface';
import { readJsonFile, writeFileAtomic } from '../../engine/files/jsonl';
import { resolveModelPath } from '../../engine/files/models';
import { safetensorsPieces, sizeOf } from '../../engine/files/safetensors';
import type { WeightSource } from '../../engine/files/weights';
import type { ModelConfig } from '../../engine/model/config';
import { endOfTurn, type LanguageModel } from '../../engine/model/model';
import { parameterShapes } from '../../engine/model/shapes';
import type { ModelPlace } from '../../engine/model/trained';
import type { ExportSource } from './source';

export const EXPORT_FORMATS = ['merged', 'peft', 'gguf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an export is called after, and what the config of an adapter names. */
export interface Base {
  /** The model as a person would call it. */
  readonly name: string;
  readonly hub?: HubName;
  /** For `base_model_name_or_path`. */
  readonly path: string;
  readonly revision?: string;
}

/** In which number format a tensor of a shape is written. */
export type StoredAs = (shape: readonly number[]) => ExportType;

/** What a form needs to know of the model. */
export interface ToExport {
  readonly folder: string;
  readonly source: ExportSource;
  /** Configuration and tokenizer. */
  readonly model: LanguageModel;
  /** Merged. */
  readonly weights: WeightSource;
  readonly type: ExportType;
  readonly base: Base;
}

/** How one model is written; nothing is there before `write`. */
export interface ExportPlan {
  /** What it takes on the disk. */
  readonly bytes: number;
  readonly storedAs: StoredAs;
  /** The same in words. */
  readonly storage: string;
  readonly notes: readonly string[];
  /** The weights' file within the folder, where it is opened by itself. */
  readonly file?: string;
  /** How `openModel` reads it back. */
  readonly opens: ModelPlace;
  write(options: OperationOptions): Promise<void>;
}

interface Format {
  readonly types: readonly ExportType[];
  /** The positions up to which this form holds a model; default: all. */
  positions?(config: ModelConfig): number;
  /** Throws InputError where the source cannot have this form. */
  requires?(source: ExportSource): void;
  plan(model: ToExport): ExportPlan;
}

export const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  merged: { types: ['fp32', 'bf16'], plan: planMerged },
  peft: { types: ['fp32'], requires: requireAdapter, plan: planAdapter },
  gguf: { types: ['fp32', 'bf16', 'q8_0'], positions: ggufPositions, plan: planGguf },
};

/** Room for config, tokenizer and card. */
const SMALL_FILES = 2 ** 25;

function planMerged({ folder, source, model, weights, type }: ToExport): ExportPlan {
  const dtype = NUMBER_TYPES[type].safetensors;
  const tensors = Object.entries(parameterShapes(model.config)).map(([name, shape]) => {
    return { name, shape, dtype, data: () => weights.read(name) };
  });
  const bytes = tensors.reduce((sum, { shape }) => sum + sizeOf(shape) * (type === 'fp32' ? 4 : 2), 0);
  return {
    bytes: bytes + SMALL_FILES,
    storedAs: () => type,
    storage: type,
    notes: [],
    opens: { model: folder },
    async write(options) {
      await copyTokenizer(resolveModelPath(source.place.model), folder);
      await writePieces(join(folder, 'model.safetensors'), safetensorsPieces(tensors), { bytes, ...options });
      writeGeneration(folder, model);
      writeModelConfig(folder, model.config.source, tensors);
    },
  };
}

function requireAdapter({ place }: ExportSource): void {
  if (place.adapter === undefined)
    throw new InputError(`${place.model} has no adapter, so it has no PEFT form; export it with --format merged.`);
}

const ADAPTER_FILES = ['adapter_model.safetensors', 'adapter_config.json'] as const;

function planAdapter({ folder, source, model, base }: ToExport): ExportPlan {
  const adapter = source.place.adapter as string;
  const [weights, config] = ADAPTER_FILES;
  return {
    bytes: statSync(join(adapter, weights)).size + SMALL_FILES,
    storedAs: () => 'fp32',
    storage: 'an adapter in fp32',
    notes: adapterNotes(base),
    opens: { model: source.place.model, adapter: folder },
    async write() {
      await copyTokenizer(resolveModelPath(source.place.model), folder);
      writeGeneration(folder, model);
      copyFileSync(join(adapter, weights), join(folder, weights));
      const stated = {
        ...readJsonFile(join(adapter, config)),
        base_model_name_or_path: base.path,
        revision: base.revision ?? null,
      };
      writeFileAtomic(join(folder, config), `${JSON.stringify(stated, null, 2)}\n`);
    },
  };
}

function adapterNotes({ hub, path }: Base): string[] {
  if (path.endsWith('.gguf'))
    return [
      'The adapter names a GGUF file as its model, which PEFT cannot open; export that with --format merged, and name its folder or its repository on the hub with --base.',
    ];
  if (hub || !existsSync(path)) return [];
  return [
    'The adapter names a folder of this machine as its model; before you share it, name a repository of the hub with --base.',
  ];
}

function planGguf({ folder, source, model, weights, type }: ToExport): ExportPlan {
  const { config, tokenizer } = model;
  const architecture = ggufModel(config, { name: source.name, type });
  const rows = config.vocabSize;
  const vocabulary = tokenizer
    ? vocabularyMetadata(tokenizer, { rows, ends: endsOf(model), where: source.place.model })
    : noVocabulary;
  const metadata: GgufMetadata = { ...architecture.metadata, ...vocabulary };
  const tensors = ggufTensors(config, weights, type);
  const bytes = tensors.reduce((sum, own) => sum + own.bytes, 0);
  const file = `${source.name.replace(/[^\w.-]+/g, '-')}-${NUMBER_TYPES[type].gguf}.gguf`;
  const storedAs: StoredAs = (shape) => ggufTypeOf(shape, type);
  const unfilled = Object.values(parameterShapes(config)).filter(
    (shape) => shape.length > 1 && storedAs(shape) !== type,
  );
  return {
    bytes: bytes + SMALL_FILES,
    storedAs,
    storage: `GGUF, matrices in ${NUMBER_TYPES[type].gguf}, vectors in F32`,
    notes: [
      ...architecture.notes,
      ...(unfilled.length > 0
        ? [`${unfilled.length} matrices whose rows are no multiple of 32 numbers are written in F32 instead of Q8_0.`]
        : []),
      ...(config.eosTokenIds.length > 2
        ? [
            `GGUF names two end tokens; of the ${config.eosTokenIds.length} of this model, other programs may not know the rest.`,
          ]
        : []),
    ],
    file,
    opens: { model: join(folder, file) },
    async write(options) {
      await writePieces(join(folder, file), ggufPieces(metadata, tensors), { bytes, ...options });
      writeGeneration(folder, model);
    },
  };
}

/** The tokens that end a completion, that of the turn first. */
function endsOf(model: LanguageModel): number[] {
  const { eosTokenIds } = model.config;
  return eosTokenIds.length === 0 ? [] : [...new Set([endOfTurn(model), ...eosTokenIds])];
}

/** Writes generation_config.json unless the model brought its own. */
function writeGeneration(folder: string, model: LanguageModel): void {
  const path = join(folder, 'generation_config.json');
  if (existsSync(path)) return;
  const { bos_token_id: bos } = model.config.source;
  const ends = endsOf(model);
  const generation = { ...(bos != null && { bos_token_id: bos }), ...(ends.length > 0 && { eos_token_id: ends }) };
  writeFileAtomic(path, `${JSON.stringify(generation, null, 2)}\n`);
}

/** Writes a large file piece by piece. */
async function writePieces(
  path: string,
  pieces: Iterable<Uint8Array>,
  { bytes, signal, onProgress }: OperationOptions & { readonly bytes: number },
): Promise<void> {
  const megabytes = (count: number): number => Math.ceil(count / 1e6);
  const fd = openSync(path, 'w');
  let written = 0;
  let told = -1;
  try {
    for (const piece of pieces) {
      throwIfAborted(signal);
      writeAll(fd, piece);
      written = Math.min(bytes, written + piece.byteLength);
      const done = megabytes(written);
      if (done > told) onProgress?.({ stage: 'write', done, total: megabytes(bytes), detail: 'MB' });
      told = done;
      await yieldToEvents();
    }
  } finally {
    closeSync(fd);
  }
}
