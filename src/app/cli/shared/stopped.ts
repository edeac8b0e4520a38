/** What a command says when it was stopped: each says itself what of its work is kept. */
import { InterruptedError } from '../../../base/records/errors';

/** Where nothing is kept and nothing could be. */
export const NOTHING_KEPT = 'nothing of it is kept, and the same command begins anew';

/** Does `work`; when it is stopped, the error says what is kept. */
export async function sayingWhatIsKept<T>(kept: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(`Stopped on request; ${kept}.`);
  }
}
