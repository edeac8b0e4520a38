/**
 * Warnings about a run that its user can act on, from the rows of metrics.jsonl so far. A warning is raised at the step
 * at which its condition becomes true, and again only after the condition has been false for a while. docs/symptoms.md
 * has a row for each.
 */
import type { StageSettings } from '../../base/config/configs';
import type { MetricsRow, WarningRow } from '../../base/records/rows';

/** How many steps are averaged on either side of a comparison, since one batch is noisy. */
export const WINDOW = 5;
/** After this many steps without its condition, a warning is over; it is raised anew when the condition comes back. */
export const CLEAR_STEPS = 20;

/**
 * A group whose completions all have the same reward gives no gradient. Above this share of such groups, most sampling
 * is wasted.
 */
const ZERO_SPREAD_SHARE = 0.8;
/**
 * A completion that is cut off does not teach how to end. Above this share the cause is `max_tokens`, not a few
 * outliers.
 */
const TRUNCATED_SHARE = 0.3;
/** Half the length of the first steps; a healthy quickstart stays within 20 % of it. */
const LENGTH_SHARE = 0.5;
/**
 * A tenth of the first steps' entropy, and half the teacher's: a student that approaches a sharp teacher has not
 * collapsed.
 */
const ENTROPY_SHARE = 0.1;
const ENTROPY_SHARE_OF_TEACHER = 0.5;
/**
 * Both are needed: where the privileged text decides the first word (microscience), the ratio reaches 16, but the first
 * token only 0.1 nats.
 */
const FIRST_TOKEN_RATIO = 10;
const FIRST_TOKEN_NATS = 1;
/** A clip is meant for outliers; one that touches every second token decides what is learned. */
const CLIPPED_SHARE = 0.5;
/**
 * A divergence is never below zero, so that a clipped one below this, in nats a token, has lost more of its positive terms than the
 * student still has to learn. Rounding stays far above it.
 */
const NEGATIVE_NATS = -1e-6;
/**
 * A student that learns is on its way to the teacher: its divergence does not grow to this multiple of the first steps' while the
 * loss that it is trained on falls. One batch of a healthy run may reach it, the mean of five does not.
 */
const GROWN_RATIO = 1.5;
/** With more than a tenth of the probability left out, the renormalised teacher is a different distribution. */
const RETAINED_MASS = 0.9;
/** One answer in twenty; chance mentions stay below that. */
const LEAKING_SHARE = 0.05;
/** Both views give almost the same distribution. A finished quickstart is at 0.992 and 0.002 nats. */
const IDLE_AGREEMENT = 0.995;
const IDLE_NATS = 0.001;

type Rows = readonly MetricsRow[];

const isNumber = (value: number | null | undefined): value is number => Number.isFinite(value);

/** Mean of a counter over `WINDOW` rows; undefined when there are fewer, or when a value is missing or not finite. */
function average(rows: Rows, name: string): number | undefined {
  const values = rows.map((row) => row[name]).filter(isNumber);
  return values.length === WINDOW ? values.reduce((sum, value) => sum + value, 0) / WINDOW : undefined;
}

const early = (rows: Rows, name: string): number | undefined => average(rows.slice(0, WINDOW), name);
const recent = (rows: Rows, name: string): number | undefined => average(rows.slice(-WINDOW), name);

