import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc32c, createEventsWriter, frame, maskedCrc } from '../../src/base/records/tensorboard';

test('CRC32C gives the values of RFC 3720, B.4', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('a frame carries length and data with their masked checksums', () => {
  const data = Buffer.from('data');
  const framed = frame(data);
  expect(framed.readBigUInt64LE(0)).toBe(4n);
  expect(framed.readUInt32LE(8)).toBe(maskedCrc(framed.subarray(0, 8)));
  expect(framed.subarray(12, 16)).toEqual(data);
  expect(framed.readUInt32LE(16)).toBe(maskedCrc(data));
  expect(framed).toHaveLength(20);
});

test('a file holds the version and one event a step, as TensorBoard reads them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-events-'));
  const events = createEventsWriter(folder);
  events.add(300, { loss: 0.5, 'clip/fraction': 2, gone: null }, 1.5);
  events.close();
  const bytes = readFileSync(join(folder, readdirSync(folder)[0] ?? ''));
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc(data));
    messages.push(data);
    at += length + 16;
  }
  // wall_time 1.5; file_version (field 3), 13 characters.
  const time = '09000000000000f83f';
  expect(messages[0]?.toString('hex')).toBe(`${time}1a0d${Buffer.from('brain.Event:2').toString('hex')}`);
  // step (field 2) 300 as varint ac 02; summary (field 5) of two values {tag, simple_value}.
  const loss = `0a0b0a04${Buffer.from('loss').toString('hex')}150000003f`;
  const clip = `0a140a0d${Buffer.from('clip/fraction').toString('hex')}1500000040`;
  const length = ((loss.length + clip.length) / 2).toString(16);
  expect(messages[1]?.toString('hex')).toBe(`${time}10ac022a${length}${loss}${clip}`);
  expect(messages).toHaveLength(2);
});
