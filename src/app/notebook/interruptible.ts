/** Long work in a notebook cell that the notebook's stop button ends cleanly. */
import { InterruptedError } from '../../base/records/errors';

/**
 * Runs `body` with a signal that the kernel's interrupt aborts. The cell then ends normally: the kernel and everything
 * declared in it survive. Work that stopped with an `InterruptedError` gives undefined; what it finished is in its run
 * folder.
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  // If a listener were added before a cell's first await, the next interrupt would kill the kernel.
  await null;
  const controller = new AbortController();
  const stop = () => controller.abort();
  const others = process.rawListeners('SIGINT') as NodeJS.SignalsListener[];
  // Add our listener before removing the others, and the reverse at the end: with no listener at all, SIGINT ends the
  // process.
  process.on('SIGINT', stop);
  for (const listener of others) process.removeListener('SIGINT', listener);
  try {
    return await body(controller.signal);
  } catch (error) {
    if (!(error instanceof InterruptedError && controller.signal.aborted)) throw error;
    console.log(`${error.message} Or run this cell again.`);
    return undefined;
  } finally {
    for (const listener of others) process.on('SIGINT', listener);
    process.removeListener('SIGINT', stop);
  }
}
