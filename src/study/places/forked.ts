/** A process of this machine that does one piece of work after the other, while what it has loaded stays. */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../base/records/atomic';
import type { Lock } from '../../base/records/lock';

/** Takes work of one kind and gives an answer to each piece. */
export interface Worker<Asked, Answer> {
  make(asked: Asked): Promise<Answer>;
  alive(): boolean;
  stop(): void;
}

interface Forked<Answer> {
  readonly script: string;
  /** The first message. */
  readonly greeting: object;
  readonly log: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The answer to what was being made when the process ended. */
  readonly onEnd: Answer;
}

/** Starts the process. It is stopped by killing it, so what it makes must be whole or absent. */
export function forkWorker<Asked extends object, Answer>(
  { script, greeting, log, environment, onEnd }: Forked<Answer>,
  { lock, signal }: { readonly lock: Lock; readonly signal?: AbortSignal },
): Worker<Asked, Answer> {
  makeFolder(dirname(log));
  const output = openSync(log, 'a');
  const child: ChildProcess = fork(script, [], {
    stdio: ['ignore', output, output, 'ipc'],
    env: { ...process.env, ...environment },
    detached: true,
  });
  closeSync(output);
  lock.addChild(child.pid);
  child.once('exit', () => lock.removeChild(child.pid));
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop);
  child.send(greeting);
  return {
    make: (asked) =>
      new Promise((resolve) => {
        const ended = (): void => resolve(onEnd);
        child.once('exit', ended);
        child.once('message', (answer) => {
          child.off('exit', ended);
          resolve(answer as Answer);
        });
        child.send(asked);
      }),
    alive: () => child.exitCode === null && child.signalCode === null,
    stop: () => {
      signal?.removeEventListener('abort', stop);
      stop();
    },
  };
}
