/**
 * Counterfactual replay (CoRT, arXiv 2607.25659): the policy itself sees the criteria c. Its completion is read again without them, and
 * tokens that c made likelier weigh more:
 *   delta_t = log p(y_t | x, c) - log p(y_t | x)        s_t = sigmoid(a (delta_t - b)) - 1/2
 *   u_t = 1 + eta l s_t        w_t = u_t / mean_t u_t        A_t = w_t A, w held constant
 * with l a SmoothStep (3 z^2 - 2 z^3) from 0 to 1 after a warm-up. Both readings are by the current weights. The paper's a, b, eta and ramp
 * were not to be had: those here are ours. `cort_criteria=untold` is ours too: the policy samples and learns from x alone, as RCSD's student
 * does, and c can only weigh.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { atLeastZero, choice, positive, whole } from '../../base/config/declare';
import { refuse } from '../../base/config/refuse';
import type { Reward } from '../rewards/reward';
import {
  type Algorithm,
  type AlgorithmDefinition,
  type Example,
  privileged,
  studentAnswers,
  teacherAnswers,
} from './algorithm';
import { assessGroups, countedMean, policyGradientSpec, policySignals, refuseReference } from './groupPolicy';

/** CoRT on the given rewards. */
export function cort(settings: StageSettings, rewards: readonly Reward[]): Algorithm {
  const { cort_criteria, cort_warmup_steps: start, cort_ramp_steps: ramp } = settings.relatives;
  const untold = studentAnswers(settings);
  const told = (example: Example) => ({
    ...teacherAnswers(settings)(example.question, privileged(example, 'rubric')),
    thinking: settings.thinking.student,
  });
  const sees = cort_criteria === 'told';
  return {
    name: 'cort',
    rollouts: 'student',
    studentView: sees ? told : untold,
    teacherView: sees ? untold : told,
    groupSize: settings.grpo.num_generations,
    updates: settings.grpo.num_iterations,
    assess: (groups) => assessGroups(groups, rewards, settings),
    signals: async (batch, measuring) => {
      const signals = await policySignals(batch, measuring, settings);
      const level = smoothStep((measuring.updates - start) / Math.max(1, ramp));
      if (level === 0) return signals;
      const compared = await measuring.compare();
      return signals.map((own, i) => {
        const { student = [], teacher = [] } = compared[i] ?? {};
        const deltas = student.map((logprob, t) => (sees ? 1 : -1) * (logprob - (teacher[t] as number)));
        const weights = replayWeights(deltas, { ...settings.relatives, level, mask: batch[i]?.mask });
        return { ...own, advantage: (own.advantage ?? []).map((a, t) => a * (weights[t] as number)) };
      });
    },
    loss: policyGradientSpec(settings),
  };
}

/** 0 up to 0, 1 from 1 on, flat at both ends. */
export function smoothStep(z: number): number {
  const at = Math.min(1, Math.max(0, z));
  return at * at * (3 - 2 * at);
}

type Replay = Pick<StageSettings['relatives'], 'cort_slope' | 'cort_offset' | 'cort_eta'> & {
  readonly level: number;
  readonly mask?: readonly boolean[];
};

/** w_t of each token: 1 on average over those that count. */
export function replayWeights(
  deltas: readonly number[],
  { cort_slope, cort_offset, cort_eta, level, mask }: Replay,
): number[] {
  const raw = deltas.map(
    (delta) => 1 + cort_eta * level * (1 / (1 + Math.exp(-cort_slope * (delta - cort_offset))) - 0.5),
  );
  const mean = countedMean(raw, mask) || 1;
  return raw.map((u) => u / mean);
}

function checkCort(config: TrainConfig): void {
  const { teacher, relatives } = config.stage2;
  refuse(
    teacher !== 'live',
    `teacher=${teacher} has other weights than the policy, and cort reads a completion twice by the same; use teacher=live.`,
  );
  refuse(relatives.cort_eta >= 2, `cort_eta=${relatives.cort_eta} lets weights fall to 0 and below; set it below 2.`);
  refuseReference(config);
}

export const CORT: AlgorithmDefinition = {
  name: 'cort',
  about: {
    completions: "the student's, several a question, with r in its prompt",
    teacher: 'x alone: the policy reads its completion again without r; a reward checks r',
    loss: "GRPO's policy gradient, its advantage larger at tokens that r made likelier",
    source: 'CoRT, arXiv 2607.25659',
    learns: 'groups of ŷ, drawn and learned behind x and r, with rewards',
    formula:
      "GRPO's ℓ with A_t = w_t A, w_t = u_t / mean u, u_t = 1 + η l (σ(a (δ_t − b)) − ½) and δ_t = log p_S(ŷ_t given x, r) − log p_S(ŷ_t given x); l rises from 0 to 1",
    differs:
      'arXiv 2607.25659, read in a detailed account. Its a, b, η and ramp were not to be had; ours are `cort_slope`, `cort_offset`, `cort_eta`, `cort_warmup_steps` and `cort_ramp_steps`. Its reward that asks for all criteria at once is not here. `cort_criteria=untold` is ours',
  },
  settings: {
    cort_criteria: choice(
      ['told', 'untold'],
      'told', // CoRT
      'cort: the policy samples and learns with the rubric in its prompt, or without it, so that the rubric weighs tokens only',
      { since: 4 },
    ),
    cort_slope: positive(1, 'cort: a, how sharply tokens that the rubric made likelier are told from others', {
      since: 4,
    }), // ours
    cort_offset: atLeastZero(0, 'cort: b, the gap in nats from which a token weighs more', { since: 4 }), // ours
    cort_eta: atLeastZero(1, 'cort: how much weights differ; below 2', { since: 4 }), // ours
    cort_warmup_steps: whole(10, 'cort: updates before tokens begin to weigh differently', { since: 4 }), // ours
    cort_ramp_steps: whole(10, 'cort: updates over which they come to do so in full', { since: 4 }), // ours
  },
  reads: ['grpo.'],
  defaults: (stage) => ({
    ...NO_CONTEXT,
    teacher: 'live', // CoRT
    grpo: { ...stage.grpo, rewards: ['rubric'] }, // CoRT
  }),
  steps: 500, // CoRT
  needs: () => ({ samples: true, rubrics: true }),
  check: checkCort,
  answering: (settings, { rewards }) => cort(settings, rewards()),
};
