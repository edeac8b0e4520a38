/**
 * Converts GGUF's number formats to fp32. Quantised values come in blocks of 32 that share a half-precision scale (and,
 * in some formats, a minimum), or in super-blocks of 256.
 */
import { bfloatToFloat, halfAt, halfToFloat } from './halves';
import { superBlockFormats } from './superBlocks';

/** A number format; `decode` turns whole blocks into values. */
export interface NumberFormat {
  readonly blockValues: number;
  readonly blockBytes: number;
  decode(buffer: ArrayBuffer): Float32Array;
}

const BLOCK = 32;

/** The readable formats by their GGML names. */
export const numberFormats: Readonly<Record<string, NumberFormat>> = {
  F32: { blockValues: 1, blockBytes: 4, decode: (buffer) => new Float32Array(buffer) },
  F16: { blockValues: 1, blockBytes: 2, decode: (buffer) => halfToFloat(new Uint16Array(buffer)) },
  BF16: { blockValues: 1, blockBytes: 2, decode: (buffer) => bfloatToFloat(new Uint16Array(buffer)) },
  Q8_0: { blockValues: BLOCK, blockBytes: 34, decode: decodeQ8 },
  Q4_0: {
    blockValues: BLOCK,
    blockBytes: 18,
    decode: (buffer) => decodeQ4(buffer, { minimum: false, fifthBit: false }),
  },
  Q4_1: {
    blockValues: BLOCK,
    blockBytes: 20,
    decode: (buffer) => decodeQ4(buffer, { minimum: true, fifthBit: false }),
  },
  Q5_0: {
    blockValues: BLOCK,
    blockBytes: 22,
    decode: (buffer) => decodeQ4(buffer, { minimum: false, fifthBit: true }),
  },
  Q5_1: { blockValues: BLOCK, blockBytes: 24, decode: (buffer) => decodeQ4(buffer, { minimum: true, fifthBit: true }) },
  ...superBlockFormats,
};

/** A Q8_0 block: the scale, then 32 signed bytes. */
function decodeQ8(buffer: ArrayBuffer): Float32Array {
  const bytes = new Uint8Array(buffer);
  const out = new Float32Array((bytes.length / 34) * BLOCK);
  for (let at = 0, i = 0; at < bytes.length; at += 34) {
    const scale = halfAt(bytes, at);
    for (let j = 2; j < 34; j++) out[i++] = (((bytes[at + j] as number) << 24) >> 24) * scale;
  }
  return out;
}

/**
 * A Q4 or Q5 block: the scale, for Q4_1 and Q5_1 the minimum, for Q5 four bytes with the fifth bit of each value, then 16 bytes. The low
 * halves of the bytes are the first 16 values, the high halves the other 16. A value with a minimum is `q scale + minimum`, one without
 * `(q - half of the range) scale`; both are exact in double precision and rounded once.
 */
function decodeQ4(
  buffer: ArrayBuffer,
  { minimum: hasMinimum, fifthBit }: { readonly minimum: boolean; readonly fifthBit: boolean },
): Float32Array {
  const bytes = new Uint8Array(buffer);
  const header = hasMinimum ? 4 : 2;
  const blockBytes = header + (fifthBit ? 4 : 0) + 16;
  const zero = hasMinimum ? 0 : fifthBit ? 16 : 8;
  const out = new Float32Array((bytes.length / blockBytes) * BLOCK);
  const fifth = (at: number, j: number): number =>
    fifthBit ? (((bytes[at + header + (j >> 3)] as number) >> (j & 7)) & 1) << 4 : 0;
  for (let at = 0, i = 0; at < bytes.length; at += blockBytes, i += BLOCK) {
    const scale = halfAt(bytes, at);
    // Adding -0 changes nothing, not even the sign of a zero.
    const minimum = hasMinimum ? halfAt(bytes, at + 2) : -0;
    const values = at + blockBytes - 16;
    for (let j = 0; j < 16; j++) {
      const pair = bytes[values + j] as number;
      out[i + j] = (((pair & 15) | fifth(at, j)) - zero) * scale + minimum;
      out[i + j + 16] = (((pair >> 4) | fifth(at, j + 16)) - zero) * scale + minimum;
    }
  }
  return out;
}
