/** The child process that makes runs of the study, one after the other, while engine and sessions stay loaded. */
import { InputError } from '../base/records/errors';
import { perform, type Workplace } from './perform';
import type { StudyRun } from './plan';
import type { StudyRow } from './row';

/** The first message says where to work. Every later message is a run. */
export interface Placement {
  readonly folder: string;
  readonly scratch: string;
}

/** The answer to a run, with the memory of the process in bytes. */
export type WorkerAnswer = ({ readonly row: StudyRow } | { readonly failure: string; readonly input: boolean }) & {
  readonly memory: number;
};

let place: Workplace | undefined;

async function answerTo(run: StudyRun, at: Workplace): Promise<WorkerAnswer> {
  try {
    const row = await perform(run, at);
    return { row, memory: process.memoryUsage.rss() };
  } catch (error) {
    return { failure: (error as Error).message, input: error instanceof InputError, memory: 0 };
  }
}

process.on('message', (message: StudyRun | Placement) => {
  if ('scratch' in message) place = { ...message, sessions: new Map() };
  else if (place) void answerTo(message, place).then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit());
