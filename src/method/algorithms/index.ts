/** Every algorithm of one stage by the name that the settings know it under; RCSD's two stages are in rcsd.ts. */
import type { AlgorithmName } from '../../base/config/algorithms';
import type { StageSettings } from '../../base/config/train';
import type { Task } from '../../questions/tasks/task';
import type { Reward } from '../rewards/reward';
import type { Algorithm } from './algorithm';
import { cripo } from './cripo';
import { filteredSft } from './filtered';
import { gkd } from './gkd';
import { grpo } from './grpo';
import { majority } from './majority';
import { opd } from './opd';
import { opsd } from './opsd';
import { penalty } from './penalty';
import { rlcsd } from './rlcsd';
import { sdft } from './sdft';
import { sdpo } from './sdpo';
import { sft } from './sft';
import { ssd } from './ssd';

/** What an algorithm may ask for beside its settings. */
export interface AlgorithmContext {
  readonly task: Pick<Task, 'grade' | 'boxed'>;
  /** Made when asked for: a reward may need a judge. */
  rewards(): readonly Reward[];
}

/** The algorithms of one stage. */
export const SINGLE_STAGE: Readonly<
  Record<Exclude<AlgorithmName, 'rcsd'>, (settings: StageSettings, context: AlgorithmContext) => Algorithm>
> = {
  sft: (settings, { task }) =>
    settings.relatives.sft_source === 'filtered' ? filteredSft(settings, task) : sft(settings, task),
  opsd,
  grpo: (settings, { rewards }) => grpo(settings, rewards()),
  opd,
  sdpo: (settings, { task }) => sdpo(settings, task),
  gkd,
  cripo: (settings, { rewards }) => cripo(settings, rewards()),
  penalty,
  sdft,
  ssd,
  rlcsd: (settings, { rewards, task }) => rlcsd(settings, rewards(), task),
  majority: (settings, { task }) => majority(settings, task),
};
