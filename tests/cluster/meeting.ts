/** Workers of a test: ranks that meet over real connections, inside this process. */
import { randomBytes } from 'node:crypto';
import type { Ranks } from '../../src/engine/model/ranks';
import type { Channel, Loss } from '../../src/run/cluster/channel';
import { meet } from '../../src/run/cluster/connect';
import { listenHere } from '../../src/run/cluster/local';
import { connectedRanks } from '../../src/run/cluster/ranks';

export interface Met {
  readonly ranks: Ranks;
  readonly peers: ReadonlyMap<number, Channel>;
  /** Whom this rank has lost, with what it was told. */
  readonly lost: Map<number, Loss>;
}

export async function meeting(count: number): Promise<Met[]> {
  const doors = await Promise.all(Array.from({ length: count }, listenHere));
  const addresses = doors.map(({ address }) => address);
  const key = randomBytes(8).toString('hex');
  return Promise.all(
    doors.map(async ({ server }, rank) => {
      const lost = new Map<number, Loss>();
      const onLoss = (other: number, loss: Loss): void => void lost.set(other, loss);
      const peers = await meet(server, { rank, addresses, key, timeout: 30, onLoss });
      return { peers, lost, ranks: connectedRanks(rank, peers) };
    }),
  );
}

export const part = (met: readonly Met[]): void => {
  for (const { peers } of met) for (const channel of peers.values()) channel.close();
};
