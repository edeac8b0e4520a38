/** Settings of who draws completions: this process, in which number format, or a server that runs another engine. */
import { atLeastZero, choice, optional, optionalPath, positive, text, whole } from './declare';
import type { Declarations } from './setting';

/** @internal */
export const ROLLOUTS: Declarations = {
  rollouts: text(
    'here', // ours, and all below but the cap
    "who draws the completions to learn from: here, this process; http://HOST:PORT, a vLLM server that loads each step's adapter",
    { since: 5 },
  ),
  rollout_model: optional(
    text('', "rollouts=URL: the server's name of the base model; the only one that it serves unless given", {
      since: 5,
    }),
  ),
  rollout_adapters: optionalPath(
    'a folder',
    'rollouts=URL: where adapters are written for the server, which must see them under the same path; in the run folder unless given',
    { since: 5 },
  ),
  rollout_limit: positive(
    0.2,
    "rollouts=URL: largest mean distance of the server's log-probabilities from those computed here, in nats a token; a run beyond it is refused, or stopped",
    { since: 5 },
  ),
  rollout_concurrency: whole(32, 'rollouts=URL: completions that the server is asked for at once', {
    min: 1,
    since: 5,
  }),
  rollout_timeout: whole(600, 'rollouts=URL: seconds to wait for a completion', { min: 1, since: 5 }),
  rollout_precision: choice(
    ['same', 'bf16'],
    'same',
    'rollouts=here: number format in which completions are drawn: that of the run, or bf16, and their log-probabilities are then computed again in that of the run',
    { since: 5 },
  ),
  importance_cap: atLeastZero(
    2, // Yao et al. 2025; TRL
    "completions of a server or in bf16: largest weight of a token, which is the policy's probability of it over the sampler's; 0 for no weights",
    { since: 5 },
  ),
};
