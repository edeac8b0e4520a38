/**
 * Contrastive hints beside a reward (RLCSD, arXiv 2606.11709; papers 3.2). The teacher reads each completion y behind a right
 * sibling and behind up to four wrong ones; what tells right from wrong at a token shifts GRPO's advantage A there:
 *   e = log p(y_t | right) - log mean_k p(y_t | wrong k)      residual = clip(lambda tanh(e / 0.02), -2, 2)
 *   A' = A + residual, held at 0 where it would change A's sign
 * Tokens with |residual| > 0.02 are selected; the loss is the mean over the others and the mean over the selected.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { atLeastZero } from '../../base/config/declare';
import type { Task } from '../../questions/tasks/task';
import type { Reward } from '../rewards/reward';
import { meanOf } from './advantages';
import {
  type Algorithm,
  type AlgorithmDefinition,
  type Assessments,
  type RolloutGroup,
  studentAnswers,
  type TokenSignals,
  type TrainingRollout,
  teacherAnswers,
} from './algorithm';
import { assessGroups, policyGradientSpec, policySignals } from './groupPolicy';

const MOST_WRONG = 4;
const SHARPNESS = 0.02;
const LARGEST = 2;
const SELECTED_ABOVE = 0.02;

/** RLCSD on the given rewards; a completion without siblings of both kinds has GRPO's advantage alone. */
export function rlcsd(settings: StageSettings, rewards: readonly Reward[], task: Pick<Task, 'grade'>): Algorithm {
  return {
    name: 'rlcsd',
    rollouts: 'student',
    studentView: studentAnswers(settings),
    hintViews: ({ question }, { siblings = [] }) =>
      siblings.map((demonstration) => teacherAnswers(settings)(question, { demonstration })),
    groupSize: settings.grpo.num_generations,
    updates: settings.grpo.num_iterations,
    assess: async (groups) => withSiblings(await assessGroups(groups, rewards, settings), groups, task),
    signals: async (batch, measuring) => contrasted(batch, await policySignals(batch, measuring, settings), settings),
    loss: policyGradientSpec(settings),
  };
}

/** Gives each assessment a right sibling and, behind it, wrong ones; never the completion itself. */
function withSiblings(assessed: Assessments, groups: readonly RolloutGroup[], task: Pick<Task, 'grade'>): Assessments {
  const assessments = groups.map(({ example, rollouts }, g) => {
    const right = rollouts.map(({ text }) => task.grade(example.question, text).correct);
    return rollouts.map((_, i) => {
      const assessment = assessed.assessments[g]?.[i] ?? null;
      const others = (wanted: boolean) => rollouts.filter((_, k) => k !== i && right[k] === wanted);
      const [shown, ...wrong] = [...others(true).slice(0, 1), ...others(false).slice(0, MOST_WRONG)];
      const both = others(true).length > 0 && others(false).length > 0;
      return assessment && shown && both
        ? { ...assessment, siblings: [shown, ...wrong].map(({ text }) => text) }
        : assessment;
    });
  });
  const contrast = assessments.flat().map((assessment) => Number(assessment !== null && 'siblings' in assessment));
  return { assessments, metrics: { ...assessed.metrics, frac_contrast: meanOf(contrast) } };
}

/** The shift of a token's advantage, from its log-probabilities behind the right sibling and behind each wrong one. */
export function residual(right: number, wrong: readonly number[], coef: number): number {
  const highest = Math.max(...wrong);
  const total = wrong.reduce((sum, logprob) => sum + Math.exp(logprob - highest), 0);
  const mean = highest + Math.log(total / wrong.length);
  return Math.min(LARGEST, Math.max(-LARGEST, coef * Math.tanh((right - mean) / SHARPNESS)));
}

/** An advantage with its shift; one above or below 0 never crosses it. */
export function shifted(advantage: number, by: number): number {
  if (advantage === 0) return by;
  return advantage > 0 ? Math.max(advantage + by, 0) : Math.min(advantage + by, 0);
}

function contrasted(
  batch: readonly TrainingRollout[],
  signals: readonly TokenSignals[],
  { relatives }: StageSettings,
): TokenSignals[] {
  const shifts = batch.map(({ completionTokens, hinted }) => {
    const [right, ...wrong] = hinted ?? [];
    return completionTokens.map((_, t) =>
      right
        ? residual(
            right[t] as number,
            wrong.map((logprobs) => logprobs[t] as number),
            relatives.contrast_coef,
          )
        : 0,
    );
  });
  const selected = shifts.map((own) => own.map((by) => Math.abs(by) > SELECTED_ABOVE));
  const counted = selected.flatMap((own, i) => own.filter((_, t) => batch[i]?.mask?.[t] !== false));
  const chosen = counted.filter(Boolean).length;
  // The loss is a mean over all tokens; these factors make it the sum of the two means.
  const factors = [counted.length / Math.max(1, counted.length - chosen), counted.length / Math.max(1, chosen)];
  return signals.map((own, i) => ({
    ...own,
    advantage: (own.advantage ?? []).map((advantage, t) => shifted(advantage, shifts[i]?.[t] ?? 0)),
    keep: (selected[i] ?? []).map((is) => factors[Number(is)] as number),
  }));
}

export const RLCSD: AlgorithmDefinition = {
  name: 'rlcsd',
  about: {
    completions: "the student's, several a question",
    teacher:
      'x, and one right or up to four wrong completions of x, one at a time; a reward compares with y\\* or checks r',
    loss: "GRPO's policy gradient, its advantage shifted at each token by the contrast of right and wrong",
    source: 'RLCSD, arXiv 2606.11709',
    learns: 'groups of ŷ with rewards',
    formula:
      "GRPO's clipped ℓ, averaged over plain tokens and over selected ones; the loss is the sum of the two means. A is shifted by clip(λ tanh(e/0.02), −2, 2) with e = log p_T(ŷ_t behind a right sibling) − log mean_k p_T(ŷ_t behind wrong sibling k), and stops at 0 where the shift would change its sign",
    differs:
      'arXiv 2606.11709. λ is `contrast_coef`; a token is selected if its shift exceeds 0.02 in size; k goes up to 4; the teacher is a copy renewed every 10 updates. If a completion lacks siblings of either kind, A stays',
  },
  settings: {
    contrast_coef: atLeastZero(0.5, "rlcsd: largest shift of a token's advantage by the contrast of hints"), // RLCSD
  },
  reads: [
    ...['num_generations', 'num_iterations', 'rewards', 'reward_weights', 'rubric_formula', 'overlong_buffer'],
    ...['false_positive', 'false_negative', 'judge_model', 'judge_kind', 'judge_server'],
    ...['scale_rewards', 'epsilon', 'epsilon_high'],
  ].map((name) => `grpo.${name}`),
  defaults: (stage) => ({
    ...NO_CONTEXT,
    teacher: 'snapshot', // RLCSD
    snapshot_every: 10, // RLCSD
    loss_aggregation: 'batch-token', // RLCSD: means over tokens
    grpo: { ...stage.grpo, num_generations: 8, epsilon_high: 0.2 }, // RLCSD
  }),
  needs: () => ({ samples: true, answers: 'algorithm=rlcsd', demonstration: 'algorithm=opsd, which shows the answer' }),
  answering: (settings, { rewards, task }) => rlcsd(settings, rewards(), task),
};
