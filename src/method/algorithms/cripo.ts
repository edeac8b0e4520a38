/**
 * CriPO (arXiv 2607.18082): GRPO on a rubric, and two self-teachers where the group's reward says nothing of a criterion or misleads.
 * With r_ij = 1 where completion i meets criterion j, R_i = sum_j w_j r_ij / sum_j w_j and A_i GRPO's advantage:
 *   unexplored  r_ij = 0 for all i. The best completion y* is read behind x, y* and up to 3 such criteria; with D_t = KL(p_T || p_S),
 *               held at 10, the smallest set of its tokens that carries 95 % of sum_t D_t is learned (the first and last 1 % of
 *               tokens take no part):  L_distil = mean of D_t over these
 *   suppressed  some i meet j, yet their A_i sum below 0 (or to 0, and fewer than half meet it; equation 4). Such i with A_i < 0 are
 *               read behind the request to write y_i without it. Where the teacher turns from a token, log p_T < log p_S and
 *               p_T(y_t) < 0.1 max_v p_T(v), its advantage becomes +0.1; all others keep A_i (equations 8, 9)
 *   L = L_GRPO + beta L_distil, with beta rising over 50 steps; the teachers are the current weights, held constant
 * Not stated, so ours: both prompts; the divisor of L_distil; all suppressed criteria of a completion in one request; r_ij is a degree
 * of at least one half. Simplified: D_t above 10 keeps its gradient's direction, scaled down.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { flag } from '../../base/config/declare';
import type { DivergenceSettings } from '../../base/config/parts';
import { refuse } from '../../base/config/refuse';
import type { Criterion } from '../../base/records/rubric';
import { divergenceSpec } from '../losses/spec';
import type { Reward } from '../rewards/reward';
import { type Met, rubricScore } from '../rubrics/score';
import { meanOf } from './advantages';
import {
  type Algorithm,
  type AlgorithmDefinition,
  type Assessment,
  type Assessments,
  type CriteriaCheck,
  type RolloutGroup,
  studentAnswers,
  type TokenSignals,
  type TrainingRollout,
  teacherAnswers,
} from './algorithm';
import {
  assessGroups,
  DISTILLATION,
  distillWeight,
  policyGradientSpec,
  policySignals,
  refuseReference,
  requireTokenMean,
} from './groupPolicy';

const MOST_INJECTED = 3;
const CARRIED = 0.95;
const LARGEST_DIVERGENCE = 10;
const EDGE = 0.01;
const UNLIKELY = 0.1;
const FLIPPED_ADVANTAGE = 0.1;

/** CriPO; `check` says which criteria a completion meets. */
export function cripo(settings: StageSettings, check: CriteriaCheck): Algorithm {
  const studentView = studentAnswers(settings);
  return {
    name: 'cripo',
    rollouts: 'student',
    studentView,
    teacherView: (example, assessment) =>
      assessment?.revision
        ? teacherAnswers(settings)(example.question, { revision: assessment.revision })
        : studentView(example),
    groupSize: settings.grpo.num_generations,
    updates: settings.grpo.num_iterations,
    assess: (groups) => assessByCriteria(groups, check, settings),
    signals: async (batch, measuring) => {
      const signals = await policySignals(batch, measuring, settings);
      const compared = batch.some(({ assessment }) => assessment.revision) ? await measuring.compare() : [];
      const chosen = batch.map(({ assessment, mask }, i) =>
        assessment.revision?.towards === 'meet' ? localised(compared[i]?.divergence ?? [], mask) : undefined,
      );
      const share = tokenShare(batch, chosen) * distillWeight(settings, measuring.updates);
      return signals.map((own, i): TokenSignals => {
        const { completionTokens, assessment } = batch[i] as TrainingRollout;
        const { student, teacher, favourite } = compared[i] ?? {};
        const flips = assessment.revision?.towards === 'avoid' && student && teacher && favourite;
        return {
          ...own,
          ...(flips && {
            advantage: (own.advantage ?? []).map((a, t) =>
              flipped(student[t], teacher[t], favourite[t]) ? FLIPPED_ADVANTAGE : a,
            ),
          }),
          distill_weight: completionTokens.map((_, t) => (chosen[i]?.[t] ? share : 0)),
        };
      });
    },
    loss: {
      kind: 'mixture',
      parts: [
        { loss: policyGradientSpec(settings) },
        { loss: divergenceSpec(forwardKl(settings)), weight: 'distill_weight' },
      ],
    },
  };
}

