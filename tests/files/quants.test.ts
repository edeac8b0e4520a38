import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { numberFormats } from '../../src/engine/quants/formats';
import { fixture } from './fixtures';

interface Blocks {
  readonly format: string;
  readonly bytes: string;
  readonly values: number;
  readonly sha256: string;
  readonly last: readonly number[];
}

describe('quantised formats, against gguf', () => {
  const { formats } = fixture<{ formats: readonly Blocks[] }>('quants.json');

  it.each(formats)('$format has the same values, bit for bit', ({ format, bytes, values, sha256, last }) => {
    const buffer = Uint8Array.from(Buffer.from(bytes, 'base64')).buffer;
    const { blockBytes, blockValues, decode } = numberFormats[format] as (typeof numberFormats)[string];
    expect((buffer.byteLength / blockBytes) * blockValues).toBe(values);
    const decoded = decode(buffer);
    expect([...decoded.slice(-4)]).toEqual(last);
    expect(createHash('sha256').update(Buffer.from(decoded.buffer)).digest('hex')).toBe(sha256);
  });

  it('are all compared', () => {
    const whole = ['F32', 'F16', 'BF16'];
    expect(Object.keys(numberFormats).sort()).toEqual([...whole, ...formats.map(({ format }) => format)].sort());
  });
});
