/** From the settings' names to rewards. */
import type { RewardSettings } from '../config/policyGradient';
import { InputError } from '../records/errors';
import type { Task } from '../tasks/task';
import type { Completion, Reward } from './reward';
import { answerReward, formatReward, lengthReward } from './rules';

/** What rewards may ask: the task that grades, and the length that a completion may have. */
export interface RewardContext {
  readonly task: Task;
  readonly longest: number;
}

type Score = Reward['score'];

/** A rule on one completion as a score of many. */
const each =
  (rule: (completion: Completion) => number): Score =>
  async (completions) =>
    completions.map(rule);

function scoreOf(name: string, settings: RewardSettings, { task, longest }: RewardContext): Score {
  if (name === 'answer') return each(answerReward(task));
  if (name === 'format') return each(formatReward);
  if (name === 'length')
    return each(lengthReward({ longest, buffer: settings.overlong_buffer || Math.ceil(longest / 5) }));
  throw new InputError(`rewards=${name}: there is no such reward.`);
}

/** The rewards that the settings name, with their weights. */
export function createRewards(settings: RewardSettings, context: RewardContext): Reward[] {
  return settings.rewards.map((name, i) => ({
    name,
    weight: settings.reward_weights[i] ?? 1,
    score: scoreOf(name, settings, context),
  }));
}
