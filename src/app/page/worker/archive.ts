/** A run folder as a zip archive, for the browser's download. */
import { zipSync } from 'fflate';

const CHECKPOINT = /^(?:.*\/)?checkpoints\/step-\d+\/([^/]+)$/;
/** What a checkpoint holds for training alone. */
const FOR_TRAINING = ['optimizer.safetensors', 'state.json', 'checksums.json'];

/** The whole run, or the model of its last checkpoint as a Hugging Face folder. Weights are stored as they are: they do not get smaller. */
export function archive(run: Readonly<Record<string, Uint8Array>>, what: 'run' | 'model'): Uint8Array {
  const entries = Object.entries(run).sort(([a], [b]) => a.localeCompare(b));
  const chosen = what === 'run' ? entries : entries.flatMap(([path, bytes]) => inModel(path, bytes));
  return zipSync(Object.fromEntries(chosen), { level: 1 });
}

function inModel(path: string, bytes: Uint8Array): [string, Uint8Array][] {
  const name = CHECKPOINT.exec(path)?.[1];
  return name === undefined || FOR_TRAINING.includes(name) ? [] : [[name, bytes]];
}
