/** A worker of the page: takes the files that the page has loaded, then answers calls. It asks the network for nothing. */
import { startWasm } from '../../../engine/tensors/wasm/start';
import { PLACES, WASM } from '../files';
import type { Call, Files, Lab, Reply } from '../protocol';
import { openLab } from './lab';
import { mkdirSync, writeFileSync } from './platform/fs';

const reply = (answer: Reply): void => postMessage(answer);

async function open(files: Files): Promise<Lab> {
  for (const [name, place] of Object.entries(PLACES)) {
    mkdirSync(`/rcsd/${place}`, { recursive: true });
    writeFileSync(`/rcsd/${place}/${name}`, files[name] as Uint8Array);
  }
  await startWasm({ tfjs: files[WASM.tfjs] as Uint8Array, loops: files[WASM.loops] });
  return openLab((told) => reply({ told }));
}

let lab: Promise<Lab>;

addEventListener('message', async ({ data: { id, name, args } }: MessageEvent<Call>) => {
  try {
    if (name === 'open') {
      lab = open(args[0] as Files);
      await lab;
      return reply({ id, value: undefined });
    }
    const run = (await lab)[name] as (...given: readonly unknown[]) => unknown;
    reply({ id, value: await run(...args) });
  } catch (error) {
    reply({ id, problem: error instanceof Error ? error.message : String(error) });
  }
});
