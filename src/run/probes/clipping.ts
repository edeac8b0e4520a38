/**
 * What a clip does to the guidance of a real teacher before anything is trained: the gradient with the clip against the one without,
 * at every token of the student's own answers, by place in the answer and by how sure both sides are.
 */
import type { TrainConfig } from '../../base/config/configs';
import type { DivergenceSettings } from '../../base/config/parts';
import type { OperationOptions } from '../../base/records/events';
import { requireTokenizer } from '../../engine/model/model';
import { type ClippedGuidance, clippedGuidance } from '../../method/scoring/clipping';
import { sampleAnswers } from '../../results/evaluation/evaluate';
import type { Estimate } from '../../results/evaluation/intervals';
import { clusteredMean } from '../../results/evaluation/statistics';
import type { Session } from '../session/session';
import { contextsOf } from './contexts';

/** How much is measured, and which clips are compared. */
export interface ClippingPlan {
  readonly questions: number;
  /** Answers to each question, of at most `maxTokens` tokens. */
  readonly samples: number;
  readonly maxTokens: number;
  /** By name: what differs from the configured divergence. */
  readonly clips: Readonly<Record<string, Partial<DivergenceSettings>>>;
}

/** One clip at the tokens of some places; intervals are over questions. */
export interface ClippedPlaces {
  readonly clip: string;
  /** The places, from `first` to before `end`, counted from 0 at the answer's first token. */
  readonly first: number;
  readonly end: number;
  readonly tokens: number;
  /** Cosine of the two gradients over all tokens of an answer, as one long vector. */
  readonly alignment: Estimate;
  /** Share of the tokens whose update leads away from the teacher. */
  readonly inverted: Estimate;
  /** Length of the clipped gradient against the other's. */
  readonly kept: Estimate;
  /** True divergence, nats a token. */
  readonly divergence: Estimate;
}

/** One clip where teacher and student give the teacher's favourite such probabilities (bins of a tenth, by their lower edge). */
export interface ClippedCell {
  readonly clip: string;
  readonly teacher: number;
  readonly student: number;
  readonly tokens: number;
  readonly cosine: number;
}

/** What a clip makes of a whole update: it turns it round, leaves little of it, or neither. */
export type ClipVerdict = 'inverts' | 'shrinks' | 'harmless';

/** One clip over all tokens of all answers, as one long gradient in the logits. */
export interface ClipOutcome {
  readonly clip: string;
  readonly answers: number;
  /** Inner product of the clipped and the true gradient. */
  readonly product: number;
  readonly cosine: number;
  /** Length of the clipped gradient against the true one's. */
  readonly kept: number;
  readonly verdict: ClipVerdict;
}

/** Everything measured. */
export interface ClippingMeasures {
  readonly outcomes: readonly ClipOutcome[];
  readonly places: readonly ClippedPlaces[];
  readonly cells: readonly ClippedCell[];
}

/** Places are told apart up to these: the first token, the first words, and so on by doubling. */
const EDGES = [0, 1, 4, 16, 64, 256, Number.POSITIVE_INFINITY];
const BINS = 10;
/** A clip that keeps less of the gradient's length than this shrinks it. */
const LITTLE = 0.3;

/** Measures the configured teacher under each clip. Throws InputError when its context cannot be made for two questions. */
export async function measureClipping(
  session: Session,
  config: TrainConfig,
  { plan, signal, onProgress }: OperationOptions & { readonly plan: ClippingPlan },
): Promise<ClippingMeasures> {
  const { model, task, views } = session;
  const { questions, none, configured } = contextsOf(session, config, plan.questions);
  const settings = { ...config.evaluation, samples: plan.samples, max_tokens: plan.maxTokens, questions: 0 };
  const request = { model, task, views, questions, settings, seed: config.seed.sampling, view: none.view };
  const answers = await sampleAnswers(request, { signal, onProgress });
  const { encode } = requireTokenizer(model);
  const completions = questions.flatMap((question, i) => {
    const [student, teacher] = [none, configured].map(({ view }) => encode(views.render(view(question)))) as [
      number[],
      number[],
    ];
    return (answers[i] ?? []).map(({ completionTokens }) => ({ student, teacher, completionTokens }));
  });
  const places: ClippedPlaces[] = [];
  const cells: ClippedCell[] = [];
  const outcomes: ClipOutcome[] = [];
  const clips = Object.values(plan.clips).map((changes) => ({ ...config.stage2, ...changes }));
  const guidance = await clippedGuidance(model, completions, { clips, signal, onProgress });
  for (const [i, clip] of Object.keys(plan.clips).entries()) {
    const measured = guidance.map((own) => own[i] as ClippedGuidance);
    const byQuestion = questions.map((_, q) => measured.slice(q * plan.samples, (q + 1) * plan.samples));
    outcomes.push({ clip, ...outcomeOf(measured) });
    places.push(...placesOf(byQuestion).map((own) => ({ clip, ...own })));
    cells.push(...cellsOf(measured).map((own) => ({ clip, ...own })));
  }
  return { outcomes, places, cells };
}

