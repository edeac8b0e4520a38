/** The settings of a training run that single algorithms have for themselves. Written by `DOCS=write npx vitest run tests/docs/settings.test.ts` out of the declarations in method/algorithms. */

export interface RelativeSettings {
  /** sft: learn from the questions' solutions, from their answers alone, or from sampled completions whose answer is right: one of reference, answer, filtered. */
  readonly sft_source: 'reference' | 'answer' | 'filtered';
  /** sft_source=filtered, majority: whose weights draw the completions: one of student, teacher. */
  readonly sampler: 'student' | 'teacher';
  /** gkd: chance that a completion is the student's own and not the question's solution: a number between 0 and 1. */
  readonly gkd_lambda: number;
  /** cripo, grpo_opsd: weight of the distillation beside the policy gradient: a number, 0 or more. */
  readonly distill_coef: number;
  /** cripo, grpo_opsd: updates over which that weight rises: a whole number, 0 or more. */
  readonly distill_warmup_steps: number;
  /** cripo: the teacher sees the completion that it is to revise. */
  readonly cripo_shows_response: boolean;
  /** penalty: how bad an unlikely token is: a number greater than 0. */
  readonly penalty: number;
  /** penalty: probability below which a token is unlikely: a number above 0 and at most 1. */
  readonly penalty_below: number;
  /** rlcsd: largest shift of a token's advantage by the contrast of hints: a number, 0 or more. */
  readonly contrast_coef: number;
  /** rcsd_sft: chance that a completion is the question's solution: a number above 0 and at most 1. */
  readonly sft_share: number;
  /** rcsd_sft: weight of the cross-entropy on solutions: a number greater than 0. */
  readonly sft_weight: number;
  /** iw_opd: how much more the first token weighs than the last: a number, 0 or more. */
  readonly iw_gamma: number;
  /** iw_opd: gaps to the teacher are summed up to the last token (the paper's) or with it (TRL's): one of prefix, completion. */
  readonly iw_total: 'prefix' | 'completion';
  /** op2sd: every question gets the solution of one of its own, or all get the same: one of each, one. */
  readonly op2sd_donor: 'each' | 'one';
  /** rlsd: share of an advantage's size that the teacher decides at first: a number between 0 and 1. */
  readonly rlsd_lambda: number;
  /** rlsd: updates over which that share falls to 0; 0 for never: a whole number, 0 or more. */
  readonly rlsd_decay_steps: number;
  /** rlsd: how far the teacher changes the size: a number from 0 up to but not including 1. */
  readonly rlsd_clip: number;
  /** opsa: share of the batch's tokens, the least likely, that are pushed down: a number above 0 and at most 1. */
  readonly opsa_share: number;
  /** opsa: advantages from -0.5 to -1 by entropy, or -0.5 for all (the paper's control): one of entropy, fixed. */
  readonly opsa_advantage: 'entropy' | 'fixed';
  /** cort: the policy samples and learns with the rubric in its prompt, or without it, so that the rubric weighs tokens only: one of told, untold. */
  readonly cort_criteria: 'told' | 'untold';
  /** cort: a, how sharply tokens that the rubric made likelier are told from others: a number greater than 0. */
  readonly cort_slope: number;
  /** cort: b, the gap in nats from which a token weighs more: a number, 0 or more. */
  readonly cort_offset: number;
  /** cort: how much weights differ; below 2: a number, 0 or more. */
  readonly cort_eta: number;
  /** cort: updates before tokens begin to weigh differently: a whole number, 0 or more. */
  readonly cort_warmup_steps: number;
  /** cort: updates over which they come to do so in full: a whole number, 0 or more. */
  readonly cort_ramp_steps: number;
}
