/** The number formats that models are exported in: what each makes of fp32 values, and back. */
import { numberFormats } from '../quants/formats';
import { floatToBfloat, floatToHalf } from '../quants/halves';

/** As a user names them. */
export const EXPORT_TYPES = ['fp32', 'bf16', 'q8_0'] as const;
export type ExportType = (typeof EXPORT_TYPES)[number];

/** A format by the names that GGUF (also as a number) and safetensors have for it. */
export interface NumberType {
  readonly gguf: 'F32' | 'BF16' | 'Q8_0';
  readonly ggufNumber: number;
  readonly safetensors?: 'F32' | 'BF16';
  encode(values: Float32Array): Uint8Array;
}

export const NUMBER_TYPES: Readonly<Record<ExportType, NumberType>> = {
  fp32: { gguf: 'F32', ggufNumber: 0, safetensors: 'F32', encode: bytesOf },
  bf16: {
    gguf: 'BF16',
    ggufNumber: 30,
    safetensors: 'BF16',
    encode: (values) => bytesOf(floatToBfloat(values)),
  },
  q8_0: { gguf: 'Q8_0', ggufNumber: 8, encode: encodeQ8 },
};

/** The values that are left when a format has rounded them. */
export function rounded(values: Float32Array, type: ExportType): Float32Array {
  if (type === 'fp32') return values;
  const { gguf, encode } = NUMBER_TYPES[type];
  return numberFormats[gguf]?.decode(encode(values).buffer as ArrayBuffer) as Float32Array;
}

/** Values of which each block has a scale of its own. */
export const Q8_BLOCK = 32;
const Q8_BYTES = 2 + Q8_BLOCK;

/** Blocks of a scale (half precision) and 32 signed bytes, rounded as ggml does: halves away from zero, in fp32. */
function encodeQ8(values: Float32Array): Uint8Array {
  const blocks = values.length / Q8_BLOCK;
  const scales = new Float32Array(blocks);
  const out = new Uint8Array(blocks * Q8_BYTES);
  for (let block = 0; block < blocks; block++) {
    let largest = 0;
    for (let i = 0; i < Q8_BLOCK; i++) largest = Math.max(largest, Math.abs(values[block * Q8_BLOCK + i] as number));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    scales[block] = scale;
    for (let i = 0; i < Q8_BLOCK; i++) {
      const value = Math.fround((values[block * Q8_BLOCK + i] as number) * inverse);
      out[block * Q8_BYTES + 2 + i] = Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
    }
  }
  const halves = floatToHalf(scales);
  for (let block = 0; block < blocks; block++) {
    out[block * Q8_BYTES] = (halves[block] as number) & 255;
    out[block * Q8_BYTES + 1] = (halves[block] as number) >> 8;
  }
  return out;
}

function bytesOf(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
