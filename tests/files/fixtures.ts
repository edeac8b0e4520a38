/** The files in tests/fixtures/files, made by make_files.py. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WeightSource } from '../../src/engine/files/weights';

export const fixtures = join(__dirname, '..', 'fixtures');

/** A JSON file of tests/fixtures/files. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(join(fixtures, 'files', name), 'utf8')) as T;
}

/** One text with what the reference implementation makes of it; `plain` is decoded without special tokens. */
export interface TextCase {
  readonly text: string;
  readonly ids: number[];
  readonly decoded: string;
  readonly plain: string;
}

/** SHA-256 of each tensor's fp32 bytes, for the names given. */
export function digests(weights: WeightSource, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, digest(weights.read(name))]));
}

/** A new folder for a test's own files. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'rcsd-files-'));
}

function digest(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}
