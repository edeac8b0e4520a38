/** A worker as the page calls it. */
import { PLACES, WASM } from '../files';
import type { Call, Files, Lab, Reply, Told } from '../protocol';

/** The calls of a worker: each answers later. */
export type RemoteLab = {
  readonly [Name in keyof Lab]: (...args: Parameters<Lab[Name]>) => Promise<Awaited<ReturnType<Lab[Name]>>>;
};

export interface LabWorker {
  readonly call: RemoteLab;
  /** Opens the model; the first call does. */
  open(): Promise<void>;
}

/** Loads everything that the workers need. */
export async function loadFiles(): Promise<Files> {
  const load = async (name: string): Promise<[string, Uint8Array]> => {
    const response = await fetch(name);
    if (!response.ok) throw new Error(`${name} cannot be loaded (status ${response.status}).`);
    return [name, new Uint8Array(await response.arrayBuffer())];
  };
  return Object.fromEntries(await Promise.all([...Object.keys(PLACES), ...Object.values(WASM)].map(load)));
}

/** Starts a worker, which opens the model when it is first called. */
export function startWorker(files: Files, onTold: (told: Told) => void = () => {}): LabWorker {
  const worker = new Worker('page-worker.js');
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    if ('told' in data) return onTold(data.told);
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ('problem' in data) asked?.reject(new Error(data.problem));
    else asked?.resolve(data.value as never);
  });
  worker.addEventListener('error', ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  });
  const send = (name: Call['name'], args: readonly unknown[]) =>
    new Promise<never>((resolve, reject) => {
      waiting.set(++calls, { resolve, reject });
      worker.postMessage({ id: calls, name, args } satisfies Call);
    });
  let opened: Promise<void> | undefined;
  const open = (): Promise<void> => {
    opened ??= send('open', [files]);
    return opened;
  };
  const call = new Proxy({} as RemoteLab, {
    get:
      (_, name: keyof Lab) =>
      async (...args: unknown[]) => {
        await open();
        return send(name, args);
      },
  });
  return { call, open };
}
