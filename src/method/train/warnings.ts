/**
 * What a run's counters say that its user can act on. Pure functions over the rows of metrics.jsonl so far: a warning is raised
 * at the step at which its condition comes to hold, and again only after it has not held for a while. Each has a row in
 * docs/symptoms.md.
 */
import type { StageSettings } from '../../base/config/configs';
import type { MetricsRow, WarningRow } from '../../base/records/rows';

/** Steps averaged on either side of a comparison: one batch is noise. */
export const WINDOW = 5;
/** Steps without the condition after which a warning is over, and raised anew when it comes back. */
export const CLEAR_STEPS = 20;

/** Reward groups without a spread give no gradient: above this share most of the drawing is in vain. */
const ZERO_SPREAD_SHARE = 0.8;
/** A cut-off completion teaches no ending. Above this share that is no longer an outlier's length but `max_tokens`. */
const TRUNCATED_SHARE = 0.3;
/** Half the first steps' length; a healthy quickstart stays within 20 %. */
const LENGTH_SHARE = 0.5;
/** A tenth of the first steps' entropy, and half the teacher's: a student on its way to a sharp teacher is no collapse. */
const ENTROPY_SHARE = 0.1;
const ENTROPY_SHARE_OF_TEACHER = 0.5;
/** Where the privileged text decides the first word (microscience), the ratio reaches 16 but the first token 0.1 nats only. */
const FIRST_TOKEN_RATIO = 10;
const FIRST_TOKEN_NATS = 1;
/** A clip is meant for outliers; one that touches every second token is the loss. */
const CLIPPED_SHARE = 0.5;
/** With a tenth of the probability left out, the renormalised teacher is another one. */
const RETAINED_MASS = 0.9;
/** One answer in twenty. Chance mentions do not get there. */
const LEAKING_SHARE = 0.05;
/** Both views give next to the same distribution. A finished quickstart is at 0.992 and 0.002 nats. */
const IDLE_AGREEMENT = 0.995;
const IDLE_NATS = 0.001;

type Rows = readonly MetricsRow[];

const isNumber = (value: number | null | undefined): value is number => Number.isFinite(value);

/** Mean of a counter over rows; undefined when it is missing or not finite in one of them, or there are too few. */
function average(rows: Rows, name: string): number | undefined {
  const values = rows.map((row) => row[name]).filter(isNumber);
  return values.length === WINDOW ? values.reduce((sum, value) => sum + value, 0) / WINDOW : undefined;
}

/** Mean over the first steps. */
const early = (rows: Rows, name: string): number | undefined => average(rows.slice(0, WINDOW), name);
const recent = (rows: Rows, name: string): number | undefined => average(rows.slice(-WINDOW), name);

