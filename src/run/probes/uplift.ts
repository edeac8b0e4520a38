/**
 * What a teacher's context is worth before anything is trained: accuracy, and the log-likelihood of the reference answer, of one
 * model on the same questions under several contexts. Uplift is context - none; its content part is context - placebo, a context
 * of the same kind made for another question. A teacher without content teaches the presence of a rubric at best.
 *
 * It leaves out what a training run has besides: the analysis of `reason_first`, and rubrics of a stage-I model that does not
 * exist yet (the reference rubrics stand in).
 */
import type { EvaluationSettings, TrainConfig } from '../../base/config/configs';
import type { Decoding } from '../../base/records/decoding';
import type { OperationOptions, ProgressEvent } from '../../base/records/events';
import { type CompletionScores, scoreCompletions } from '../../method/scoring/logprobs';
import type { Sequence } from '../../method/scoring/sequence';
import { type Evaluation, evaluate, scoresOf } from '../../results/evaluation/evaluate';
import type { Estimate } from '../../results/evaluation/intervals';
import { estimate, pairedShareDifference } from '../../results/evaluation/statistics';
import { estimateSeconds } from '../session/estimate';
import type { Session } from '../session/session';
import { solutionBehind } from '../session/shown';
import { type Contexts, contextsOf, listed, type NamedView } from './contexts';

/** How much is measured. */
export interface UpliftPlan {
  readonly questions: number;
  /** Answers to each question; 0 leaves accuracy out, which is much faster. */
  readonly samples: number;
  /** Longest answer; `evaluation.max_tokens` where that is less. */
  readonly maxTokens: number;
}

/** Two measures of one thing: shares or their differences, and nats a token. */
export interface Measures {
  readonly accuracy?: Estimate;
  /** Mean log-probability of a token of the reference solution (of the answer where there is none). */
  readonly loglik: Estimate;
}

/** The model under one context. */
export interface ContextMeasures extends Measures {
  readonly name: string;
}

/** What was found; differences are paired over questions. */
export interface Uplift {
  /** How the answers were drawn; absent where none were. */
  readonly decoding?: Decoding;
  readonly contexts: readonly ContextMeasures[];
  readonly uplift: Measures;
  readonly content: Measures;
  /** Why this teacher should not be trained with; undefined when nothing speaks against it. */
  readonly refusal?: string;
}

/** Why two scorings of the same sequences are no fixed teacher's; undefined when they agree bit for bit. */
export function wavering(once: readonly CompletionScores[], again: readonly CompletionScores[]): string | undefined {
  const [first, second] = [once, again].map((scores) => scores.flatMap(({ logprobs }) => logprobs));
  return first?.every((logprob, i) => logprob === second?.[i])
    ? undefined
    : 'one sequence scored twice gives different numbers';
}

/** How the answers are drawn. */
function settingsOf({ evaluation }: TrainConfig, { samples, maxTokens }: UpliftPlan): EvaluationSettings {
  return {
    ...evaluation,
    // Greedy answers are all the same.
    samples: evaluation.temperature === 0 ? Math.min(1, samples) : samples,
    max_tokens: Math.min(maxTokens, evaluation.max_tokens),
    questions: 0,
  };
}

/** Seconds that measuring takes at most. */
export function upliftSeconds(session: Session, config: TrainConfig, plan: UpliftPlan): number {
  const contexts = contextsOf(session, config, plan.questions);
  const { samples, max_tokens: maxTokens } = settingsOf(config, plan);
  const all = listed(contexts);
  const read = all.flatMap((context) => sequencesOf(session, { contexts, context }));
  const tokens = read.reduce(
    (sum, { promptTokens, completionTokens }) => sum + promptTokens.length + completionTokens.length,
    0,
  );
  // The configured context is scored twice.
  const scored = tokens * (1 + 1 / all.length);
  const drawn = all.length * contexts.questions.length * samples * maxTokens;
  return estimateSeconds(session.model.config, { drawn, read: scored + tokens });
}

interface Within {
  readonly contexts: Contexts;
  readonly context: NamedView;
}

/** The reference answers behind the prompts of a context. */
const sequencesOf = (session: Session, { contexts, context }: Within): Sequence[] =>
  contexts.questions.map((question) => solutionBehind(session, context.view(question)));

