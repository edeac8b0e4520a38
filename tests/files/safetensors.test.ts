import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { type FloatType, openSafetensors, writeSafetensors } from '../../src/engine/files/safetensors';
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from '../../src/engine/quants/halves';
import { fixtures, temporaryFolder } from './fixtures';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length);

describe('16-bit floats, against torch', () => {
  const torch = openSafetensors(join(fixtures, 'files', 'halves.safetensors'));

  it.each(['F16', 'BF16'] as const)('%s is read and written bit for bit, ties to even', (dtype) => {
    const values = torch.read('values');
    const back = torch.read(`${dtype}_back`);
    expect(Array.from(torch.read(dtype))).toEqual(Array.from(back));
    const path = join(folder, `${dtype}.safetensors`);
    writeSafetensors(path, [{ name: 'x', shape: [values.length], data: values, dtype }]);
    const file = openSafetensors(path);
    expect(Array.from(file.read('x'))).toEqual(Array.from(back));
    file.close();
  });

  it('all 16-bit patterns survive the way to fp32 and back', () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const quietNaN = (exponent: number, fraction: number) => (word: number) =>
      (word & exponent) === exponent && (word & fraction) !== 0;
    const isHalfNaN = quietNaN(0x7c00, 0x3ff);
    const isBfloatNaN = quietNaN(0x7f80, 0x7f);
    const half = floatToHalf(halfToFloat(all));
    const bfloat = floatToBfloat(bfloatToFloat(all));
    expect(all.filter((word) => half[word] !== word && !isHalfNaN(word))).toHaveLength(0);
    expect(all.filter((word) => bfloat[word] !== word && !isBfloatNaN(word))).toHaveLength(0);
    expect(Array.from(half).filter(isHalfNaN)).toHaveLength(2046);
  });
});

describe('writeSafetensors', () => {
  it('writes the bytes that the reference implementation writes', () => {
    const path = join(fixtures, 'models', 'llama-tied', 'model.safetensors');
    const file = openSafetensors(path);
    const copy = join(folder, 'copy.safetensors');
    writeSafetensors(
      copy,
      file.names.map((name) => ({ name, shape: file.shape(name), data: () => file.read(name) })),
    );
    file.close();
    expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
  });

  it('keeps metadata, scalars, empty tensors and the order of calls', () => {
    const path = join(folder, 'odd.safetensors');
    const calls: string[] = [];
    const tensor = (name: string, shape: number[], values: number[], dtype?: FloatType) => ({
      name,
      shape,
      ...(dtype && { dtype }),
      data: () => {
        calls.push(name);
        return Float32Array.from(values);
      },
    });
    writeSafetensors(path, [tensor('b', [], [1.5], 'BF16'), tensor('a', [0, 3], []), tensor('c', [1, 2], [-2, 3])], {
      k: 'v',
    });
    expect(calls).toEqual(['b', 'a', 'c']);
    const file = openSafetensors(path);
    expect(file.metadata).toEqual({ k: 'v' });
    expect(file.shape('a')).toEqual([0, 3]);
    expect([...file.read('b'), ...file.read('a'), ...file.read('c')]).toEqual([1.5, -2, 3]);
    expect(bits(file.read('c'))).toEqual(Uint32Array.of(0xc0000000, 0x40400000));
    file.close();
  });

  it('leaves nothing behind when a tensor cannot be had', () => {
    const dir = temporaryFolder();
    const failing = () => {
      throw new Error('no such tensor');
    };
    const write = () => writeSafetensors(join(dir, 'x.safetensors'), [{ name: 'a', shape: [1], data: failing }]);
    expect(write).toThrow('no such tensor');
    const wrong = { name: 'a', shape: [2], data: new Float32Array(3) };
    expect(() => writeSafetensors(join(dir, 'x.safetensors'), [wrong])).toThrow(
      /a has 3 values, its shape \[2\] needs 2/,
    );
    expect(readdirSync(dir)).toEqual([]);
    rmSync(dir, { recursive: true });
  });
});