/** The last steps' mean as a share of the first steps', once the two do not overlap. */
function remaining(rows: Rows, name: string): number | undefined {
  const [first, last] = [early(rows, name), recent(rows, name)];
  return rows.length >= 2 * WINDOW && first && last !== undefined ? last / first : undefined;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

interface Rule {
  /** The number that raises the warning, undefined while its condition does not hold. */
  readonly found: (rows: Rows, settings: StageSettings) => number | undefined;
  /** What was seen; what it means; what to change. */
  readonly says: (value: number, rows: Rows) => string;
}

/** The value where it is given and passes. */
const when = (value: number | undefined, passes: (value: number) => boolean): number | undefined =>
  value !== undefined && passes(value) ? value : undefined;

/** Which of the two numbers that a step must have is not finite. */
const broken = (row: MetricsRow | undefined): 'loss' | 'grad_norm' | undefined =>
  row && (['loss', 'grad_norm'] as const).find((name) => name in row && !isNumber(row[name]));

/** Whether a teacher's distribution is learned from: the rewards' methods refuse the settings of a teacher. */
const distils = (rows: Rows): boolean => rows.at(-1)?.['divergence/true'] !== undefined;

const RULES = {
  not_finite: {
    found: (rows) => (broken(rows.at(-1)) ? Number.NaN : undefined),
    says: (_, rows) =>
      `${broken(rows.at(-1))} is not a finite number: the update has broken the weights; lower learning_rate, or set max_grad_norm above 0.`,
  },
  zero_spread: {
    found: (rows) => when(recent(rows, 'frac_reward_zero_std'), (share) => share > ZERO_SPREAD_SHARE),
    says: (share) =>
      `in ${percent(share)} of the groups all completions have the same reward, so that they teach nothing; raise temperature or num_generations, or choose questions (data) that the model answers now and then.`,
  },
  truncation: {
    found: (rows) => when(recent(rows, 'completions/clipped_ratio'), (share) => share > TRUNCATED_SHARE),
    says: (share) =>
      `${percent(share)} of the completions are cut off, so that they teach no ending; raise max_tokens, or set thinking=false.`,
  },
  length_collapse: {
    found: (rows) => when(remaining(rows, 'completions/mean_length'), (share) => share < LENGTH_SHARE),
    says: (share, rows) =>
      `completions have ${percent(share)} of their first length: the student learns to be brief instead of right; lower learning_rate or steps${distils(rows) ? ', set thinking alike for both sides, or try teacher_context=rubric' : ''}.`,
  },
  entropy_collapse: {
    found: (rows) => {
      const teacher = recent(rows, 'teacher/entropy') ?? Number.POSITIVE_INFINITY;
      const entropy = recent(rows, 'entropy') ?? Number.POSITIVE_INFINITY;
      const share = remaining(rows, 'entropy');
      return entropy < ENTROPY_SHARE_OF_TEACHER * teacher ? when(share, (value) => value < ENTROPY_SHARE) : undefined;
    },
    says: (share, rows) =>
      `the student's entropy is ${percent(share)} of its first value${distils(rows) ? " and below the teacher's" : ''}: it always says the same; lower learning_rate, ${distils(rows) ? 'raise temperature, or use divergence=forward_kl' : 'or raise temperature'}.`,
  },
  template_mismatch: {
    found: (rows) => {
      const [first, all] = [recent(rows, 'divergence/first_token'), recent(rows, 'divergence/true')];
      if (first === undefined || !all || first < FIRST_TOKEN_NATS) return undefined;
      return when(first / all, (ratio) => ratio > FIRST_TOKEN_RATIO);
    },
    says: (ratio) =>
      `the first token diverges ${ratio.toFixed(0)} times as much as the others: the two prompts end differently, in their thinking or template; set thinking=true or thinking=false for both sides, and compare the views with rcsd doctor.`,
  },
  clipped_share: {
    found: (rows) => when(recent(rows, 'clip/fraction'), (share) => share > CLIPPED_SHARE),
    says: (share) =>
      `the clip touches ${percent(share)} of the tokens, so that it decides what is learned; raise clip, or set clip=0 clip_mode=none.`,
  },
  retained_mass: {
    found: (rows, { tail }) =>
      tail ? undefined : when(recent(rows, 'teacher/retained_mass'), (m) => m < RETAINED_MASS),
    says: (mass) =>
      `the kept entries hold ${percent(mass)} of the teacher's probability and are learned as if it were all; raise top_k, or set tail=true or top_k=0.`,
  },
  leakage: {
    found: (rows) => when(recent(rows, 'completions/leakage'), (share) => share > LEAKING_SHARE),
    says: (share) =>
      `${percent(share)} of the completions speak of what only the teacher sees; set stage2.anti_mention=true, or teacher_context=rubric instead of an answer.`,
  },
  idle_teacher: {
    found: (rows) => {
      const agreement = recent(rows, 'teacher/agreement') ?? 0;
      return agreement > IDLE_AGREEMENT ? when(recent(rows, 'divergence/true'), (nats) => nats < IDLE_NATS) : undefined;
    },
    says: (nats) =>
      `teacher and student differ by ${nats.toPrecision(2)} nats a token: there is nothing (more) to learn from this teacher; give it another teacher_context or rubric_source (rcsd doctor --train measures them), or fewer steps.`,
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Name of a warning. */
export type WarningName = keyof typeof RULES;
/** Every warning there is. */
export const WARNING_NAMES = Object.keys(RULES) as readonly WarningName[];

/** Whether the last row holds numbers that no further step can learn from. */
export const isBroken = (rows: Rows): boolean => broken(rows.at(-1)) !== undefined;

/** The warnings that the last of the rows raises. */
export function newWarnings(rows: Rows, settings: StageSettings): WarningRow[] {
  const step = rows.at(-1)?.step ?? 0;
  return Object.entries<Rule>(RULES).flatMap(([name, { found, says }]) => {
    const value = found(rows, settings);
    if (value === undefined) return [];
    for (let back = 1; back <= CLEAR_STEPS && back < rows.length; back++)
      if (found(rows.slice(0, -back), settings) !== undefined) return [];
    return [{ step, name, value: isNumber(value) ? value : null, message: says(value, rows) }];
  });
}
