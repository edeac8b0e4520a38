/** The child process that makes runs of the study, one after the other, with engine and sessions kept warm. */
import { InputError } from '../../records/errors';
import { perform, type Workplace } from './perform';
import type { StudyRun } from './plan';
import type { StudyRow } from './row';

/** The first message: where to work. Every later one is a run. */
export interface Placement {
  readonly folder: string;
  readonly scratch: string;
}

/** What comes back for a run. */
export type WorkerAnswer = { readonly row: StudyRow } | { readonly failure: string; readonly input: boolean };

let place: Workplace | undefined;

async function answerTo(run: StudyRun, at: Workplace): Promise<WorkerAnswer> {
  try {
    return { row: await perform(run, at) };
  } catch (error) {
    return { failure: (error as Error).message, input: error instanceof InputError };
  }
}

process.on('message', (message: StudyRun | Placement) => {
  if ('scratch' in message) place = { ...message, sessions: new Map() };
  else if (place) void answerTo(message, place).then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit());