/** D_t, at the temperature at which it is measured to choose tokens. */
const forwardKl = ({ sampling }: StageSettings): DivergenceSettings => ({
  ...{
    divergence: 'forward_kl',
    beta: 0.5,
    loss_temperature: sampling.temperature,
    top_k: 0,
    support: 'teacher',
    tail: false,
  },
  ...{ clip: LARGEST_DIVERGENCE, clip_mode: 'position' },
});

/** Whether the counterfactual teacher turns from a token; all three are log-probabilities. */
export const flipped = (student = 0, teacher = 0, favourite = 0): boolean =>
  teacher < student && teacher < favourite + Math.log(UNLIKELY);

/** The smallest set of tokens that carries 95 % of the divergence; the first and last hundredth take no part. */
export function localised(divergence: readonly number[], mask?: readonly boolean[]): boolean[] {
  const edge = Math.floor(EDGE * divergence.length);
  const held = divergence.map((d, t) =>
    t < edge || t >= divergence.length - edge || mask?.[t] === false ? 0 : Math.min(Math.max(d, 0), LARGEST_DIVERGENCE),
  );
  const order = held.map((_, t) => t).sort((a, b) => (held[b] as number) - (held[a] as number) || a - b);
  let open = CARRIED * held.reduce((sum, d) => sum + d, 0);
  const chosen = held.map(() => false);
  for (const t of order) {
    if (open <= 0) break;
    chosen[t] = true;
    open -= held[t] as number;
  }
  return chosen;
}

/** What makes a mean over all counted tokens one over the chosen tokens. */
function tokenShare(batch: readonly TrainingRollout[], chosen: readonly (readonly boolean[] | undefined)[]): number {
  const counted = batch.flatMap(({ completionTokens, mask }) => completionTokens.filter((_, t) => mask?.[t] !== false));
  return counted.length / Math.max(1, chosen.flatMap((own) => own?.filter(Boolean) ?? []).length);
}

/** The criteria of a group that decide something: for each, who meets it (null where nobody could say). */
interface Column {
  readonly criterion: Criterion;
  readonly met: readonly (boolean | null)[];
}

function columnsOf(met: readonly (readonly Met[])[]): Column[] {
  const criteria = new Map(met.flat().map(({ criterion }) => [criterion.id, criterion]));
  return [...criteria.values()]
    .filter(({ polarity }) => polarity !== null)
    .map((criterion) => ({
      criterion,
      met: met.map((own) => {
        const found = own.find((each) => each.criterion.id === criterion.id);
        return found ? meets(found) : null;
      }),
    }));
}

/** Whether a completion does what is good. */
const meets = ({ criterion, degree }: Met): boolean =>
  (criterion.polarity === 'satisfied is bad' ? 1 - degree : degree) >= 0.5;

/** The degrees as the group's reward counts them: met or not. */
const decided = (met: readonly Met[]): Met[] => met.map((each) => ({ ...each, degree: each.degree >= 0.5 ? 1 : 0 }));

/** Whether a criterion is suppressed (equation 4). */
export function suppressed(met: readonly (boolean | null)[], advantages: readonly number[]): boolean {
  const meeting = met.flatMap((own, i) => (own ? [advantages[i] ?? 0] : []));
  const sum = meeting.reduce((a, b) => a + b, 0);
  return meeting.length > 0 && (sum < 0 || (sum === 0 && meeting.length < met.length / 2));
}

