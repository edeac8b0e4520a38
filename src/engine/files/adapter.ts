/** Reads and writes LoRA adapters in PEFT's layout: `adapter_config.json` beside `adapter_model.safetensors`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { parseHubName } from './hubCache';
import { readJsonFile, writeFileAtomic } from './jsonl';
import { openSafetensors, type TensorToWrite, writeSafetensors } from './safetensors';
import type { WeightSource } from './weights';

/** The two matrices for one module; `module` is its name without suffix (`model.layers.0.self_attn.q_proj`). */
export interface AdapterMatrix {
  readonly name: string;
  /** `[rank, in]`, row-major. */
  readonly a: { readonly shape: readonly [number, number]; readonly data: TensorToWrite['data'] };
  /** `[out, rank]`, row-major. */
  readonly b: { readonly shape: readonly [number, number]; readonly data: TensorToWrite['data'] };
}

/** What `writeAdapter` saves. The adapter adds `scale B A` to a matrix, with `scale = alpha / rank`. */
export interface AdapterToWrite {
  readonly tensors: Iterable<AdapterMatrix>;
  readonly rank: number;
  readonly alpha: number;
  /** Last parts of the adapted modules' names, e.g. `q_proj`. */
  readonly targets: readonly string[];
  /** Name or path of the model that the adapter belongs to. */
  readonly baseModel: string;
}

/**
 * An open adapter; its tensors are named `<module>.lora_A.weight` and `<module>.lora_B.weight`, of DoRA also
 * `<module>.lora_magnitude_vector`, and saved modules as in the model.
 */
export interface AdapterFile {
  readonly rank: number;
  readonly alpha: number;
  /** alpha / rank, or alpha / sqrt(rank) for rank-stabilised adapters. */
  readonly scale: number;
  readonly targets: readonly string[];
  /** The adapted modules, of which all have a magnitude (DoRA) or none. */
  readonly modules: readonly string[];
  readonly dora: boolean;
  /** Tensors that take the place of the model's (`modules_to_save`). */
  readonly saved: readonly string[];
  /** Whether a saved embedding is the head too (`ensure_weight_tying`). */
  readonly tiesSaved: boolean;
  readonly baseModel: string | undefined;
  readonly weights: WeightSource;
}

const PREFIX = 'base_model.model.';
const LORA_KEY = /^base_model\.model\.(.+)\.lora_[AB]\.weight$/;
const MAGNITUDE = '.lora_magnitude_vector';

