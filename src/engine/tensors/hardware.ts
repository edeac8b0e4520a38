/** What the processor can do that decides how fast a number format is. */
import { readFileSync } from 'node:fs';
import { runtimeInfo } from './tensorflow';

/** Number format in which matrices are multiplied; weights, sums and everything else are fp32 in either case. */
export type Precision = 'fp32' | 'bf16';

/** Whether bf16 matrix products run on instructions of their own; without them they are several times slower than fp32. */
export function hasBf16(): boolean {
  if (runtimeInfo().gpu) return true;
  try {
    return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

/**
 * Whether the project's own kernels compute (kernel-setup/addon/kernels.cc): on a processor, unless RCSD_KERNELS=0 in the
 * environment asks for TensorFlow's stock operations, which are their fallback on a GPU and their oracle in the tests.
 */
export const ownKernels = (): boolean => process.env.RCSD_KERNELS !== '0' && !runtimeInfo().gpu;