/**
 * The rule: a negative inner product inverts; else less than three tenths of the length shrinks; else the clip is harmless.
 * Answers without any guidance count as harmless.
 * @internal
 */
export function outcomeOf(measured: readonly ClippedGuidance[]): Omit<ClipOutcome, 'clip'> {
  const squares = (name: 'length' | 'trueLength') => sum(measured.flatMap((own) => own[name].map((x) => x * x)));
  const [clipped, truth] = [Math.sqrt(squares('length')), Math.sqrt(squares('trueLength'))];
  const product = sum(measured.map(productOf));
  const cosine = clipped * truth > 0 ? product / (clipped * truth) : 1;
  const kept = truth > 0 ? clipped / truth : 1;
  const verdict = product < 0 ? 'inverts' : kept < LITTLE ? 'shrinks' : 'harmless';
  return { answers: measured.length, product, cosine, kept, verdict };
}

/** Inner product of the two gradients of an answer; a token at which one of them is zero adds nothing. */
const productOf = ({ cosine, length, trueLength }: ClippedGuidance): number =>
  sum(cosine.map((c, t) => (Number.isNaN(c) ? 0 : c * (length[t] as number) * (trueLength[t] as number))));

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The numbers of one answer at its places from `first` to before `end`; undefined where it has no gradient there. */
function answerAt(guidance: ClippedGuidance, first: number, end: number) {
  const at = (name: keyof ClippedGuidance): readonly number[] => guidance[name].slice(first, end);
  const [length, truth, cosine] = [at('length'), at('trueLength'), at('cosine')];
  const squared = (values: readonly number[]): number => sum(values.map((x) => x * x));
  const both = Math.sqrt(squared(length) * squared(truth));
  return {
    tokens: cosine.length,
    alignment: both > 0 ? [productOf({ ...guidance, cosine, length, trueLength: truth }) / both] : [],
    inverted: cosine.map((c) => (c < 0 ? 1 : 0)),
    kept: squared(truth) > 0 ? [Math.sqrt(squared(length) / squared(truth))] : [],
    divergence: at('divergence'),
  };
}

function placesOf(byQuestion: readonly (readonly ClippedGuidance[])[]): Omit<ClippedPlaces, 'clip'>[] {
  const spans = EDGES.slice(1).map((end, i) => [EDGES[i] as number, end] as const);
  return [[0, Number.POSITIVE_INFINITY] as const, ...spans].flatMap(([first, end]) => {
    const found = byQuestion.map((own) => own.map((guidance) => answerAt(guidance, first, end)));
    const tokens = sum(found.flat().map((own) => own.tokens));
    const mean = (name: 'alignment' | 'inverted' | 'kept' | 'divergence'): Estimate =>
      clusteredMean(found.map((own) => own.flatMap((answer) => [...answer[name]])));
    if (tokens === 0) return [];
    const measures = { alignment: mean('alignment'), inverted: mean('inverted'), kept: mean('kept') };
    const longest = Math.max(...byQuestion.flat().map(({ cosine }) => cosine.length));
    return [{ first, end: Math.min(end, longest), tokens, ...measures, divergence: mean('divergence') }];
  });
}

function cellsOf(measured: readonly ClippedGuidance[]): Omit<ClippedCell, 'clip'>[] {
  const cosines = new Map<number, number[]>();
  const bin = (p: number): number => Math.min(BINS - 1, Math.floor(p * BINS));
  for (const { teacher, student, cosine } of measured)
    cosine.forEach((c, t) => {
      if (Number.isNaN(c)) return;
      const cell = bin(teacher[t] as number) * BINS + bin(student[t] as number);
      cosines.set(cell, [...(cosines.get(cell) ?? []), c]);
    });
  return [...cosines].map(([cell, own]) => ({
    teacher: Math.floor(cell / BINS) / BINS,
    student: (cell % BINS) / BINS,
    tokens: own.length,
    cosine: sum(own) / own.length,
  }));
}
