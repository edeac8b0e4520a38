/** The process that makes runs of the study: one after the other, while engine and sessions stay loaded, or the one that a file holds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/records/atomic';
import { InputError } from '../base/records/errors';
import { readJsonFile } from '../engine/files/jsonl';
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

/** What the file of a single run holds. */
interface Task {
  readonly run: StudyRun;
  readonly folder: string;
  /** The file for the answer. */
  readonly answer: string;
}

/** The scratch folder is the machine's own: an attempt that was left behind on another one is not in the way. */
async function makeOne(file: string): Promise<void> {
  const { run, folder, answer } = readJsonFile(file) as unknown as Task;
  const own = mkdtempSync(join(tmpdir(), 'rcsd-study-'));
  try {
    const made = await answerTo(run, { folder, scratch: join(own, 'scratch'), sessions: new Map() });
    writeFileAtomic(answer, `${JSON.stringify(made)}\n`);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

const [, , task] = process.argv;
if (task !== undefined) void makeOne(task).then(() => process.exit());

process.on('message', (message: StudyRun | Placement) => {
  if ('scratch' in message) place = { ...message, sessions: new Map() };
  else if (place) void answerTo(message, place).then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit());
