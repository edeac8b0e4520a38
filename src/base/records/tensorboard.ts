/**
 * TensorBoard's event files, scalars only: TFRecord frames (length, masked CRC32C of the length, data, masked CRC32C of the
 * data) around `Event` messages in protobuf encoding. tensorflow/core/lib/io/record_writer.h, core/util/event.proto.
 */
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { asWriteError, writeAll } from './atomic';

/** Reflected Castagnoli polynomial, one entry a byte. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC32C of the bytes, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 255] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The rotated and shifted CRC that TFRecord stores. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One TFRecord frame. */
export function frame(data: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(data.length), 0);
  head.writeUInt32LE(maskedCrc(head.subarray(0, 8)), 8);
  const foot = Buffer.alloc(4);
  foot.writeUInt32LE(maskedCrc(data), 0);
  return Buffer.concat([head, data, foot]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** A field of wire type 2: strings and messages. */
function lengthField(field: number, data: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
}

function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = field * 8 + 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = field * 8 + 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

/** Event {wall_time = 1, step = 2, summary = 5 {value = 1 {tag = 1, simple_value = 2}}}. */
function scalarsEvent(step: number, scalars: Readonly<Record<string, number | null>>, seconds: number): Buffer {
  const values = Object.entries(scalars).flatMap(([tag, value]) => {
    if (value === null) return [];
    return [lengthField(1, Buffer.concat([lengthField(1, Buffer.from(tag)), floatField(2, value)]))];
  });
  return Buffer.concat([doubleField(1, seconds), varint(2 * 8), varint(step), lengthField(5, Buffer.concat(values))]);
}

/** Writes the numbers of each step where TensorBoard finds them. */
export interface EventsWriter {
  /** `seconds` since 1970; now, where it is left out. */
  add(step: number, scalars: Readonly<Record<string, number | null>>, seconds?: number): void;
  close(): void;
}

const PREFIX = 'events.out.tfevents.';

/** Starts the folder's event file anew, in place of older ones; it is made at the first `add`. */
export function createEventsWriter(folder: string): EventsWriter {
  let fd: number | undefined;
  const open = (seconds: number): number => {
    for (const name of readdirSync(folder)) if (name.startsWith(PREFIX)) rmSync(join(folder, name));
    const file = openSync(join(folder, `${PREFIX}${Math.floor(seconds)}.${hostname()}`), 'w');
    writeAll(file, frame(Buffer.concat([doubleField(1, seconds), lengthField(3, Buffer.from('brain.Event:2'))])));
    return file;
  };
  return {
    add: (step, scalars, seconds = Date.now() / 1000) => {
      try {
        fd ??= open(seconds);
        writeAll(fd, frame(scalarsEvent(step, scalars, seconds)));
      } catch (error) {
        throw asWriteError(error, join(folder, `${PREFIX}*`));
      }
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
