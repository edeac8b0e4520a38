/** The workers that a run is spread over: how many there are, and where each listens. */
import { isIPv6 } from 'node:net';
import { InputError } from '../../records/errors';
import { shownValue } from '../../records/printable';

export interface WorkerAddress {
  readonly host: string;
  readonly port: number;
}

/** Workers of this machine, or one worker (`rank`, from 0) of several that know each other's addresses. */
export type Workers =
  | { readonly count: number; readonly addresses?: undefined }
  | { readonly count: number; readonly addresses: readonly WorkerAddress[]; readonly rank: number };

/** More than this would be a typing error: each worker is connected to every other. */
const MOST = 1024;

/** Reads `workers` and `worker`. Throws InputError where they do not fit together. */
export function workersOf({ workers, worker }: { readonly workers: string; readonly worker: number }): Workers {
  if (/^\d+$/.test(workers)) {
    const count = Number(workers);
    if (count < 1 || count > MOST) throw new InputError(`workers must be from 1 to ${MOST}; it is ${workers}.`);
    if (worker > 0)
      throw new InputError(
        `worker=${worker} says which of several addresses this process is; with workers=${workers} leave it out, or write workers=HOST:PORT,HOST:PORT.`,
      );
    return { count };
  }
  const addresses = workers.split(',').map(addressOf);
  const names = addresses.map(addressText);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InputError(`workers names ${twice} twice; give each worker a port of its own.`);
  if (addresses.length < 2 || addresses.length > MOST)
    throw new InputError(
      `workers must be a number, or from 2 to ${MOST} addresses HOST:PORT; it is ${shownValue(workers)}.`,
    );
  if (worker >= addresses.length)
    throw new InputError(
      `worker=${worker} is not one of the ${addresses.length} addresses in workers; it counts from 0 to ${addresses.length - 1}.`,
    );
  return { count: addresses.length, addresses, rank: worker };
}

function addressOf(text: string): WorkerAddress {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text.trim()) ?? [];
  const bare = host?.replace(/^\[|\]$/g, '');
  const bad = host?.startsWith('[') && !isIPv6(bare as string);
  if (bare === undefined || bad || Number(port) < 1 || Number(port) > 65535)
    throw new InputError(
      `workers must be a number of workers on this machine, or addresses HOST:PORT,HOST:PORT; ${shownValue(text)} is neither.`,
    );
  return { host: bare, port: Number(port) };
}

export const addressText = ({ host, port }: WorkerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
