/** Runs several jobs at once within a budget of cores and memory. */

/** What a job uses while it runs; memory in bytes. */
export interface Need {
  readonly cores: number;
  readonly memory: number;
}

/**
 * Runs jobs in order, each as soon as the cores and the memory it needs are free; while a job waits, smaller ones after
 * it may start first. Starts nothing more once `signal` is aborted, and returns when the last running job has ended. A
 * job that needs more than the whole budget would never start, so the caller must refuse it before.
 */
export async function runWithin<J extends Need>(
  jobs: readonly J[],
  budget: Need,
  { run, signal }: { readonly run: (job: J) => Promise<void>; readonly signal?: AbortSignal },
): Promise<void> {
  const waiting = [...jobs];
  const running = new Map<J, Promise<void>>();
  const used = (key: keyof Need): number => [...running.keys()].reduce((sum, job) => sum + job[key], 0);
  const fits = (job: J): boolean =>
    used('cores') + job.cores <= budget.cores && used('memory') + job.memory <= budget.memory;
  const startAll = (): void => {
    for (let next = waiting.findIndex(fits); next >= 0 && !signal?.aborted; next = waiting.findIndex(fits)) {
      const [job] = waiting.splice(next, 1) as [J];
      running.set(
        job,
        run(job).finally(() => running.delete(job)),
      );
    }
  };
  try {
    for (startAll(); running.size > 0; startAll()) await Promise.race(running.values());
  } finally {
    await Promise.allSettled(running.values());
  }
}
