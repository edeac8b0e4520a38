/** Long work in a cell that the notebook's stop button ends cleanly. */
import { InterruptedError } from '../../base/records/errors';

/**
 * Runs `body` with a signal that the kernel's interrupt aborts. The cell then ends in order: the kernel and everything declared
 * live on, and undefined is returned for work that stopped with an `InterruptedError`; what it finished is in its run folder.
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  // A listener that is added before a cell's first await makes the next interrupt kill the kernel.
  await null;
  const controller = new AbortController();
  const stop = () => controller.abort();
  const others = process.rawListeners('SIGINT') as NodeJS.SignalsListener[];
  // Own listener first, then the others away, and the other way round at the end: with none at all SIGINT ends the process.
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
