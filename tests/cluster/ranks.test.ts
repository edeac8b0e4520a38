/** Ranks inside this process: what they exchange, whom they let in, and one stage of training that they share. */
import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import { workersOf } from '../../src/base/config/addresses/workers';
import { InputError, NotFiniteError } from '../../src/base/records/errors';
import { paramsDigest } from '../../src/engine/model/content';
import { led, shared } from '../../src/engine/model/ranks';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { meet } from '../../src/run/cluster/connect';
import { listenHere } from '../../src/run/cluster/local';
import { isPrivate } from '../../src/run/cluster/private';
import {
  checkpointOf,
  LORA,
  readFile,
  recordOf,
  runStage,
  SEED,
  type StageChanges,
  scienceRuns,
  stageSettings,
} from '../train/stage';
import { meeting, part } from './meeting';

describe('workers', () => {
  test.each([
    ['0', 0, 'from 1 to 1024'],
    ['1025', 0, 'from 1 to 1024'],
    ['2', 1, 'worker=1'],
    ['two', 0, '"two"'],
    ['a:1', 0, 'from 2 to 1024 addresses'],
    ['a:1,b', 0, '"b"'],
    ['a:1,b:70000', 0, '"b:70000"'],
    ['a:1,[zz]:1', 0, '"[zz]:1"'],
    ['a:1,http://b:2', 0, '"http://b:2"'],
    ['a:1,a:1', 0, 'a:1 twice'],
    ['a:1,b:1', 2, 'worker=2'],
  ])('workers=%s worker=%i is refused', (workers, worker, said) => {
    expect(() => workersOf({ workers, worker })).toThrow(InputError);
    expect(() => workersOf({ workers, worker })).toThrow(said);
  });

  test('are a number, or addresses', () => {
    expect(workersOf({ workers: '3', worker: 0 })).toEqual({ count: 3 });
    expect(workersOf({ workers: 'a.b:1, [::1]:2', worker: 1 })).toEqual({
      count: 2,
      rank: 1,
      addresses: [
        { host: 'a.b', port: 1 },
        { host: '::1', port: 2 },
      ],
    });
  });

  test.each([
    ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.9.9', '100.100.0.1', '::1', 'fd00::1', 'localhost'].map(
      (host) => [host, true] as const,
    ),
    ...['0.0.0.0', '::', '8.8.8.8', '172.32.0.1', '2001:db8::1'].map((host) => [host, false] as const),
  ])('%s is private: %s', async (host, expected) => expect(await isPrivate(host)).toBe(expected));
});

describe('ranks', () => {
  test.each([2, 3, 5])('%i of them exchange values, sums and copies, several at once', async (count) => {
    const met = await meeting(count);
    const all = await Promise.all(
      met.map(async ({ ranks }) => {
        // Fewer numbers than ranks, and more than one packet of them.
        const short = Float32Array.of(0.1 * (ranks.rank + 1), ranks.rank);
        const long = Float32Array.from({ length: 300_001 }, (_, i) => Math.sin(i + ranks.rank));
        const copied = Float32Array.of(ranks.rank + 7, Number.NaN);
        const summed = Promise.all([ranks.sum(short), ranks.sum(long), ranks.copy(copied)]);
        const values = await ranks.gather({ rank: ranks.rank, numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY] });
        await summed;
        return { short, long, copied, values, first: await led(ranks, () => ranks.rank) };
      }),
    );
    const inOrder = (term: (rank: number) => number): number => {
      let total = Math.fround(term(0));
      for (let rank = 1; rank < count; rank++) total = Math.fround(total + Math.fround(term(rank)));
      return total;
    };
    for (const { short, long, copied, values, first } of all) {
      expect([...short]).toEqual([inOrder((rank) => 0.1 * (rank + 1)), inOrder((rank) => rank)]);
      for (const i of [0, 1, 149_999, 300_000]) expect(long[i]).toBe(inOrder((rank) => Math.sin(i + rank)));
      expect(Buffer.from(long.buffer).equals(Buffer.from(all[0]?.long.buffer as ArrayBuffer))).toBe(true);
      expect([...copied]).toEqual([7, Number.NaN]);
      expect(values.map(({ rank }) => rank)).toEqual(Array.from({ length: count }, (_, i) => i));
      expect(values.at(-1)?.numbers).toEqual([Number.NaN, -0, Number.POSITIVE_INFINITY]);
      expect(first).toBe(0);
    }
    part(met);
  });

  test.each(['turns', 'blocks'] as const)('deal items in %s, and put results in their order', async (deal) => {
    const met = await meeting(3);
    for (const items of [[], [1], [1, 2, 3, 4, 5, 6, 7]]) {
      const owners: number[] = [];
      const all = await Promise.all(
        met.map(({ ranks }) =>
          shared(ranks, { items, deal }, async (own) => {
            owners.push(...own.map(() => ranks.rank));
            return own.map((item) => 10 * item);
          }),
        ),
      );
      expect(all).toEqual([0, 1, 2].map(() => items.map((item) => 10 * item)));
      expect(owners).toHaveLength(items.length);
      if (items.length === 7) expect(new Set(owners)).toEqual(new Set([0, 1, 2]));
    }
    const failing = met.map(({ ranks }) =>
      shared(ranks, { items: [1, 2, 3], deal }, async (own) => {
        if (own.includes(2)) throw new NotFiniteError('Question q2, sample 0');
        return own;
      }),
    );
    for (const failed of await Promise.allSettled(failing))
      expect(failed).toMatchObject({ reason: { name: 'NotFiniteError', place: 'Question q2, sample 0' } });
    part(met);
  });

  test('that lose one are told whom and why, also while they wait', async () => {
    const met = await meeting(3);
    const waiting = Promise.allSettled([met[0]?.ranks.gather(0), met[1]?.ranks.gather(1)]);
    for (const channel of met[2]?.peers.values() ?? [])
      channel.close({ sentence: 'The disk of worker 2 is full.', exitCode: 2 });
    for (const { reason } of (await waiting) as PromiseRejectedResult[])
      expect(reason).toMatchObject({
        name: 'InterruptedError',
        message: expect.stringMatching(/^Worker 2 \(127\.0\.0\.1:\d+\) ended: The disk of worker 2 is full\.$/),
      });
    expect(met[0]?.lost.get(2)).toMatchObject({ exitCode: 2 });
    await expect(met[0]?.ranks.gather(0)).rejects.toThrow('Worker 2');
    part(met);
  });

  test('name who never comes, and let nobody in who does not know the key', async () => {
    const doors = await Promise.all(Array.from({ length: 3 }, listenHere));
    const addresses = doors.map(({ address }) => address);
    const options = { addresses, timeout: 2, onLoss: () => {} };
    const stranger = createConnection(addresses[0] as { host: string; port: number });
    stranger.resume();
    stranger.write('GET / HTTP/1.1\r\n\r\n');
    const closed = new Promise((resolve) => stranger.once('close', resolve));
    doors[2]?.server.close();
    const first = meet(doors[0]?.server as never, { ...options, rank: 0, key: 'a' });
    const second = meet(doors[1]?.server as never, { ...options, rank: 1, key: 'b' });
    const [one, two] = (await Promise.allSettled([first, second])) as PromiseRejectedResult[];
    const named = (rank: number): string => `worker ${rank} (127.0.0.1:${addresses[rank]?.port})`;
    expect(one?.reason).toBeInstanceOf(InputError);
    expect(one?.reason.message).toContain(`have not come: ${named(1)}, ${named(2)}`);
    expect(two?.reason.message).toContain('Worker 0 was refused: it has another RCSD_WORKERS_KEY');
    await closed;
  });

  test('that were told another number of workers are refused at once', async () => {
    const doors = await Promise.all(Array.from({ length: 2 }, listenHere));
    const addresses = doors.map(({ address }) => address);
    const options = { timeout: 2, key: '', onLoss: () => {} };
    const first = meet(doors[0]?.server as never, { ...options, addresses, rank: 0 });
    const more = [...addresses, { host: '127.0.0.1', port: 1 }];
    const second = meet(doors[1]?.server as never, { ...options, addresses: more, rank: 1 });
    await expect(second).rejects.toThrow('it was started for 2 workers, and this one for 3');
    await expect(first).rejects.toThrow('have not come: worker 1');
  });
});