async function assessByCriteria(
  groups: readonly RolloutGroup[],
  check: CriteriaCheck,
  settings: StageSettings,
): Promise<Assessments> {
  const completions = groups.flatMap(({ example, rollouts }) =>
    rollouts.map(({ text, completionTokens }) => ({ ...example, text, tokens: completionTokens.length })),
  );
  const met = await check(completions);
  const rubric: Reward = {
    name: 'rubric',
    weight: 1,
    score: async () => met.map((own) => rubricScore(decided(own), settings.grpo.rubric_formula)),
  };
  const assessed = await assessGroups(groups, [rubric], settings);
  const shows = settings.relatives.cripo_shows_response;
  let at = 0;
  const columns = groups.map(({ rollouts }) => {
    at += rollouts.length;
    return columnsOf(met.slice(at - rollouts.length, at));
  });
  const assessments = groups.map(({ rollouts }, g) => {
    const own = assessed.assessments[g] ?? [];
    const revisions = revisionsOf(columns[g] ?? [], own);
    return rollouts.map(({ text }, i): Assessment | null => {
      const [assessment, revision] = [own[i] ?? null, revisions[i]];
      if (!assessment || !revision) return assessment;
      return { ...assessment, revision: { ...revision, ...(shows && { response: text }) } };
    });
  });
  const asked = assessments.map((own) => own.flatMap((each) => each?.revision?.towards ?? []));
  const metrics = {
    ...assessed.metrics,
    'cripo/unexplored': meanOf(asked.map((own) => Number(own.includes('meet')))),
    'cripo/suppressed': meanOf(asked.map((own) => Number(own.includes('avoid')))),
  };
  return { assessments, metrics };
}

/** What the teacher is to make of each completion of a group: the best is to meet unexplored criteria, bad ones are to avoid suppressed ones. */
function revisionsOf(columns: readonly Column[], assessments: readonly (Assessment | null)[]) {
  const advantages = assessments.map((assessment) => assessment?.advantage ?? 0);
  const rewards = assessments.map((assessment) => assessment?.reward ?? Number.NEGATIVE_INFINITY);
  const best = rewards.indexOf(Math.max(...rewards));
  const unexplored = columns
    .filter(({ met }) => met.includes(false) && !met.includes(true))
    .map(({ criterion }) => criterion)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, MOST_INJECTED);
  const held = columns.filter(({ met }) => suppressed(met, advantages));
  return assessments.map((_, i) => {
    if (i === best && unexplored.length > 0) return { towards: 'meet' as const, criteria: unexplored };
    const criteria = held.filter(({ met }) => met[i]).map(({ criterion }) => criterion);
    return (advantages[i] as number) < 0 && criteria.length > 0 ? { towards: 'avoid' as const, criteria } : undefined;
  });
}

function checkCripo(config: TrainConfig): void {
  const { rewards } = config.stage2.grpo;
  refuse(
    rewards.join() !== 'rubric',
    `rewards=${rewards} is given, and cripo looks at single criteria; use rewards=rubric, or algorithm=grpo.`,
  );
  refuseReference(config);
  requireTokenMean(config);
}

export const CRIPO: AlgorithmDefinition = {
  name: 'cripo',
  about: {
    completions: "the student's, several a question",
    teacher:
      'x and criteria: with the best completion, those that none meets; with a bad one, those it meets that are held against it',
    loss: "GRPO's policy gradient on the rubric, some tokens' advantage turned over; plus β times the forward KL on the tokens of the best completion that differ most",
    source: 'CriPO, arXiv 2607.18082',
    learns: 'groups of ŷ with the degrees to which they meet the criteria of r',
    formula:
      'ℓ_GRPO with A_t = 0.1 where a counterfactual teacher turns from a token of a bad ŷ (p_T(ŷ_t) < p_S(ŷ_t) and < 0.1 max p_T), plus β times the mean of KL(p_T ‖ p_S), held at 10, over the fewest tokens of the best ŷ that carry 95 % of it; β rises to `distill_coef`',
    differs:
      'arXiv 2607.18082. Not stated, so ours: the prompts, the mean over chosen tokens, several suppressed criteria in one request. `cripo_shows_response=false` shows the criteria without the response, as microscience needs',
  },
  settings: {
    ...DISTILLATION,
    // CriPO
    cripo_shows_response: flag(true, 'cripo: the teacher sees the completion that it is to revise', { since: 4 }),
  },
  reads: ['grpo.'],
  defaults: (stage) => ({
    ...NO_CONTEXT,
    teacher: 'live', // CriPO
    grpo: { ...stage.grpo, rewards: ['rubric'], num_generations: 8 }, // CriPO
  }),
  steps: 200, // CriPO
  needs: ({ relatives }) => ({
    samples: true,
    siblings: true,
    ...(relatives.cripo_shows_response && {
      demonstration: 'cripo_shows_response=false, which shows the criteria alone',
    }),
  }),
  check: checkCripo,
  answering: (settings, { criteria }) => cripo(settings, criteria()),
};
