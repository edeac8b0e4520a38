/**
 * What each context is worth to a model that is not trained: for every question and context, the log-likelihood of the reference
 * solution and which of the choices the model finds likeliest. No answer is drawn, so that it is cheap and has no sampling noise.
 */
import type { TrainConfig } from '../../base/config/configs';
import type { OperationOptions, ProgressEvent } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import { requireTokenizer } from '../../engine/model/model';
import { createRandom, hashString, hashWords } from '../../engine/tensors/random';
import { scoreCompletions } from '../../method/scoring/logprobs';
import type { Sequence } from '../../method/scoring/sequence';
import { letterAt, lettersOf, placeOf } from '../../questions/grading/letters';
import type { ViewRequest } from '../../questions/tasks/views';
import type { Estimate } from '../../results/evaluation/intervals';
import { estimate } from '../../results/evaluation/statistics';
import type { Session } from '../session/session';
import { solutionBehind, studentView, teacherOf, teacherView } from '../session/shown';

/** What stands in the prompt beside the question; `shuffled` and `wrong` are its controls. */
export const MATRIX_CONTEXTS = [
  'none',
  'reference',
  'shuffled',
  'placebo',
  'generic',
  'answer',
  'wrong answer',
] as const;
/** One of them. */
export type MatrixContext = (typeof MATRIX_CONTEXTS)[number];

/** One question under one context. */
export interface MatrixRow {
  readonly question: string;
  readonly context: MatrixContext;
  /** Mean log-probability of a token of the reference solution, nats. */
  readonly solution: number;
  /** Log-probability of the sentence that names each choice, in their order; absent without choices. */
  readonly options?: readonly number[];
  /** Whether the right one is the likeliest. */
  readonly correct?: boolean;
}

/** The source of each context's rubric. */
const RUBRICS: Partial<Record<MatrixContext, string>> = {
  reference: 'reference',
  shuffled: 'random',
  placebo: 'placebo',
  generic: 'generic',
};

/** Measures every question under every context, or under those named. Throws InputError where a question lacks what a context shows. */
export async function measureContexts(
  session: Session,
  config: TrainConfig,
  {
    questions,
    contexts = MATRIX_CONTEXTS,
    signal,
    onProgress,
  }: OperationOptions & { readonly questions: readonly Question[]; readonly contexts?: readonly MatrixContext[] },
): Promise<MatrixRow[]> {
  const rows: MatrixRow[] = [];
  for (const context of contexts) {
    const view = viewOf(session, config, { questions, context });
    const cases = questions.map((question) => casesOf(session, view(question)));
    const tell = (event: ProgressEvent) => onProgress?.({ ...event, stage: context });
    const scores = (await scoreCompletions(session.model, cases.flat(), { signal, onProgress: tell })).values();
    for (const [i, question] of questions.entries()) {
      const [solution = [], ...options] = (cases[i] ?? []).map(() => scores.next().value?.logprobs ?? []);
      rows.push(rowOf(question, context, { solution, options }));
    }
  }
  return rows;
}

interface Scored {
  readonly solution: readonly number[];
  readonly options: readonly (readonly number[])[];
}

function rowOf({ id, answer }: Question, context: MatrixContext, { solution, options }: Scored): MatrixRow {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const totals = options.map(sum);
  return {
    question: id,
    context,
    solution: sum(solution) / solution.length,
    ...(totals.length > 0 && {
      options: totals,
      correct: totals.indexOf(Math.max(...totals)) === placeOf(answer),
    }),
  };
}

/** The sentences that name each of some choices as the answer. */
export const optionSentences = (choices: readonly string[]): string[] =>
  choices.map((_, i) => `The answer is \\boxed{${letterAt(i)}}.`);

/** The solution and the sentence of each choice, behind one prompt. */
function casesOf(session: Session, view: ViewRequest): Sequence[] {
  const { encode } = requireTokenizer(session.model);
  const solution = solutionBehind(session, view);
  const options = optionSentences(view.question.choices ?? []).map((sentence) => encode(sentence));
  return [solution, ...options.map((completionTokens) => ({ ...solution, completionTokens }))];
}

function viewOf(
  session: Session,
  config: TrainConfig,
  { questions, context }: { questions: readonly Question[]; context: MatrixContext },
): (question: Question) => ViewRequest {
  if (context === 'none') return (question) => studentView(config, question);
  if (context === 'answer') return (question) => teacherView(config, question, { context: 'answer' });
  if (context === 'wrong answer')
    return (question) =>
      teacherView(config, question, { context: 'answer', answer: wrongAnswer(question, questions, config) });
  return teacherOf(session, config, { questions, context: 'rubric', source: RUBRICS[context] }).view;
}

/** Another of the choices, or the answer of another question without choices. */
function wrongAnswer({ id, answer, choices }: Question, all: readonly Question[], { seed }: TrainConfig): string {
  const random = createRandom(hashWords(seed.data, hashString(id)));
  if (choices) return random.pick([...lettersOf(choices.length)].filter((letter) => letter !== answer));
  return random.pick(all.filter((other) => !other.choices && other.answer !== answer)).answer;
}

/** A context against another, paired over questions. */
export interface ContextDifference {
  readonly context: MatrixContext;
  readonly against: MatrixContext;
  /** Nats a token of the solution. */
  readonly solution: Estimate;
  /** Share of questions whose right choice is the likeliest; over those with choices. */
  readonly option?: Estimate;
}

/** The difference of two contexts over the questions that have both. */
export function contextDifference(
  rows: readonly MatrixRow[],
  [context, against]: readonly [MatrixContext, MatrixContext],
): ContextDifference {
  const of = (name: MatrixContext): MatrixRow[] => rows.filter((row) => row.context === name);
  const other = new Map(of(against).map((row) => [row.question, row]));
  const pairs = of(context).flatMap((row) => {
    const base = other.get(row.question);
    return base ? [{ row, base }] : [];
  });
  const options = pairs.flatMap(({ row, base }) =>
    row.correct === undefined || base.correct === undefined ? [] : [Number(row.correct) - Number(base.correct)],
  );
  return {
    context,
    against,
    solution: estimate(pairs.map(({ row, base }) => row.solution - base.solution)),
    ...(options.length > 0 && { option: estimate(options) }),
  };
}
