/** The place of hardware.ts in a page. */
import { hasLoops } from './kernels';

export type { Precision } from '../hardware';

export const hasBf16 = (): boolean => false;

export const ownKernels = hasLoops;

export const kernelsInUse = (): string => (hasLoops() ? 'own, eager' : 'tfjs, eager');