describe('a stage of training', () => {
  const { place, complete } = scienceRuns();
  // A constant rate: the steps of a longer run are then those of a shorter one.
  const optimizer = { ...stageSettings().optimizer, schedule: 'constant' as const };
  const changes: StageChanges = {
    lora: LORA,
    settings: { batch_size: 3, microbatch_size: 2, teacher: 'ema', optimizer },
  };

  /** Every rank trains the stage in this process; returns the digests of their trained weights. */
  async function trained(name: string, count: number, own: (rank: number) => StageChanges): Promise<string[]> {
    const met = await meeting(count);
    try {
      const ran = await Promise.all(met.map(({ ranks }, i) => runStage(place(name), { ...changes, ...own(i), ranks })));
      return ran.map(({ model, trained: student }) => {
        const digest = paramsDigest(student.weights.adapter?.params ?? student.weights.params);
        student.dispose();
        model.dispose();
        return digest;
      });
    } finally {
      part(met);
    }
  }

  /** Weights, optimiser and losses within 1e-6, the same completions. */
  function expectClose(name: string, other: string, steps: number): void {
    for (const file of ['adapter_model.safetensors', 'optimizer.safetensors']) {
      const [a, b] = [name, other].map((each) => readFile(checkpointOf(place(each).path, steps), file));
      for (const [key, tensor] of Object.entries(a ?? {}))
        expect(Math.max(...tensor.map((x, i) => Math.abs(x - (b?.[key]?.[i] as number))))).toBeLessThan(1e-6);
    }
    const [one, two] = [recordOf(place(name).path), recordOf(place(other).path)];
    expect(one.completions.map((row) => (row as { completion_ids: number[] }).completion_ids)).toEqual(
      two.completions.map((row) => (row as { completion_ids: number[] }).completion_ids),
    );
    for (const [i, row] of one.metrics.entries())
      for (const [key, value] of Object.entries(row))
        expect(value, key).toBeCloseTo((two.metrics[i] as Record<string, number>)[key] as number, 5);
  }

  test('with three ranks, one of them without work, equals one process; the ranks have the same bits and keep no tensor', async () => {
    await complete('alone', changes);
    const before = liveTensors();
    const digests = await trained('three', 3, () => ({}));
    expect(liveTensors()).toEqual(before);
    expect(new Set(digests).size).toBe(1);
    expectClose('three', 'alone', 6);
  });

  test('goes on with another number of ranks', async () => {
    await trained('resumed', 2, () => ({ settings: { ...changes.settings, steps: 3 }, checkpointEvery: 1 }));
    const digests = await trained('resumed', 3, () => ({}));
    expect(new Set(digests).size).toBe(1);
    expectClose('resumed', 'alone', 6);
  });

  test('ends where the weights of the ranks have come apart', async () => {
    const apart = trained('apart', 2, (rank) => ({ seed: { ...SEED, init: rank } }));
    await expect(apart).rejects.toThrow('The weights of worker 1 differ from those of worker 0 after step 6');
  });
});