/** Writes an adapter that PEFT can load. The config is written last, so that an unfinished folder cannot be opened. */
export function writeAdapter(dir: string, adapter: AdapterToWrite): void {
  makeFolder(dir);
  const tensors = [...adapter.tensors].flatMap(({ name, a, b }) => [
    { name: `${PREFIX}${name}.lora_A.weight`, ...a },
    { name: `${PREFIX}${name}.lora_B.weight`, ...b },
  ]);
  writeSafetensors(join(dir, 'adapter_model.safetensors'), tensors);
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    ...namedBase(adapter.baseModel),
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    lora_dropout: 0,
    target_modules: adapter.targets,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    modules_to_save: null,
    inference_mode: true,
  };
  writeFileAtomic(join(dir, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** A model's name as PEFT takes it apart: the repository on the hub, and its revision. */
function namedBase(model: string): { base_model_name_or_path: string; revision: string | null } {
  const hub = existsSync(model) ? undefined : parseHubName(model);
  if (!hub || hub.file !== undefined) return { base_model_name_or_path: model, revision: null };
  return { base_model_name_or_path: hub.id, revision: hub.revision === 'main' ? null : hub.revision };
}

function baseOf({ base_model_name_or_path: path, revision }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof path !== 'string') return undefined;
  return typeof revision === 'string' && revision !== '' && !existsSync(path) ? `${path}@${revision}` : path;
}

/**
 * Opens a PEFT adapter. Throws InputError for incomplete files, and for kinds other than LoRA and DoRA, which it names.
 */
export function openAdapter(dir: string): AdapterFile {
  const configPath = join(dir, 'adapter_config.json');
  if (!existsSync(configPath))
    throw new InputError(`${dir} holds no adapter_config.json; give the folder of a PEFT adapter.`);
  const config = readJsonFile(configPath);
  refuseOtherKinds(config, configPath);
  const rank = positive(config, 'r', configPath);
  const alpha = positive(config, 'lora_alpha', configPath);
  const path = join(dir, 'adapter_model.safetensors');
  if (!existsSync(path))
    throw new InputError(`${dir} holds no adapter_model.safetensors; only safetensors adapters can be read.`);
  const file = openSafetensors(path);
  try {
    const dora = config.use_dora === true;
    const { modules, saved } = tensorsOf(file, { config, rank, dora, path });
    requireTargets(config, modules, path);
    return {
      ...{ modules, dora, saved, tiesSaved: config.ensure_weight_tying === true },
      rank,
      alpha,
      scale: config.use_rslora === true ? alpha / Math.sqrt(rank) : alpha / rank,
      targets: [...new Set(modules.map((module) => module.slice(module.lastIndexOf('.') + 1)))],
      baseModel: baseOf(config),
      weights: {
        names: file.names.map((name) => name.slice(PREFIX.length)),
        shape: (name) => file.shape(PREFIX + name),
        isFloat: (name) => file.isFloat(PREFIX + name),
        read: (name) => file.read(PREFIX + name),
        isBf16: (name) => file.isBf16(PREFIX + name),
        readBf16: (name) => file.readBf16(PREFIX + name),
        close: () => file.close(),
      },
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Settings that are read elsewhere, or say where an adapter sits or how it was made and change nothing about `W + scale B A`. */
const UNDERSTOOD = new Set([
  'use_dora',
  'modules_to_save',
  'peft_type',
  'peft_version',
  'task_type',
  'auto_mapping',
  'base_model_name_or_path',
  'revision',
  'inference_mode',
  'r',
  'lora_alpha',
  'lora_dropout',
  'use_rslora',
  'bias',
  'init_lora_weights',
  'eva_config',
  'target_modules',
  'exclude_modules',
  'layers_to_transform',
  'layers_pattern',
  'megatron_core',
  'qalora_group_size',
  'ensure_weight_tying',
]);

/** Initial values after which the base weights are still those of the base model. PiSSA, OLoRA and others change them. */
const PLAIN_INITS: readonly unknown[] = [true, false, 'gaussian', 'orthogonal', 'eva'];

/** Refuses variants that compute something other than LoRA or DoRA with the base model's own `W`. */
function refuseOtherKinds(config: Readonly<Record<string, unknown>>, path: string): void {
  const type = config.peft_type;
  if (type !== 'LORA')
    throw new InputError(`${path}: the PEFT type ${shownValue(type)} is not supported; only LORA is.`);
  const isSet = (value: unknown): boolean =>
    typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  const variant = Object.keys(config).find((name) => !UNDERSTOOD.has(name) && isSet(config[name]));
  if (variant)
    throw new InputError(`${path}: ${variant} is set, which is not supported; only LoRA and DoRA without it are.`);
  const init = config.init_lora_weights ?? true;
  if (!PLAIN_INITS.includes(init))
    throw new InputError(
      `${path}: init_lora_weights is ${JSON.stringify(init)}, which changes the base weights too; convert the adapter to plain LoRA when saving it (path_initial_model_for_weight_conversion).`,
    );
  if ((config.bias ?? 'none') !== 'none')
    throw new InputError(`${path}: bias ${shownValue(config.bias)} is not supported; only "none" is.`);
  for (const name of ['use_rslora', 'use_dora'])
    if (typeof (config[name] ?? false) !== 'boolean')
      throw new InputError(`${path}: ${name} is ${shownValue(config[name])}; it must be true or false.`);
  const saved = config.modules_to_save ?? [];
  if (!Array.isArray(saved) || saved.some((name) => typeof name !== 'string'))
    throw new InputError(`${path}: modules_to_save is ${shownValue(saved)}; it must be a list of names.`);
}

/** Refuses a file that lacks tensors for a projection that the config names. */
function requireTargets(config: Readonly<Record<string, unknown>>, found: readonly string[], path: string): void {
  if (found.length === 0) throw new InputError(`${path} holds no LoRA matrices; save the adapter again.`);
  const targets = Array.isArray(config.target_modules) ? (config.target_modules as unknown[]) : [];
  const lost = targets.find(
    (target) => typeof target !== 'string' || !found.some((module) => `.${module}`.endsWith(`.${target}`)),
  );
  if (lost !== undefined)
    throw new InputError(`${path} holds no matrices for ${shownValue(lost)}, which adapter_config.json adapts.`);
}

function positive(config: Readonly<Record<string, unknown>>, field: string, path: string): number {
  const value = config[field];
  if (Number.isFinite(value) && (value as number) > 0) return value as number;
  throw new InputError(`${path}: ${field} is ${shownValue(value)}; it must be a positive number.`);
}

interface Expected {
  readonly config: Readonly<Record<string, unknown>>;
  readonly rank: number;
  readonly dora: boolean;
  readonly path: string;
}

/**
 * The modules that the file adapts, and the tensors that it saves whole. Each module must have both matrices, of the rank in the config,
 * and of DoRA a magnitude; each saved tensor must belong to a module that the config names, and each of these must be there.
 */
function tensorsOf(
  file: WeightSource,
  { config, rank, dora, path }: Expected,
): { readonly modules: string[]; readonly saved: string[] } {
  const names = new Set(file.names);
  const wanted = (config.modules_to_save ?? []) as readonly string[];
  const modules = new Set<string>();
  const saved: string[] = [];
  for (const full of file.names) {
    const module =
      LORA_KEY.exec(full)?.[1] ?? (full.endsWith(MAGNITUDE) ? full.slice(PREFIX.length, -MAGNITUDE.length) : undefined);
    if (module !== undefined && (dora || !full.endsWith(MAGNITUDE))) modules.add(module);
    else {
      const owner = full.replace(/\.[^.]*$/, '');
      if (module !== undefined || !full.startsWith(PREFIX) || !wanted.some((name) => owner.endsWith(name)))
        throw new InputError(`${path}: the tensor ${full} is neither part of a LoRA adapter nor of modules_to_save.`);
      saved.push(full.slice(PREFIX.length));
    }
  }
  const lost = wanted.find((name) => !saved.some((tensor) => tensor.replace(/\.[^.]*$/, '').endsWith(name)));
  if (lost !== undefined)
    throw new InputError(`${path} lacks ${shownValue(lost)}, which modules_to_save of adapter_config.json names.`);
  for (const module of modules) {
    const [a, b] = [`${PREFIX}${module}.lora_A.weight`, `${PREFIX}${module}.lora_B.weight`];
    if (!names.has(a) || !names.has(b))
      throw new InputError(`${path}: ${module} has only one of its two LoRA matrices.`);
    if (dora && !names.has(`${PREFIX}${module}${MAGNITUDE}`))
      throw new InputError(`${path}: ${module} has no lora_magnitude_vector, which use_dora asks for.`);
    if (file.shape(a)[0] !== rank || file.shape(b)[1] !== rank)
      throw new InputError(`${path}: the matrices of ${module} do not have the rank ${rank} of adapter_config.json.`);
  }
  return { modules: [...modules], saved };
}
