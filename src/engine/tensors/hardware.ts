/** Properties of the processor that decide which number format is fast. */
import { readFileSync } from 'node:fs';
import { chosenLoops } from './environment';
import { gpuHasBf16, usesTf32 } from './gpu';
import { runtimeInfo } from './tensorflow';

/** Number format of matrix products; weights, sums and everything else are fp32 in both cases. */
export type Precision = 'fp32' | 'bf16';

/** What the GPU's driver said. */
let onGpu: boolean | undefined;

/** Whether bf16 products are fast: on a GPU or a CPU with instructions for them. Without these they are several times slower than fp32. */
export function hasBf16(): boolean {
  if (runtimeInfo().gpu) {
    onGpu ??= gpuHasBf16();
    return onGpu;
  }
  try {
    return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

/**
 * Whether the project's own kernels (kernel-setup/addon/kernels.cc) are used: on CPUs, unless RCSD_KERNELS=0 is set in
 * the environment. Otherwise TensorFlow's own operations compute the same; they serve as the fallback on a GPU and as
 * the reference in the tests.
 */
export const ownKernels = (): boolean => process.env.RCSD_KERNELS !== '0' && !runtimeInfo().gpu;

/** What computes, in a word or two; with other kernels, the last digits of all numbers differ. */
export function kernelsInUse(): string {
  const own = runtimeInfo().gpu ? (usesTf32() ? 'gpu, tf32' : 'gpu') : ownKernels() ? chosenLoops() : 'tensorflow';
  return process.env.RCSD_EAGER === '1' ? `${own}, eager` : own;
}
