/** What takes the place of the engine's files in a page has all that they have: the compiler compares them, when the tests are checked. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type * as hardware from '../../src/engine/tensors/hardware';
import type * as raw from '../../src/engine/tensors/raw';
import type * as tensorflow from '../../src/engine/tensors/tensorflow';
import type * as wasmHardware from '../../src/engine/tensors/wasm/hardware';
import type * as wasmRaw from '../../src/engine/tensors/wasm/raw';
import type * as wasmTensorflow from '../../src/engine/tensors/wasm/tensorflow';

type Fits<Other, Own> = Other extends Own ? true : never;

const FITS = {
  hardware: true satisfies Fits<typeof wasmHardware, typeof hardware>,
  raw: true satisfies Fits<typeof wasmRaw, typeof raw>,
  tensorflow: true satisfies Fits<typeof wasmTensorflow, typeof tensorflow>,
};

test('every file of engine/tensors that a page replaces is compared', () => {
  const folder = join(__dirname, '../../src/engine/tensors');
  const files = readdirSync(folder);
  const replaced = readdirSync(join(folder, 'wasm')).filter((name) => files.includes(name));
  expect(replaced.map((name) => name.replace('.ts', ''))).toEqual(Object.keys(FITS));
});
