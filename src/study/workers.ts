/** Who makes the runs of the study: a process of this machine, which keeps its engine and its bases, or on a cluster a process for each run. */
import { existsSync, rmSync } from 'node:fs';
import { writeFileAtomic } from '../base/records/atomic';
import type { Lock } from '../base/records/lock';
import { readJsonFile } from '../engine/files/jsonl';
import { forkWorker, type Worker } from './places/forked';
import { type Place, type Running, STUDY_WORKER } from './places/place';
import type { StudyRun } from './plan';
import type { Placement, WorkerAnswer } from './worker';

/** Makes runs of the study. */
export type StudyWorker = Worker<StudyRun, WorkerAnswer>;

/** Bytes above which a worker is replaced by a new one, because the engine's memory grows with the number of shapes it has seen. */
export const MOST_MEMORY = 1.5e9;

/** One thread, so that the numbers do not depend on how many cores a machine has. */
const ONE_THREAD = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' } as const;

/** Starts a worker process. An interrupted run leaves nothing behind, so a worker can be stopped by killing it. */
export function startWorker(
  at: Placement,
  holder: { readonly lock: Lock; readonly signal?: AbortSignal },
): StudyWorker {
  const log = `${at.scratch}.log`;
  const onEnd = { failure: `its process ended; see ${log}`, input: false, memory: 0 };
  return forkWorker({ script: STUDY_WORKER, greeting: at, log, environment: ONE_THREAD, onEnd }, holder);
}

/** A worker elsewhere: it starts a process for each run, which reads the run from a file and writes its answer into another. */
export function workerElsewhere({ folder, scratch }: Placement, place: Place, signal?: AbortSignal): StudyWorker {
  let running: Running | undefined;
  const stop = (): void => running?.stop();
  signal?.addEventListener('abort', stop);
  return {
    make: async (run) => {
      const [task, answer, log] = ['task.json', 'answer.json', 'log'].map((end) => `${scratch}.${end}`) as [
        string,
        string,
        string,
      ];
      rmSync(answer, { force: true });
      writeFileAtomic(task, `${JSON.stringify({ run, folder, answer })}\n`);
      const command = [STUDY_WORKER, task];
      running = place.start({ name: run.key, command, threads: 1, memory: MOST_MEMORY, log, environment: ONE_THREAD });
      const { sentence } = await running.ended;
      running = undefined;
      if (existsSync(answer)) return readJsonFile(answer) as unknown as WorkerAnswer;
      return { failure: sentence ?? `it gave no result; see ${log}`, input: false, memory: 0 };
    },
    alive: () => true,
    stop: () => signal?.removeEventListener('abort', stop),
  };
}
