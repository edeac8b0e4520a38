/** Settings of who draws the completions that do not go together. */
import { rolloutServer } from './addresses/rolloutServer';
import { type AlgorithmTraits, readsSetting } from './algorithm';
import type { TrainConfig } from './configs';
import { refuse } from './refuse';
import { ROLLOUTS } from './rolloutSettings';

/** Throws InputError for settings of rollouts that do not go together or have no use. */
export function checkRollouts(
  config: TrainConfig,
  { given, traits }: { readonly given: ReadonlySet<string>; readonly traits: AlgorithmTraits },
): void {
  const { lora, precision, rollout_precision: own, importance_cap: cap, stage2, stages } = config;
  const server = rolloutServer(config);
  const alone = Object.keys(ROLLOUTS).find((name) => given.has(name) && /^rollout_(?!precision)/.test(name));
  refuse(
    alone !== undefined && server === undefined,
    `${alone} is for completions that a server draws; set rollouts=http://HOST:PORT, or leave it out.`,
  );
  refuse(
    given.has('importance_cap') && server === undefined && own === 'same',
    'importance_cap weighs completions that a server drew, or that were drawn in bf16; set rollouts=http://HOST:PORT or rollout_precision=bf16, or leave it out.',
  );
  refuse(
    server !== undefined && lora.rank === 0,
    'rollouts=URL needs an adapter: lora.rank=0 trains all weights, and vLLM can be given new ones between two steps only over NCCL or from the same GPU; set lora.rank above 0, or rollouts=here.',
  );
  refuse(
    server !== undefined && own === 'bf16',
    'rollout_precision=bf16 is for completions drawn here; the server of rollouts=URL has a number format of its own (--dtype). Leave one of them out.',
  );
  refuse(
    own === 'bf16' && precision === 'bf16',
    'rollout_precision=bf16 draws in another format than it learns in, and precision=bf16 does both in bf16; leave it out, or set precision=fp32.',
  );
  if (server === undefined && own === 'same') return;
  const draws = traits.needs(stage2).samples || stage2.reason_first || (traits.rubricStage && stages !== 'reasoner');
  refuse(
    !draws,
    `algorithm=${traits.name} with these settings draws no completions; leave out ${server === undefined ? 'rollout_precision' : 'rollouts'}.`,
  );
  refuse(
    cap > 0 && readsSetting(traits, 'grpo.sampler_correction') && stage2.grpo.sampler_correction !== 'none',
    `sampler_correction=${stage2.grpo.sampler_correction} and importance_cap=${cap} would both weigh tokens by the ratio of the policy to the sampler; set importance_cap=0 or sampler_correction=none.`,
  );
}
