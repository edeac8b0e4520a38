/**
 * Converts 16-bit floats to fp32 and back: IEEE half precision (F16) and bfloat16 (BF16), rounded to nearest, ties to
 * even.
 */

/** The fp32 value of each of the 65,536 half-precision numbers, made on first use. */
let halfValues: Float32Array | undefined;

function halfTable(): Float32Array {
  if (halfValues) return halfValues;
  halfValues = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude =
      exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : exponent === 0
          ? fraction * 2 ** -24
          : (1024 + fraction) * 2 ** (exponent - 25);
    halfValues[bits] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return halfValues;
}

/** The half-precision number whose two bytes begin at `at`. */
export const halfAt = (bytes: Uint8Array, at: number): number =>
  halfTable()[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;

export function halfToFloat(source: Uint16Array): Float32Array {
  const table = halfTable();
  const out = new Float32Array(source.length);
  for (let i = 0; i < out.length; i++) out[i] = table[source[i] as number] as number;
  return out;
}

/** fp32 to half precision; magnitudes of 65,520 or more become infinite. */
export function floatToHalf(source: Float32Array): Uint16Array {
  const words = bitsOf(source);
  const out = new Uint16Array(source.length);
  for (let i = 0; i < out.length; i++) {
    const word = words[i] as number;
    const magnitude = word & 0x7fffffff;
    const sign = (word >>> 16) & 0x8000;
    if (magnitude > 0x7f800000) out[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) out[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000)
      out[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13);
    // Subnormal halves are multiples of 2^-24. Adding and subtracting 2^52 makes the processor do the rounding.
    else out[i] = sign | (Math.abs(source[i] as number) * 0x1000000 + 0x10000000000000 - 0x10000000000000);
  }
  return out;
}

export function bfloatToFloat(source: Uint16Array): Float32Array {
  const words = new Uint32Array(source.length);
  for (let i = 0; i < words.length; i++) words[i] = (source[i] as number) << 16;
  return new Float32Array(words.buffer);
}

export function floatToBfloat(source: Float32Array): Uint16Array {
  const words = bitsOf(source);
  const out = new Uint16Array(source.length);
  for (let i = 0; i < out.length; i++) {
    const word = words[i] as number;
    const notANumber = (word & 0x7fffffff) > 0x7f800000;
    out[i] = notANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return out;
}

function bitsOf(source: Float32Array): Uint32Array {
  return new Uint32Array(source.buffer, source.byteOffset, source.length);
}
