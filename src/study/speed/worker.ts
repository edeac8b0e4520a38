/**
 * The child process that measures one stage: takes one task from its parent, reports progress, answers once, and ends.
 */
import type { SpeedConfig } from '../../base/config/generated/otherConfigs';
import { InputError } from '../../base/records/errors';
import type { ProgressEvent } from '../../base/records/events';
import { measureMachine, measureStage, type PeakRecord, type StageRecord } from './measure';

/** What the parent asks for; without a stage, the machine's peak speed. */
export interface Task {
  readonly config: SpeedConfig;
  readonly stage?: string;
}

export type Answer =
  | { readonly progress: ProgressEvent }
  | { readonly stage: StageRecord }
  | { readonly peak: PeakRecord }
  | { readonly failure: string; readonly input: boolean };

const answer = (message: Answer): void => void process.send?.(message);

async function work({ config, stage }: Task): Promise<void> {
  try {
    if (stage === undefined) answer({ peak: await measureMachine(config) });
    else answer({ stage: await measureStage(stage, config, { onProgress: (progress) => answer({ progress }) }) });
  } catch (error) {
    answer({ failure: (error as Error).message, input: error instanceof InputError });
  }
  process.disconnect();
}

process.once('message', (task) => void work(task as Task));
process.once('disconnect', () => process.exit());
