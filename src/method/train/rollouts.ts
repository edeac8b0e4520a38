/**
 * Gets the completions of a training step: picks questions in seeded order, samples from the current policy or the
 * teacher (or takes solutions from the data), and has the algorithm assess them.
 */

import type { StageSettings } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { Tokenizer } from '../../engine/files/tokenizer';
import { endOfTurn, type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { led } from '../../engine/model/ranks';
import { createRandom, hashString, hashWords, uniformAt } from '../../engine/tensors/random';
import { type Mixture, type Turn, turns } from '../../questions/mixture';
import type { ViewRequest, Views } from '../../questions/tasks/views';
import {
  type Algorithm,
  type Assessment,
  type Assessments,
  criterionViews,
  type Example,
  type RolloutGroup,
  type TrainingRollout,
} from '../algorithms/algorithm';
import { type Author, type Rollout, sampleName } from '../rollout/rollout';
import { scoreCompletions } from '../scoring/logprobs';
import { countedTokens, distanceMetrics, draw, rescored, type Sampler, tokenImportance } from './drawing';

/** The parts of a run that this file needs. */
export interface RolloutRun {
  readonly algorithm: Algorithm;
  readonly settings: StageSettings;
  readonly examples: readonly Example[];
  /** The data sets of the examples and the weight of each; without it every example counts the same. */
  readonly mixture?: Mixture;
  readonly views: Views;
  readonly seed: { readonly data: number; readonly sampling: number };
  /** Most completions that are decoded at once; default as in `generate`. */
  readonly maxBatch?: number;
  /** Who draws completions in place of the policy. */
  readonly sampler?: Sampler | undefined;
}

/** An example with the number of its sample; no two draws of a run have the same example and number. */
export interface BatchExample extends Example {
  readonly sample: number;
}

/** What one step learns from. */
export interface Collected {
  /** The completions to learn from, a selection of all that were drawn. */
  readonly learned: readonly TrainingRollout[];
  readonly drawn: readonly Rollout[];
  /** Counters from the algorithm's judging, and of how far a sampler is from the policy. */
  readonly metrics: Assessments['metrics'];
}

/** Examples that are drawn in an order of their own, epoch after epoch. */
interface Pool {
  readonly examples: readonly Example[];
  /** The order of an epoch. */
  readonly order: (epoch: number) => readonly number[];
}

/** One pool of all examples, or one for each data set of a mixture. Throws InputError where one has none. */
function poolsOf({ examples, mixture, seed }: RolloutRun): Pool[] {
  if (examples.length === 0) throw new InputError('There are no training questions; choose another data setting.');
  const pool = (own: readonly Example[], ...set: readonly number[]): Pool => {
    const orders = new Map<number, readonly number[]>();
    return {
      examples: own,
      order: (epoch) => {
        const known = orders.get(epoch);
        const order = known ?? createRandom(hashWords(seed.data, epoch, ...set)).shuffle(own.map((_, index) => index));
        orders.set(epoch, order);
        return order;
      },
    };
  };
  if (!mixture) return [pool(examples)];
  return mixture.sets.map((name, set) => {
    const own = examples.filter(({ question: { id } }) => mixture.origins.get(id) === name);
    if (own.length === 0)
      throw new InputError(
        `No question of ${name} is left to learn from; leave it out of the data, or choose another.`,
      );
    return pool(own, set);
  });
}

/**
 * The examples of a step (from 0), each repeated as often as the algorithm compares samples of it. The order is
 * shuffled anew every epoch (of each data set, where several have weights) and depends only on seed and step.
 */
export function batchExamples(run: RolloutRun, step: number): BatchExample[] {
  const { algorithm, mixture, settings } = run;
  const pools = poolsOf(run);
  const group = algorithm.groupSize ?? 1;
  const questions = settings.batch_size / group;
  const first = step * questions;
  const drawn: readonly Turn[] = mixture
    ? turns(mixture.weights, first + questions).slice(first)
    : Array.from({ length: questions }, (_, i) => ({ set: 0, before: first + i }));
  return drawn.flatMap(({ set, before }) => {
    const { examples, order } = pools[set] as Pool;
    const epoch = Math.floor(before / examples.length);
    const example = examples[order(epoch)[before % examples.length] as number] as Example;
    return Array.from({ length: group }, (_, k) => ({ ...example, sample: epoch * group + k }));
  });
}

/** Completions for the examples, assessed, with both prompts, ready for the loss. */
export async function collectCompletions(
  run: RolloutRun,
  examples: readonly BatchExample[],
  models: Models,
): Promise<Collected> {
  const tokenizer = requireTokenizer(models.current);
  const { algorithm, views, settings } = run;
  const studentTexts = examples.map((example) => views.render(algorithm.studentView(example)));
  const studentPrompts = studentTexts.map((text) => tokenizer.encode(text));
  const { rolloutView } = algorithm;
  const seenAt = (example: BatchExample, i: number): number[] =>
    rolloutView ? tokenizer.encode(views.render(rolloutView(example))) : (studentPrompts[i] as number[]);
  const rollouts = await drawCompletions(
    run,
    examples.map((example, i) => ({ example, prompt: seenAt(example, i) })),
    models,
  );
  // A reward may ask a server or run a user's own code: once, and not in every rank.
  const { assessments, metrics } = await led(models.current.ranks, () => assessed(algorithm, examples, rollouts));
  const kept = rollouts.flatMap((rollout, i) => {
    const mask = settings.mask_thinking ? thinkingMask(rollout.completionTokens, tokenizer) : undefined;
    const assessment = assessments[i];
    if (mask === null || !assessment) return [];
    const { temperature } = settings.sampling;
    const importance = tokenImportance(rollout, { sampler: run.sampler, temperature });
    const shown = assessment.masked ? rollout.completionTokens.map(() => false) : countedTokens(mask, importance);
    const example = examples[i] as BatchExample;
    return {
      rollout,
      example,
      assessment,
      studentText: studentTexts[i] as string,
      studentPrompt: studentPrompts[i] as number[],
      ...(shown && { mask: shown }),
      ...(importance && { importance }),
    };
  });
  const oneEach = settings.teacher_mixture !== 'joint';
  const taught =
    algorithm.teacherView && (oneEach ? criterionPrompts(run, kept, models) : await teacherPrompts(run, kept, models));
  const hinted = algorithm.hintViews && (await scoreHints(run, kept, models));
  const learned = kept.map(({ rollout, example: _, ...rest }, i) => {
    const hints = hinted?.[i];
    return {
      ...rollout,
      ...rest,
      ...(hints && { hinted: hints }),
      ...taught?.[i],
    };
  });
  return { learned, drawn: rollouts, metrics: { ...metrics, ...distanceMetrics(rollouts, run.sampler) } };
}

/**
 * Who writes the completion of an example (student, teacher or the data); depends only on seed, question and sample.
 */
function authorOf({ algorithm, seed }: RolloutRun, { question, sample }: BatchExample): Author {
  const { rollouts } = algorithm;
  if (typeof rollouts === 'string') return rollouts;
  return rollouts(uniformAt(hashWords(seed.sampling, 2), hashString(question.id), sample));
}

/** One completion for each prompt, in order, written by the author that the algorithm names. */
async function drawCompletions(
  run: RolloutRun,
  prompted: readonly { readonly example: BatchExample; readonly prompt: number[] }[],
  { current, teacher, signal }: Models,
): Promise<Rollout[]> {
  const authors = prompted.map(({ example }) => authorOf(run, example));
  const by = async (author: Author, policy: LanguageModel): Promise<Rollout[]> => {
    const own = prompted.filter((_, i) => authors[i] === author);
    if (own.length === 0) return [];
    return sampleCompletions(
      run,
      own.map(({ example }) => example),
      {
        current: policy,
        author,
        prompts: own.map(({ prompt }) => prompt),
        seed: run.seed.sampling,
        signal,
        learned: true,
      },
    );
  };
  const sampled = { student: await by('student', current), teacher: await by('teacher', teacher) };
  return prompted.map(({ example, prompt }, i) => {
    const author = authors[i] as Author;
    return author === 'data'
      ? referenceRollout(run.algorithm, { example, promptTokens: prompt, model: current })
      : (sampled[author].shift() as Rollout);
  });
}

/**
 * The algorithm's assessment of each rollout; null leaves a rollout out. An algorithm that assesses none learns from all
 * of them.
 */
async function assessed(
  { assess, groupSize = 1 }: Algorithm,
  examples: readonly BatchExample[],
  rollouts: readonly Rollout[],
): Promise<Pick<Assessments, 'metrics'> & { assessments: readonly (Assessment | null)[] }> {
  if (!assess) return { assessments: rollouts.map(() => ({})), metrics: {} };
  const groups = Array.from({ length: rollouts.length / groupSize }, (_, i): RolloutGroup => {
    const start = i * groupSize;
    return { example: examples[start] as Example, rollouts: rollouts.slice(start, start + groupSize) };
  });
  const { assessments, metrics } = await assess(groups);
  return { assessments: assessments.flat(), metrics };
}

interface Models {
  readonly current: LanguageModel;
  readonly teacher: LanguageModel;
  readonly signal?: AbortSignal;
}

/** A completion whose teacher is about to read it. */
interface Kept {
  readonly example: BatchExample;
  readonly assessment: Assessment;
}

const teacherRequest = ({ algorithm }: RolloutRun, { example, assessment }: Kept): ViewRequest =>
  algorithm.teacherView?.(example, assessment) ?? algorithm.studentView(example);

/** The prompts of the teachers that see one criterion each. */
function criterionPrompts(
  run: RolloutRun,
  kept: readonly Kept[],
  { current }: Models,
): Required<Pick<TrainingRollout, 'criteria' | 'criterionPrompts'>>[] {
  const { encode } = requireTokenizer(current);
  return kept.map((each) => {
    const criteria = criterionViews(teacherRequest(run, each)).map(({ criterion: { id }, view }) => ({
      id,
      teacherText: run.views.render(view),
    }));
    return { criteria, criterionPrompts: criteria.map(({ teacherText }) => encode(teacherText)) };
  });
}

/**
 * The teacher's prompts. With `reason_first`, the teacher has first read the privileged text and written an analysis of
 * it: the prompt is then the request for the analysis, the analysis itself and a transition, as one sequence of tokens.
 */
async function teacherPrompts(
  run: RolloutRun,
  kept: readonly Kept[],
  models: Models,
): Promise<Required<Pick<TrainingRollout, 'teacherText' | 'teacherPrompt'>>[]> {
  const { views, settings } = run;
  const { encode, decode } = requireTokenizer(models.current);
  const examples = kept.map(({ example }) => example);
  const requests = kept.map((each) => teacherRequest(run, each));
  if (!settings.reason_first) {
    return requests
      .map((request) => views.render(request))
      .map((teacherText) => ({ teacherText, teacherPrompt: encode(teacherText) }));
  }
  const { reasonFirst } = views;
  if (!reasonFirst)
    throw new InputError(
      'reason_first needs prompts that can ask for an analysis, which this task does not have; set reason_first=false.',
    );
  const prompts = requests.map((request) => encode(reasonFirst.analysis(request)));
  const writer = settings.reason_by === 'teacher' ? models.teacher : models.current;
  // Separate random numbers: the analysis must not reuse those of the completion of the same question and sample.
  const seed = hashWords(run.seed.sampling, 1);
  const analyses = await sampleCompletions(run, examples, {
    current: writer,
    author: settings.reason_by,
    prompts,
    seed,
    signal: models.signal,
    sampling: { ...settings.sampling, ...settings.reason_sampling },
  });
  return analyses.map(({ promptTokens, completionTokens }, i) => {
    const ended = writer.config.eosTokenIds.includes(completionTokens[completionTokens.length - 1] as number);
    const analysis = ended ? completionTokens.slice(0, -1) : completionTokens;
    const transition = encode(reasonFirst.transition(requests[i] as ViewRequest));
    const teacherPrompt = [...promptTokens, ...analysis, ...transition];
    return { teacherText: decode(teacherPrompt), teacherPrompt };
  });
}

/** The log-probabilities of each completion under the teacher's weights, once behind each of the algorithm's hints. */
async function scoreHints(
  { algorithm, views, settings }: RolloutRun,
  kept: readonly { readonly rollout: Rollout; readonly example: BatchExample; readonly assessment: Assessment }[],
  { current, teacher, signal }: Models,
): Promise<number[][][]> {
  const { encode } = requireTokenizer(current);
  const hinted = kept.map(({ rollout, example, assessment }) =>
    (algorithm.hintViews?.(example, assessment) ?? []).map((request) => ({
      promptTokens: encode(views.render(request)),
      completionTokens: rollout.completionTokens,
    })),
  );
  const { temperature } = settings.sampling;
  const owners = hinted.flatMap((own, i) => own.map(() => kept[i] as (typeof kept)[number]));
  const nameOf = (i: number): string => sampleName((owners[i] as (typeof kept)[number]).rollout);
  const scores = await scoreCompletions(teacher, hinted.flat(), { temperature, signal, nameOf });
  let at = 0;
  return hinted.map((own) => own.map(() => [...(scores[at++]?.logprobs ?? [])]));
}

async function sampleCompletions(
  run: RolloutRun,
  examples: readonly BatchExample[],
  {
    current,
    prompts,
    author,
    seed,
    signal,
    sampling = run.settings.sampling,
    learned = false,
  }: {
    current: LanguageModel;
    author: Author;
    prompts: number[][];
    seed: number;
    signal?: AbortSignal;
    sampling?: StageSettings['sampling'];
    /** Whether the loss takes them, which must know how likely the policy finds them. */
    learned?: boolean;
  },
): Promise<Rollout[]> {
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens } = sampling;
  const requests = examples.map(({ question, sample }, i) => ({
    questionId: question.id,
    sample,
    promptTokens: prompts[i] as number[],
  }));
  const { sampler, maxBatch } = run;
  const options = { temperature, topP, topK, maxTokens, author, seed, signal, maxBatch };
  const rollouts = await draw(current, requests, { ...options, sampler });
  return sampler && learned ? rescored(current, rollouts, { ...options, sampler }) : rollouts;
}

