// Times the sum that workers make of their gradients: node benchmarks/allReduce.mjs [workers] [numbers ...]; processes of this machine,
// with the built program's own connections.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { meet } = require('../dist/run/cluster/connect.js');
const { listenHere } = require('../dist/run/cluster/local.js');
const { connectedRanks } = require('../dist/run/cluster/ranks.js');

const BUCKET = 5_000_000;
const REPEATS = 5;
const [workers = 2, ...sizes] = process.argv.slice(2).map(Number);
const numbers = sizes.length > 0 ? sizes : [1e6, 5e6, 20e6];

async function work(rank, { server }, addresses) {
  const peers = await meet(server, { rank, addresses, key: '', timeout: 60, onLoss: () => {} });
  const ranks = connectedRanks(rank, peers);
  for (const size of numbers) {
    const times = [];
    for (let i = 0; i < REPEATS; i++) {
      const values = new Float32Array(size).fill(rank + 1);
      const buckets = Array.from({ length: Math.ceil(size / BUCKET) }, (_, k) =>
        values.subarray(k * BUCKET, (k + 1) * BUCKET),
      );
      await ranks.gather('ready');
      const started = process.hrtime.bigint();
      await Promise.all(buckets.map(ranks.sum));
      times.push(Number(process.hrtime.bigint() - started) / 1e6);
      if (values.some((value) => value !== (workers * (workers + 1)) / 2)) throw new Error('the sum is wrong');
    }
    times.sort((a, b) => a - b);
    if (rank === 0)
      console.log(
        `${workers} workers, ${size} numbers: ${times[REPEATS >> 1].toFixed(0)} ms (${times.map((t) => t.toFixed(0)).join(', ')})`,
      );
  }
  await ranks.gather('done');
  for (const channel of peers.values()) channel.close();
}

if (process.send) {
  const door = await listenHere();
  process.send(door.address);
  const [{ rank, addresses }] = await once(process, 'message');
  await work(rank, door, addresses);
  process.disconnect();
} else {
  const others = Array.from({ length: workers - 1 }, () => fork(fileURLToPath(import.meta.url), process.argv.slice(2)));
  const door = await listenHere();
  const addresses = [
    door.address,
    ...(await Promise.all(others.map(async (child) => (await once(child, 'message'))[0]))),
  ];
  for (const [i, child] of others.entries()) child.send({ rank: i + 1, addresses });
  await work(0, door, addresses);
}
