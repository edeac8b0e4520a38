/** The judge of `rewards=judge`: a model by its name or address, asked in words. */
import { readsSetting } from '../../base/config/algorithm';
import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { algorithmNamed } from '../../method/algorithms';
import { type JudgeEvaluator, judgeEvaluator, judgeSettings } from '../../method/rewards/judges/evaluator';
import { isAddress } from '../../method/rollout/remote/address';
import { namedEndpoint } from '../../method/rollout/remote/fields';
import { openChat } from '../../method/rollout/remote/openChat';
import { templatesOf } from './session';

/** An open judge; the model behind it is freed by `dispose`. */
export interface RewardJudge {
  readonly evaluate: JudgeEvaluator;
  dispose(): void;
}

/** Opens the judge that the settings name; undefined where no reward asks one. Throws InputError where there is no such model. */
export async function openRewardJudge(
  config: TrainConfig,
  { signal }: OperationOptions,
): Promise<RewardJudge | undefined> {
  const { rewards, judge_model, judge_kind, judge_server } = config.stage2.grpo;
  if (!readsSetting(algorithmNamed(config.algorithm), 'grpo.rewards') || !rewards.includes('judge')) return undefined;
  if (!isAddress(judge_model) && judge_server !== '{}')
    throw new InputError(
      `judge_server is for a judge behind a server, and ${judge_model} is opened here; leave it out.`,
    );
  const chat = await openChat(judge_model, namedEndpoint(judge_server, 'judge_server'));
  const settings = judgeSettings(judge_kind, { templates: templatesOf(config), seed: config.seed.sampling });
  const evaluate = judgeEvaluator(chat, settings);
  return { evaluate: (cases, options) => evaluate(cases, { signal, ...options }), dispose: chat.dispose };
}

/** Rewards are given in the first rank. */
export const ELSEWHERE: RewardJudge = {
  evaluate: () => Promise.reject(new Error('only worker 0 asks a judge')),
  dispose: () => {},
};