/** The mean of the last steps as a share of the first steps' mean; undefined while the two windows overlap. */
function remaining(rows: Rows, name: string): number | undefined {
  const [first, last] = [early(rows, name), recent(rows, name)];
  return rows.length >= 2 * WINDOW && first && last !== undefined ? last / first : undefined;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

interface Rule {
  /** The number that raises the warning; undefined while its condition is false. */
  readonly found: (rows: Rows, settings: StageSettings) => number | undefined;
  /** What was seen, what it means, and what to change. */
  readonly says: (value: number, rows: Rows) => string;
}

/** The value if it is given and passes the test. */
const when = (value: number | undefined, passes: (value: number) => boolean): number | undefined =>
  value !== undefined && passes(value) ? value : undefined;

const OTHER_CLIP = 'set clip_mode=position, which keeps the direction, or clip=0 clip_mode=none, and begin anew';

/**
 * Whether the run learns from a teacher's distribution. Methods that learn from rewards refuse the teacher's settings,
 * so advice must not name them.
 */
const distils = (rows: Rows): boolean => rows.at(-1)?.['divergence/true'] !== undefined;

const RULES = {
  zero_spread: {
    found: (rows) => when(recent(rows, 'frac_reward_zero_std'), (share) => share > ZERO_SPREAD_SHARE),
    says: (share) =>
      `in ${percent(share)} of the groups all completions have the same reward and teach nothing; raise temperature or num_generations, or choose questions (data) that the model answers now and then.`,
  },
  truncation: {
    found: (rows) => when(recent(rows, 'completions/clipped_ratio'), (share) => share > TRUNCATED_SHARE),
    says: (share) =>
      `${percent(share)} of the completions are cut off and teach no ending; raise max_tokens, or set thinking=false.`,
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
      `the first token diverges ${ratio.toFixed(0)} times as much as the others: the two prompts end differently, in their thinking or template; set thinking=true or thinking=false for both sides, and compare the two prompts with rcsd doctor.`,
  },
  clipped_share: {
    found: (rows) => when(recent(rows, 'clip/fraction'), (share) => share > CLIPPED_SHARE),
    says: (share) =>
      `the clip touches ${percent(share)} of the tokens and thereby decides what is learned; raise clip, or set clip=0 clip_mode=none.`,
  },
  negative_divergence: {
    found: (rows) => when(rows.at(-1)?.['divergence/clipped'] ?? undefined, (nats) => nats < NEGATIVE_NATS),
    says: (nats, rows) =>
      `the clipped divergence is ${nats.toPrecision(2)} nats a token, below zero, while the true one is ${(rows.at(-1)?.['divergence/true'] ?? Number.NaN).toPrecision(2)}: the clip cuts what would pull the student to the teacher and leaves what repels it; ${OTHER_CLIP}.`,
  },
  inverted_clip: {
    found: (rows) => {
      const loss = recent(rows, 'divergence/clipped');
      const first = early(rows, 'divergence/clipped');
      if (loss === undefined || first === undefined || loss >= first) return undefined;
      return when(remaining(rows, 'divergence/true'), (ratio) => ratio > GROWN_RATIO);
    },
    says: (ratio) =>
      `the clipped divergence falls while the true one has grown ${ratio.toFixed(1)}-fold: the clip hides or inverts what is to be learned, and the student moves away from the teacher; ${OTHER_CLIP}.`,
  },
  retained_mass: {
    found: (rows, { tail }) =>
      tail ? undefined : when(recent(rows, 'teacher/retained_mass'), (m) => m < RETAINED_MASS),
    says: (mass) =>
      `the top_k entries hold only ${percent(mass)} of the teacher's probability, but are learned as if they were all of it; raise top_k, or set tail=true or top_k=0.`,
  },
  leakage: {
    found: (rows) => when(recent(rows, 'completions/leakage'), (share) => share > LEAKING_SHARE),
    says: (share) =>
      `${percent(share)} of the completions mention what only the teacher sees; set stage2.anti_mention=true, or teacher_context=rubric instead of an answer.`,
  },
  idle_teacher: {
    found: (rows) => {
      const agreement = recent(rows, 'teacher/agreement') ?? 0;
      return agreement > IDLE_AGREEMENT ? when(recent(rows, 'divergence/true'), (nats) => nats < IDLE_NATS) : undefined;
    },
    says: (nats) =>
      `teacher and student differ by ${nats.toPrecision(2)} nats a token: there is nothing (more) to learn from this teacher; try another teacher_context or rubric_source (rcsd doctor --train measures them), or fewer steps.`,
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type WarningName = keyof typeof RULES;
export const WARNING_NAMES = Object.keys(RULES) as readonly WarningName[];

/** The warnings that the last row raises. */
export function newWarnings(rows: Rows, settings: StageSettings): WarningRow[] {
  const step = rows.at(-1)?.step ?? 0;
  return Object.entries<Rule>(RULES).flatMap(([name, { found, says }]) => {
    const value = found(rows, settings);
    if (value === undefined) return [];
    for (let back = 1; back <= CLEAR_STEPS && back < rows.length; back++)
      if (found(rows.slice(0, -back), settings) !== undefined) return [];
    return [{ step, name, value, message: says(value, rows) }];
  });
}
