/** Learning-rate schedules as in transformers' `get_scheduler`. */
import type { OptimizerSettings } from '../../base/config/configs';

/**
 * The learning rate of update `step` (from 0) out of `total`: warm-up from zero over `warmup_steps`, then constant,
 * linear to zero, or half a cosine to zero.
 */
export function learningRate(
  { learning_rate, warmup_steps, schedule }: OptimizerSettings,
  step: number,
  total: number,
): number {
  if (step < warmup_steps) return (learning_rate * step) / Math.max(1, warmup_steps);
  if (schedule === 'constant') return learning_rate;
  const progress = (step - warmup_steps) / Math.max(1, total - warmup_steps);
  const factor = schedule === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
  return learning_rate * Math.max(0, factor);
}
