/**
 * Converts ggml's "K" formats to fp32: super-blocks of 256 values. A super-block has one scale in half precision (and, in some formats,
 * one for minima), and a small whole number for each group of 16 or 32 values by which that scale is multiplied. Every product and
 * difference is rounded to fp32, as ggml computes them.
 */
import { halfAt } from './halves';

/** Values of a super-block. */
export const SUPER_BLOCK = 256;

const round = Math.fround;

/** Writes the 256 values of the super-block whose bytes begin at `at`. */
type Unpack = (bytes: Uint8Array, at: number, out: Float32Array) => void;

/** A decoder of whole super-blocks. */
const decoder =
  (blockBytes: number, unpack: Unpack) =>
  (buffer: ArrayBuffer): Float32Array => {
    const bytes = new Uint8Array(buffer);
    const out = new Float32Array((bytes.length / blockBytes) * SUPER_BLOCK);
    for (let at = 0, i = 0; at < bytes.length; at += blockBytes, i += SUPER_BLOCK)
      unpack(bytes, at, out.subarray(i, i + SUPER_BLOCK));
    return out;
  };

/** A format of super-blocks. */
const format = (blockBytes: number, unpack: Unpack) => ({
  blockValues: SUPER_BLOCK,
  blockBytes,
  decode: decoder(blockBytes, unpack),
});

const byte = (bytes: Uint8Array, at: number): number => bytes[at] as number;
const signed = (bytes: Uint8Array, at: number): number => (byte(bytes, at) << 24) >> 24;

/** Where value i of 256 lies among packed bytes of which each has four values, 2 bits each: 32 bytes hold 128 values. */
const quarterByte = (i: number): number => (i >> 7) * 32 + (i & 31);
const quarterShift = (i: number): number => ((i >> 5) & 3) * 2;

/** 16 bytes with a scale and a minimum (4 bits each), 64 of values, then both super-scales. */
function unpackQ2(bytes: Uint8Array, at: number, out: Float32Array): void {
  const [scale, minimum] = [halfAt(bytes, at + 80), halfAt(bytes, at + 82)];
  for (let i = 0; i < SUPER_BLOCK; i++) {
    const group = byte(bytes, at + (i >> 4));
    const value = (byte(bytes, at + 16 + quarterByte(i)) >> quarterShift(i)) & 3;
    out[i] = round(round(scale * (group & 15)) * value) - round(minimum * (group >> 4));
  }
}

/** 32 bytes with the third bit of each value, 64 with the others, 12 with 16 scales of 6 bits, the super-scale. */
function unpackQ3(bytes: Uint8Array, at: number, out: Float32Array): void {
  const scale = halfAt(bytes, at + 108);
  const scales = at + 96;
  for (let i = 0; i < SUPER_BLOCK; i++) {
    const group = i >> 4;
    const low = (byte(bytes, scales + (group & 7)) >> (group < 8 ? 0 : 4)) & 15;
    const high = (byte(bytes, scales + 8 + (group & 3)) >> ((group >> 2) * 2)) & 3;
    const value = (byte(bytes, at + 32 + quarterByte(i)) >> quarterShift(i)) & 3;
    // The bit is set where nothing is to be subtracted.
    const third = (byte(bytes, at + (i & 31)) >> (i >> 5)) & 1;
    out[i] = round(scale * ((low | (high << 4)) - 32)) * (value - (third ? 0 : 4));
  }
}

/** The 6-bit scale and minimum of one of eight groups, out of 12 bytes. */
function scaleAndMinimum(bytes: Uint8Array, at: number, group: number): [number, number] {
  if (group < 4) return [byte(bytes, at + group) & 63, byte(bytes, at + group + 4) & 63];
  const both = byte(bytes, at + group + 4);
  return [(both & 15) | ((byte(bytes, at + group - 4) >> 6) << 4), (both >> 4) | ((byte(bytes, at + group) >> 6) << 4)];
}

/** Both super-scales, 12 bytes of scales, for Q5 32 bytes with each value's fifth bit, then 128 with two values each. */
const unpackQ4 =
  (fifthBit: boolean): Unpack =>
  (bytes, at, out) => {
    const [scale, minimum] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    const values = at + (fifthBit ? 48 : 16);
    for (let group = 0; group < 8; group++) {
      const [times, less] = scaleAndMinimum(bytes, at + 4, group);
      const [own, offset] = [round(scale * times), round(minimum * less)];
      for (let j = 0; j < 32; j++) {
        const low = (byte(bytes, values + (group >> 1) * 32 + j) >> (group & 1 ? 4 : 0)) & 15;
        const high = fifthBit ? ((byte(bytes, at + 16 + j) >> group) & 1) << 4 : 0;
        out[group * 32 + j] = round(own * (low | high)) - offset;
      }
    }
  };

/** 128 bytes with the low halves, 64 with the upper two bits, 16 signed scales, the super-scale. */
function unpackQ6(bytes: Uint8Array, at: number, out: Float32Array): void {
  const scale = halfAt(bytes, at + 208);
  for (let i = 0; i < SUPER_BLOCK; i++) {
    const low = (byte(bytes, at + (i >> 7) * 64 + (i & 63)) >> (i & 64 ? 4 : 0)) & 15;
    const high = (byte(bytes, at + 128 + quarterByte(i)) >> quarterShift(i)) & 3;
    out[i] = round(scale * signed(bytes, at + 192 + (i >> 4))) * ((low | (high << 4)) - 32);
  }
}

export const superBlockFormats = {
  Q2_K: format(84, unpackQ2),
  Q3_K: format(110, unpackQ3),
  Q4_K: format(144, unpackQ4(false)),
  Q5_K: format(176, unpackQ4(true)),
  Q6_K: format(210, unpackQ6),
} as const;
