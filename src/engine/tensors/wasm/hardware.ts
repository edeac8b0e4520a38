/** The place of hardware.ts in a page. */
export type { Precision } from '../hardware';

export const hasBf16 = (): boolean => false;

export const ownKernels = (): boolean => false;

export const kernelsInUse = (): string => 'wasm, eager';
