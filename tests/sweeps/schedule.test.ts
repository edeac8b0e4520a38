import { expect, test } from 'vitest';
import { type Need, runWithin } from '../../src/study/sweeps/schedule';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs jobs that note what is in use while they run. */
async function observe(jobs: readonly Need[], budget: Need, stopAfter = Number.POSITIVE_INFINITY) {
  const controller = new AbortController();
  const running = new Set<Need>();
  const most = { jobs: 0, cores: 0, memory: 0 };
  const order: number[] = [];
  const run = async (job: Need): Promise<void> => {
    order.push(jobs.indexOf(job));
    running.add(job);
    const used = (key: keyof Need) => [...running].reduce((sum, each) => sum + each[key], 0);
    most.jobs = Math.max(most.jobs, running.size);
    most.cores = Math.max(most.cores, used('cores'));
    most.memory = Math.max(most.memory, used('memory'));
    if (order.length >= stopAfter) controller.abort();
    await pause(2);
    running.delete(job);
  };
  await runWithin(jobs, budget, { run, signal: controller.signal });
  return { most, order, left: running.size };
}

const job = (cores: number, memory: number): Need => ({ cores, memory });

test('keeps within cores and memory, and uses them', async () => {
  const jobs = Array.from({ length: 7 }, () => job(2, 10));
  expect((await observe(jobs, job(6, 100))).most).toEqual({ jobs: 3, cores: 6, memory: 30 });
  expect((await observe(jobs, job(6, 25))).most).toEqual({ jobs: 2, cores: 4, memory: 20 });
  expect((await observe(jobs, job(2, 100))).most.jobs).toBe(1);
});

test('lets a small job go before a large one that must wait', async () => {
  const { order } = await observe([job(1, 6), job(1, 6), job(1, 2)], job(4, 10));
  expect(order).toEqual([0, 2, 1]);
});

test('starts nothing more when stopped, and waits for what runs', async () => {
  const { order, left } = await observe(
    Array.from({ length: 5 }, () => job(1, 1)),
    job(2, 2),
    2,
  );
  expect([order, left]).toEqual([[0, 1], 0]);
});
