/** Turns the names of rewards in the settings into functions. */
import { basename, extname } from 'node:path';
import type { RewardSettings } from '../../base/config/policyGradient';
import type { Task } from '../../questions/tasks/task';
import { judgeReward } from './judge';
import type { JudgeEvaluator } from './judges/evaluator';
import type { Judge } from './judges/readout';
import { ownReward } from './own';
import type { Completion, Reward } from './reward';
import { explicitRubric, implicitRubric } from './rubric';
import { answerReward, erringReward, formatReward, lengthReward } from './rules';

/**
 * What rewards can use. `judge` is absent for a task with prompts of its own (microscience): its answers have no prose that
 * a judge could read.
 */
export interface RewardContext {
  readonly task: Task;
  readonly longest: number;
  /** Seed of the errors that a reward is given on purpose. */
  readonly seed: number;
  readonly judge?: Judge;
  /** The judge behind the reward `judge`. */
  readonly evaluator?: JudgeEvaluator;
}

type Score = Reward['score'];

/** Applies a rule on one completion to many. */
const each =
  (rule: (completion: Completion) => number): Score =>
  async (completions) =>
    completions.map(rule);

function scoreOf(
  name: string,
  settings: RewardSettings,
  { task, longest, seed, judge, evaluator }: RewardContext,
): Score {
  if (name.startsWith('file:')) return ownReward(name.slice('file:'.length));
  if (name === 'answer') return each(erringReward(answerReward(task), settings, seed));
  if (name === 'format') return each(formatReward);
  if (name === 'length') {
    return each(lengthReward({ longest, buffer: settings.overlong_buffer || Math.ceil(longest / 5) }));
  }
  if (name === 'rubric') return explicitRubric(settings, { task, judge });
  if (name === 'judge' && evaluator) return judgeReward(evaluator);
  if (name === 'rubric_implicit' && judge) return implicitRubric(judge);
  throw new Error(`there is no reward ${name} for ${task.name}`);
}

/**
 * The rewards that the settings name, with their weights. A reward from a file has the file's name without extension.
 */
export function createRewards(settings: RewardSettings, context: RewardContext): Reward[] {
  return settings.rewards.map((name, i) => ({
    name: name.startsWith('file:') ? basename(name, extname(name)) : name,
    weight: settings.reward_weights[i] ?? 1,
    score: scoreOf(name, settings, context),
  }));
}