interface ReferenceRequest {
  readonly example: BatchExample;
  readonly promptTokens: number[];
  readonly model: LanguageModel;
}

/** The solution from the data as a completion, followed by the model's end token. */
function referenceRollout(
  { solution: written }: Algorithm,
  { example: { question, sample }, promptTokens, model }: ReferenceRequest,
): Rollout {
  const solution = written?.(question) ?? question.solution;
  if (solution === undefined) {
    throw new InputError(
      `Question ${question.id} has no solution to learn from; add a solution to every question, or choose settings that learn from sampled completions only.`,
    );
  }
  const tokenizer = requireTokenizer(model);
  return {
    questionId: question.id,
    sample,
    author: 'data',
    promptTokens,
    completionTokens: [...tokenizer.encodeReply(solution), endOfTurn(model)],
    logprobs: [],
    samplingLogprobs: [],
    text: solution,
    finishReason: 'stop',
    seed: 0,
  };
}

/**
 * False up to and including the first `</think>`, true after it; null for a completion that never closes its thinking.
 */
export function thinkingMask(tokens: readonly number[], tokenizer: Pick<Tokenizer, 'encode'>): boolean[] | null {
  const close = tokenizer.encode('</think>');
  const at = tokens.findIndex((_, i) => close.every((token, k) => tokens[i + k] === token));
  return at < 0 ? null : tokens.map((_, i) => i >= at + close.length);
}
