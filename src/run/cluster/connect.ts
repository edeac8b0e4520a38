/**
 * How the workers of a run find each other: each listens at its own address and calls those with lower numbers. Both sides show that
 * they know the run's key without sending it. What is exchanged afterwards is not encrypted.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { addressText, type WorkerAddress } from '../../base/config/addresses/workers';
import { InputError, InterruptedError } from '../../base/records/errors';
import { type Channel, type Loss, openChannel } from './channel';

/** Opens the door of a worker. Throws InputError where this machine does not have the address, or the port is taken. */
export async function listen({ host, port }: WorkerAddress): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', ({ message }) =>
      reject(
        new InputError(
          `This worker cannot listen at ${addressText({ host, port })} (${message}); name a free port and an address of this machine in workers, and this machine's own number in worker.`,
        ),
      ),
    );
    server.listen(port, host);
  });
  return server;
}

/** What a worker knows before it meets the others. */
export interface Place {
  readonly rank: number;
  readonly addresses: readonly WorkerAddress[];
  readonly key: string;
  readonly server: Server;
  /** More of how a worker of this machine ended than its closed connection tells. */
  readonly endOf?: (rank: number) => Promise<string | undefined>;
}

/** What a worker says of itself, and how long it waits for the others. */
export interface Meeting {
  readonly rank: number;
  readonly addresses: readonly WorkerAddress[];
  readonly key: string;
  /** Seconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  readonly onLoss: (rank: number, loss: Loss) => void;
}

const VERSION = 'rcsd-workers-1';

interface Hello {
  readonly version: string;
  readonly rank: number;
  readonly count: number;
  readonly nonce: string;
}

const sign = (key: string, ...parts: readonly (string | number)[]): Buffer =>
  createHmac('sha256', key).update(JSON.stringify(parts)).digest();

/** Shows the other side that this one knows the key, and has it shown. Returns the other's number. */
async function greet(channel: Channel, { rank, key, addresses }: Meeting): Promise<number> {
  const own: Hello = { version: VERSION, rank, count: addresses.length, nonce: randomBytes(16).toString('hex') };
  channel.send('hello', 0, Buffer.from(JSON.stringify(own)));
  const other = JSON.parse((await channel.receive('hello', 0)).toString('utf8')) as Partial<Hello>;
  if (other.version !== VERSION) throw new Error('it is no worker of this version of rcsd');
  if (other.count !== own.count)
    throw new Error(`it was started for ${other.count} workers, and this one for ${own.count}`);
  if (!Number.isInteger(other.rank) || other.rank === rank) throw new Error(`it is worker ${other.rank} too`);
  channel.send('hello', 1, sign(key, own.nonce, String(other.nonce), rank));
  const theirs = await channel.receive('hello', 1);
  const expected = sign(key, String(other.nonce), own.nonce, other.rank as number);
  if (theirs.length !== expected.length || !timingSafeEqual(theirs, expected))
    throw new Error('it has another RCSD_WORKERS_KEY');
  return other.rank as number;
}

/** Connects this worker with all others. Throws InputError that names those that have not come in time. */
export async function meet(server: Server, meeting: Meeting): Promise<ReadonlyMap<number, Channel>> {
  const { rank, addresses, timeout, signal } = meeting;
  const peers = new Map<number, Channel>();
  const refusals = new Map<string, string>();
  const deadline = Date.now() + 1000 * timeout;
  const missing = (): number[] => addresses.map((_, i) => i).filter((i) => i !== rank && !peers.has(i));
  /** True once the other side is connected; the reason is kept where it is not. */
  const admit = async (socket: Socket, expected: number | undefined): Promise<void> => {
    const from = expected === undefined ? 'A caller' : `Worker ${expected}`;
    let number = expected;
    let onLoss = (_: Loss): void => {};
    const name = (): string => (number === undefined ? from : named(number, addresses));
    const channel = openChannel(socket, { name, onLoss: (loss) => onLoss(loss) });
    const patience = setTimeout(() => socket.destroy(), 10_000);
    try {
      number = await greet(channel, meeting);
      if (peers.has(number) || (expected === undefined ? number < rank : number !== expected) || !(number in addresses))
        throw new Error(`it says that it is worker ${number}`);
      const known = number;
      onLoss = (loss) => meeting.onLoss(known, loss);
      channel.trust();
      peers.set(number, channel);
    } catch (error) {
      socket.destroy();
      const why = `${from} was refused: ${(error as Error).message}`;
      // Who stands at an address that the user named will not become another by being asked again.
      if (expected !== undefined && !(error instanceof InterruptedError)) throw new InputError(`${why}.`);
      refusals.set(from, why);
    } finally {
      clearTimeout(patience);
    }
  };
  server.on('connection', (socket) => void admit(socket, undefined));
  try {
    while (missing().length > 0) {
      if (signal?.aborted) throw new InterruptedError('Stopped on request.');
      if (Date.now() > deadline) throw notCome(missing(), meeting, [...refusals.values()]);
      const lower = missing().filter((other) => other < rank);
      await Promise.all(
        lower.map(async (other) => {
          const socket = await call(addresses[other] as WorkerAddress);
          if (socket) await admit(socket, other);
        }),
      );
      if (missing().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return peers;
  } catch (error) {
    for (const channel of peers.values()) channel.close({ sentence: (error as Error).message, exitCode: 2 });
    throw error;
  } finally {
    server.close();
  }
}

export const named = (rank: number, addresses: readonly WorkerAddress[]): string =>
  `Worker ${rank} (${addressText(addresses[rank] as WorkerAddress)})`;

function notCome(missing: readonly number[], { timeout, addresses }: Meeting, refusals: readonly string[]): InputError {
  const names = missing
    .map((other) => `worker ${other} (${addressText(addresses[other] as WorkerAddress)})`)
    .join(', ');
  const why = refusals.length > 0 ? ` ${refusals.join('; ')}.` : '';
  return new InputError(
    `After ${timeout} seconds (worker_timeout) these workers have not come: ${names}.${why} Start them with the same settings and their own worker=K.`,
  );
}

/** A connection, undefined where nobody answers yet. */
function call({ host, port }: WorkerAddress): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 2000 });
    const fail = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('connect', () => {
      socket.removeListener('error', fail);
      socket.removeListener('timeout', fail);
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('error', fail);
    socket.once('timeout', fail);
  });
}
