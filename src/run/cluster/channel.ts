/**
 * Frames between two workers over one connection: a kind, a number that both count alike, and bytes. Whatever happens to the
 * other side is told to everyone who waits for it.
 */
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { InterruptedError } from '../../base/records/errors';

/** What a frame is for; both sides must mean the same at the same number. */
export const KINDS = ['hello', 'value', 'numbers', 'failure', 'farewell'] as const;
export type Kind = (typeof KINDS)[number];

/** Why the other side is gone. */
export interface Loss {
  readonly sentence: string;
  readonly exitCode: number;
}

/** An open connection to another worker. */
export interface Channel {
  send(kind: Kind, number: number, payload: Uint8Array): void;
  /** The frame of this kind and number, whenever it comes. Rejects when the other side is gone. */
  receive(kind: Kind, number: number): Promise<Buffer>;
  /** Says that this side is done, or has failed, and closes. */
  close(failure?: Loss): void;
}

const HEADER = 9;
/** Before the other side has shown that it knows the key, little is read of it. */
const LONGEST_HELLO = 4096;
const LONGEST = 2 ** 30;

interface Frame {
  readonly kind: Kind;
  readonly number: number;
  readonly payload: Buffer;
}

/** Cuts a stream of bytes into frames. Throws for one that no worker sends. */
function frameReader(longest: () => number): (chunk: Buffer, hear: (frame: Frame) => void) => void {
  const header = Buffer.alloc(HEADER);
  let payload: Buffer | undefined;
  let filled = 0;
  return (chunk, hear) => {
    for (let at = 0; at < chunk.length || payload?.length === filled; ) {
      const target: Buffer = payload ?? header;
      const part = chunk.copy(target, filled, at);
      at += part;
      filled += part;
      if (filled < target.length) return;
      filled = 0;
      if (payload) {
        const done = payload;
        payload = undefined;
        hear({ kind: KINDS[header[0] as number] as Kind, number: header.readUInt32LE(1), payload: done });
      } else {
        const length = header.readUInt32LE(5);
        if (KINDS[header[0] as number] === undefined || length > longest()) throw new Error('no frame of a worker');
        payload = Buffer.allocUnsafe(length);
      }
    }
  };
}

const keyOf = (kind: Kind, number: number): string => `${kind} ${number}`;

/** Frames over a connection to the worker `name`. `onLoss` is told once, unless the other side says that it is done. */
export function openChannel(
  socket: Socket,
  { name, onLoss }: { readonly name: () => string; readonly onLoss: (loss: Loss) => void },
): Channel & { trust(): void } {
  const arrived = new Map<string, Buffer>();
  const waiting = new Map<string, { resolve(payload: Buffer): void; reject(error: Error): void }>();
  let ended: Loss | undefined;
  let trusted = false;
  const end = (loss: Loss, isLoss = true): void => {
    if (ended) return;
    ended = loss;
    if (isLoss) onLoss(loss);
    for (const { reject } of waiting.values()) reject(new InterruptedError(loss.sentence));
    waiting.clear();
  };
  const hear = ({ kind, number, payload }: Frame): void => {
    const key = keyOf(kind, number);
    const waiter = waiting.get(key);
    waiting.delete(key);
    if (kind === 'farewell') end({ sentence: `${name()} has ended its part of the run.`, exitCode: 1 }, false);
    else if (kind === 'failure') end(failureOf(name(), payload));
    else if (waiter) waiter.resolve(payload);
    else arrived.set(key, payload);
  };
  const read = frameReader(() => (trusted ? LONGEST : LONGEST_HELLO));
  const gone = (why: string): void => end({ sentence: `${name()} is gone (${why}).`, exitCode: 1 });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk, hear);
    } catch (error) {
      gone(`it sent ${(error as Error).message}`);
      socket.destroy();
    }
  });
  socket.on('error', ({ message }) => gone(message));
  socket.on('close', () => gone('its connection was closed'));
  return {
    send: (kind, number, payload) => {
      const header = Buffer.alloc(HEADER);
      header[0] = KINDS.indexOf(kind);
      header.writeUInt32LE(number, 1);
      header.writeUInt32LE(payload.byteLength, 5);
      socket.cork();
      socket.write(header);
      socket.write(payload);
      socket.uncork();
    },
    receive: (kind, number) => {
      const key = keyOf(kind, number);
      const payload = arrived.get(key);
      arrived.delete(key);
      if (payload) return Promise.resolve(payload);
      if (ended) return Promise.reject(new InterruptedError(ended.sentence));
      return new Promise((resolve, reject) => waiting.set(key, { resolve, reject }));
    },
    close(failure) {
      const text = failure ? JSON.stringify(failure) : '';
      if (!socket.destroyed) this.send(failure ? 'failure' : 'farewell', 0, Buffer.from(text));
      ended ??= { sentence: 'This worker is done.', exitCode: 1 };
      socket.end();
    },
    trust: () => {
      trusted = true;
    },
  };
}

function failureOf(name: string, payload: Buffer): Loss {
  const { sentence, exitCode } = JSON.parse(payload.toString('utf8')) as Partial<Loss>;
  return { sentence: `${name} ended: ${String(sentence)}`, exitCode: Number(exitCode) || 1 };
}

/** Plain data as bytes, numbers that are not finite included, and back. */
export const packed = (value: unknown): Uint8Array => serialize(value);
export const unpacked = (bytes: Uint8Array): unknown => deserialize(bytes);