/** One context measured: scores of each question's answers, and of its reference answer. */
interface Measured {
  readonly name: string;
  readonly sequences: readonly Sequence[];
  readonly scores: readonly CompletionScores[];
  /** Mean log-probability of a token of each reference answer. */
  readonly logliks: readonly number[];
  readonly answers?: Evaluation;
}

interface Measuring extends OperationOptions {
  readonly session: Session;
  readonly config: TrainConfig;
  readonly settings: EvaluationSettings;
}

async function measure(measuring: Measuring, { contexts, context }: Within): Promise<Measured> {
  const { session, config, settings, signal, onProgress } = measuring;
  const { model, task, views } = session;
  const { name } = context;
  const sequences = sequencesOf(session, { contexts, context });
  const tell = (event: ProgressEvent) => onProgress?.({ ...event, stage: `${event.stage}: ${name}` });
  const scores = await scoreCompletions(model, sequences, { signal, onProgress: tell });
  const logliks = scores.map(({ logprobs }) => logprobs.reduce((sum, x) => sum + x, 0) / logprobs.length);
  if (settings.samples === 0) return { name, sequences, scores, logliks };
  const answers = await evaluate(
    {
      ...{ model, task, views, settings, questions: contexts.questions, seed: config.seed.sampling },
      view: context.view,
    },
    { signal, onProgress: tell },
  );
  return { name, sequences, scores, logliks, answers };
}

function difference(a: Measured, b: Measured): Measures {
  const loglik = estimate(a.logliks.map((value, i) => value - (b.logliks[i] as number)));
  if (!a.answers || !b.answers) return { loglik };
  return { loglik, accuracy: pairedShareDifference(scoresOf(a.answers.results), scoresOf(b.answers.results)) };
}

const summary = ({ name, logliks, answers }: Measured): ContextMeasures => ({
  name,
  loglik: estimate(logliks),
  ...(answers && { accuracy: answers.summary.accuracy }),
});

/** One of the two measures is above zero with its whole interval, and neither is below it. */
function isPositive({ accuracy, loglik }: Measures): boolean {
  const all = accuracy ? [accuracy, loglik] : [loglik];
  return all.some(({ low }) => low > 0) && all.every(({ high }) => !(high < 0));
}

function refusalOf(
  found: { configured: Measured; none: Measured; again: readonly CompletionScores[] } & Pick<
    Uplift,
    'uplift' | 'content'
  >,
) {
  const { configured, none, again, uplift, content } = found;
  const wavers = wavering(configured.scores, again);
  if (wavers) return `${wavers}, so that there is no fixed teacher; use precision=fp32, or another model`;
  const prompts = ({ sequences }: Measured) => sequences.map(({ promptTokens }) => promptTokens.join(' ')).join('\n');
  if (prompts(configured) === prompts(none))
    return 'the teacher sees what the student sees, so that there is nothing to learn; set teacher_context and rubric_source';
  const change = 'choose another rubric_source, teacher_context or model, or measure more (--questions)';
  if (!isPositive(content))
    return `the content of the teacher's context is worth nothing that can be told from a placebo's; ${change}`;
  return isPositive(uplift) ? undefined : `with its context the teacher is not better than the student; ${change}`;
}

/** Measures the configured teacher against the student, a placebo and the reference rubric. */
export async function measureUplift(
  session: Session,
  config: TrainConfig,
  { plan, ...options }: OperationOptions & { readonly plan: UpliftPlan },
): Promise<Uplift> {
  const contexts = contextsOf(session, config, plan.questions);
  const measuring: Measuring = { session, config, settings: settingsOf(config, plan), ...options };
  const measured = new Map<NamedView, Measured>();
  for (const context of listed(contexts)) measured.set(context, await measure(measuring, { contexts, context }));
  const of = (context: NamedView) => measured.get(context) as Measured;
  const [configured, none] = [of(contexts.configured), of(contexts.none)];
  const again = await scoreCompletions(session.model, configured.sequences, { signal: options.signal });
  const uplift = difference(configured, none);
  const content = difference(configured, of(contexts.placebo));
  const refusal = refusalOf({ configured, none, again, uplift, content });
  const decoding = none.answers?.summary.decoding;
  return {
    ...(decoding && { decoding }),
    contexts: [...measured.values()].map(summary),
    ...{ uplift, content },
    ...(refusal && { refusal }),
  };
}
