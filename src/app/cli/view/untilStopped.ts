/** Says where something is served, and serves it until the command is stopped. */
import type { Serving } from '../../view/loopback';
import { print } from '../shared/print';

export async function untilStopped({ address, close }: Serving, signal: AbortSignal): Promise<void> {
  print(`${address}\n`);
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
  await close();
}