describe('damaged files', () => {
  const pair = { a: entry('F32', [2], [0, 8]), b: entry('F16', [3], [8, 14]) };
  const cases: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /is truncated: 0 bytes cannot hold a safetensors header/],
    [
      'a text file',
      Buffer.from('hello, this is not a model'),
      /is not a safetensors file: its header would have \d+ bytes/,
    ],
    [
      'a file that ends in its header',
      pack(pair, 14).subarray(0, 40),
      /is truncated: its header needs \d+ bytes, .* 32 are there/,
    ],
    ['a file that ends in its values', pack(pair, 13), /is truncated: tensor b ends at byte 14, .* 13 bytes are there/],
    ['bytes behind the last tensor', pack(pair, 20), /is damaged: 6 bytes follow the last tensor/],
    [
      'a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
      /damaged\.safetensors is only a Git LFS pointer to the file; get the file itself with: git lfs pull/,
    ],
    ['a header that is not JSON', pack('{"a":', 0), /is not a safetensors file: its header is not valid JSON/],
    ['a header that is a list', pack('[1]   ', 0), /is not a safetensors file: its header is not a JSON object/],
    ['a tensor without a type', pack({ a: { shape: [1], data_offsets: [0, 8] } }, 8), /tensor a lacks its type/],
    [
      'an I64 of another size',
      pack({ a: entry('I64', [2], [0, 8]) }, 8),
      /data_offsets of tensor a do not fit its shape/,
    ],
    [
      'offsets that do not fit',
      pack({ a: entry('F32', [3], [0, 8]) }, 8),
      /data_offsets of tensor a do not fit its shape/,
    ],
    ['negative offsets', pack({ a: entry('F32', [2], [-8, 0]) }, 8), /data_offsets of tensor a do not fit its shape/],
    [
      'a shape that is none',
      pack({ a: entry('F32', [1.5], [0, 6]) }, 6),
      /tensor a lacks a valid shape or data_offsets/,
    ],
    ['an entry that is none', pack({ a: 3 }, 0), /tensor a lacks a valid shape or data_offsets/],
    [
      'overlapping tensors',
      pack({ ...pair, b: entry('F32', [2], [4, 12]) }, 12),
      /tensor b overlaps the tensor before it/,
    ],
    ['a gap', pack({ ...pair, b: entry('F32', [1], [12, 16]) }, 16), /there is a gap before tensor b/],
  ];

  it.each(cases)('%s is refused', (_, bytes, message) => {
    const path = join(folder, 'damaged.safetensors');
    writeFileSync(path, bytes);
    expect(() => openSafetensors(path)).toThrow(InputError);
    expect(() => openSafetensors(path)).toThrow(message);
    expect(() => openSafetensors(path)).toThrow(/damaged\.safetensors/);
  });

  it.each(['I64', 'BOOL', 'F8_E4M3', 'toString'])('a tensor of type %s is refused when it is read', (type) => {
    const path = join(folder, 'types.safetensors');
    const bytes = type === 'I64' ? 8 : 1;
    writeFileSync(path, pack({ a: entry(type, [1], [0, bytes]), b: entry('F32', [1], [bytes, bytes + 4]) }, bytes + 4));
    const file = openSafetensors(path);
    expect(file.read('b')).toEqual(new Float32Array(1));
    expect(() => file.read('a')).toThrow(InputError);
    expect(() => file.read('a')).toThrow(`tensor a has the type ${type}; only F32, F16 and BF16 can be read.`);
    file.close();
  });

  it('a missing file and an unknown tensor are named', () => {
    expect(() => openSafetensors(join(folder, 'none'))).toThrow(/Cannot open .*none \(ENOENT\)/);
    const path = join(folder, 'fine.safetensors');
    writeFileSync(path, pack(pair, 14));
    const file = openSafetensors(path);
    expect(() => file.read('c')).toThrow(/fine\.safetensors has no tensor c/);
    file.close();
  });
});

function entry(dtype: string, shape: number[], offsets: number[]): object {
  return { dtype, shape, data_offsets: offsets };
}

/** A file with the given header and so many bytes of values. */
function pack(header: object | string, valueBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(valueBytes)]);
}
