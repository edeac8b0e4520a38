/** Tables about graded answers for the benchmarks' notebooks: by subject, by mode, by length, by question. */

import { decodingText } from '../../base/records/decoding';
import type { Question } from '../../base/records/question';
import { letterAt } from '../../questions/grading/letters';
import { gradeIfKnown, MODES } from '../../questions/grading/modes';
import {
  agreementConfidence,
  type Confidence,
  choiceProbabilities,
  reliability,
} from '../../results/evaluation/calibration';
import { scoresOf } from '../../results/evaluation/evaluate';
import { groupsOf } from '../../results/evaluation/groups';
import type { Estimate } from '../../results/evaluation/intervals';
import { LIKELIHOOD_RULES } from '../../results/evaluation/loglikelihood';
import { type Graded, gradingReport } from '../../results/evaluation/modes';
import { holm } from '../../results/evaluation/multiplicity';
import { permutationTest } from '../../results/evaluation/paired';
import { binaryVariances, detectableSentence } from '../../results/evaluation/power';
import { clusteredShare, pairedShareDifference } from '../../results/evaluation/statistics';
import type { ReliabilitySeries } from '../../results/figures/reliability';
import { percent, percentInterval, visibleText } from '../../results/figures/text';
import type { MethodEvaluation } from '../../run/experiments/comparison';
import type { MethodLikelihoods } from './benchmarks';

/** A row of a table. */
export type Row = Readonly<Record<string, string | number>>;

/** A method with the decoding of its answers, as a name in tables. */
export const decodedName = ({ method, evaluation }: MethodEvaluation): string =>
  `${method} (${decodingText(evaluation.summary.decoding)})`;

/** How many characters of a question (SHORT) or an answer (LONG) a cell shows. */
const [SHORT, LONG] = [160, 600];
/** The most groups in a table. */
const MOST_GROUPS = 20;

/** Mean of numbers; NaN for none, which tables show as a dash. */
export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const only = (methods: readonly MethodEvaluation[], ids: ReadonlySet<string>): number[][][] =>
  methods.map(({ evaluation }) => scoresOf(evaluation.results.filter(({ question }) => ids.has(question.id))));

/** Fields in which data sets store their subjects. */
const SUBJECTS = ['domain', 'topic', 'subject'] as const;

/** The subject of each question, from the field that makes the fewest groups, but at least two. */
function subjectsOf(questions: readonly Question[]): (question: Question) => string {
  const by = (name: string) => (question: Question) => String(question.metadata?.[name] ?? '–');
  const counted = SUBJECTS.map((name) => ({ name, groups: new Set(questions.map(by(name))).size }));
  const [fewest] = counted.filter(({ groups }) => groups > 1).sort((a, b) => a.groups - b.groups);
  return fewest ? by(fewest.name) : (question) => groupsOf(question).subject ?? 'all';
}

/** Score of each method by subject, with its 95 % interval over questions; the largest subjects come first. */
export function subjectRows(methods: readonly MethodEvaluation[]): Row[] {
  const questions = (methods[0]?.evaluation.results ?? []).map(({ question }) => question);
  const subjectOf = subjectsOf(questions);
  const ids = new Map<string, Set<string>>();
  for (const question of questions) {
    const name = subjectOf(question);
    ids.set(name, (ids.get(name) ?? new Set()).add(question.id));
  }
  return [...ids]
    .sort(([, a], [, b]) => b.size - a.size)
    .slice(0, MOST_GROUPS)
    .map(([subject, own]) => {
      const scores = only(methods, own);
      const cells = methods.map((own, i) => [decodedName(own), percentInterval(clusteredShare(scores[i] ?? []))]);
      return { subject: visibleText(subject, 60), questions: own.size, ...Object.fromEntries(cells) };
    });
}

/**
 * Says how small a difference this many questions and samples can detect, with the score variance of the first method.
 */
export function powerSentence([first]: readonly MethodEvaluation[]): string {
  const { accuracy, samples } = first?.evaluation.summary ?? { accuracy: { value: 0.5, n: 0 }, samples: 1 };
  // Laplace's rule: a score of exactly 0 or 1 would have no variance, which is not credible for further answers.
  const share = (accuracy.value * accuracy.n + 1) / (accuracy.n + 2);
  return detectableSentence({ questions: accuracy.n, samples, paired: true, ...binaryVariances(share) }, 0.01);
}

/**
 * Each method against the first one on the questions that both have: difference with 95 % interval, permutation test,
 * Holm's p-value.
 */
export function differenceRows(methods: readonly MethodEvaluation[]): Row[] {
  const [base, ...others] = methods;
  if (!base) return [];
  const compared = others.map((own) => {
    const { evaluation } = own;
    const later = new Map(evaluation.results.map((result) => [result.question.id, result]));
    const pairs = base.evaluation.results.flatMap((result) => {
      const other = later.get(result.question.id);
      const [a = [], b = []] = scoresOf(other ? [other, result] : []);
      return a.length > 0 && b.length > 0 ? [[a, b] as const] : [];
    });
    const [scores, first] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
    const better = pairs.filter(([a, b]) => mean(a) > mean(b)).length;
    const worse = pairs.filter(([a, b]) => mean(a) < mean(b)).length;
    const difference = pairedShareDifference(scores, first);
    return { method: decodedName(own), better, worse, difference, p: permutationTest(scores, first).p };
  });
  const adjusted = holm(compared.map(({ p }) => p));
  return compared.map(({ method, better, worse, difference, p }, i) => ({
    [`against ${decodedName(base)}`]: method,
    questions: difference.n,
    better,
    worse,
    'difference in points': pointsInterval(difference),
    p: Number(p.toFixed(3)),
    Holm: Number((adjusted[i] ?? p).toFixed(3)),
  }));
}

const pointsInterval = ({ value, low, high }: Estimate): string =>
  `${(100 * value).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;

/** How each mode grades the same answers: share right with Wilson's interval, and how often it finds no answer. */
export function modeRows(methods: readonly MethodEvaluation[]): Row[] {
  return methods.flatMap((own) => {
    const { evaluation } = own;
    const graded = evaluation.results.flatMap(({ question, responses }) =>
      responses.map(({ text }): Graded => {
        const grades = MODES.map((mode) => [mode.name, gradeIfKnown(mode, question, text)]);
        return { id: question.id, grades: Object.fromEntries(grades) };
      }),
    );
    const { modes, disputed } = gradingReport(graded);
    return modes
      .filter(({ n }) => n > 0)
      .map(({ mode, n, accuracy, low, high, unparsed }) => ({
        method: decodedName(own),
        mode,
        answers: n,
        right: percentInterval({ value: accuracy, low, high }),
        'nothing found': unparsed,
        'modes disagree on': disputed.length,
      }));
  });
}

/** Answers in which nothing was found, by reason. */
export function failureRows(methods: readonly MethodEvaluation[]): Row[] {
  return methods.map(({ method, evaluation }) => {
    const answers = evaluation.results.flatMap(({ responses }) => responses);
    const lost = answers.filter(({ extracted }) => extracted === null);
    const cut = lost.filter(({ truncated }) => truncated).length;
    const empty = lost.filter(({ text }) => text.trim() === '').length;
    return {
      method,
      answers: answers.length,
      'answer found': answers.length - lost.length,
      'cut off before it': cut,
      empty,
      'ended without one': lost.length - cut - empty,
      'cut off in all': answers.filter(({ truncated }) => truncated).length,
    };
  });
}

/** Reliability by agreement among the samples of a question; one line for each method. */
export const agreementSeries = (methods: readonly MethodEvaluation[]): CalibratedSeries[] =>
  methods.map((own) =>
    calibrated(
      decodedName(own),
      own.evaluation.results.map(({ responses }) => agreementConfidence(responses)),
    ),
  );

/** Reliability by the probability of the most likely choice. */
export const likelihoodSeries = (methods: readonly MethodLikelihoods[]): CalibratedSeries[] =>
  methods.map(({ method, results }) =>
    calibrated(
      method,
      results.map(({ loglikelihoods, correct }) => ({
        confidence: Math.max(...choiceProbabilities(loglikelihoods)),
        correct: Number(correct.acc),
      })),
    ),
  );

/** A line of a reliability diagram, and its calibration numbers. */
export interface CalibratedSeries extends ReliabilitySeries {
  readonly row: Row;
}

function calibrated(name: string, answers: readonly Confidence[]): CalibratedSeries {
  const { bins, n, error, brier } = reliability(answers);
  return {
    name,
    bins,
    row: {
      method: name,
      questions: n,
      'mean confidence': percent(mean(answers.map(({ confidence }) => confidence))),
      right: percent(mean(answers.map(({ correct }) => correct))),
      'calibration error': percent(error),
      'Brier score': Number(brier.toFixed(3)),
    },
  };
}

/** Accuracy by each rule of log-likelihood. */
export const likelihoodRows = (methods: readonly MethodLikelihoods[]): Row[] =>
  methods.map(({ method, results }) => {
    const cells = LIKELIHOOD_RULES.map((rule) => [
      rule,
      percentInterval(clusteredShare(results.map(({ correct }) => [Number(correct[rule])]))),
    ]);
    return { method, questions: results.length, ...Object.fromEntries(cells) };
  });

/** Score by thirds of each method's answers, sorted by length in tokens; intervals over questions. */
export function lengthRows(methods: readonly MethodEvaluation[]): Row[] {
  return methods.flatMap((method) => {
    const answers = method.evaluation.results
      .flatMap(({ question, responses }) =>
        responses.map((response) => ({
          id: question.id,
          tokens: response.tokens,
          cut: response.truncated,
          score: response.score ?? Number(response.correct),
        })),
      )
      .sort((a, b) => a.tokens - b.tokens);
    return ['shortest', 'middle', 'longest'].map((third, i) => {
      const own = answers.slice(Math.floor((i * answers.length) / 3), Math.floor(((i + 1) * answers.length) / 3));
      const byQuestion = [...new Set(own.map(({ id }) => id))].map((id) =>
        own.filter((each) => each.id === id).map(({ score }) => score),
      );
      return {
        method: decodedName(method),
        third,
        tokens: own.length > 0 ? `${own[0]?.tokens} to ${own.at(-1)?.tokens}` : '–',
        answers: own.length,
        score: percentInterval(clusteredShare(byQuestion)),
        'cut off': own.filter(({ cut }) => cut).length,
      };
    });
  });
}

const shownQuestion = ({ question, choices = [] }: Question): string =>
  [question, ...choices.map((choice, i) => `${letterAt(i)}) ${choice}`)].join(' ');

/** The questions on which the methods' scores differ most. */
export function disagreementRows(methods: readonly MethodEvaluation[], most = 10): Row[] {
  const [first] = methods;
  const rows = (first?.evaluation.results ?? []).map(({ question }) => {
    const scores = methods.map(({ evaluation }) => {
      const [own = []] = scoresOf(evaluation.results.filter((result) => result.question.id === question.id));
      return mean(own);
    });
    return { question, scores, spread: Math.max(...scores) - Math.min(...scores) };
  });
  return rows
    .filter(({ spread }) => spread > 0)
    .sort((a, b) => b.spread - a.spread)
    .slice(0, most)
    .map(({ question, scores }) => ({
      question: visibleText(shownQuestion(question), SHORT),
      reference: visibleText(question.answer, 60),
      ...Object.fromEntries(methods.map((own, i) => [decodedName(own), percent(scores[i])])),
    }));
}

/**
 * The questions that a method got wrong most confidently: first those whose samples agree on a wrong answer, last those
 * without any answer.
 */
export function worstRows({ evaluation }: MethodEvaluation, most = 10): Row[] {
  return evaluation.results
    .map(({ question, responses }) => {
      const wrong = responses.filter(({ correct, score }) => (score === undefined ? !correct : (score ?? 1) < 0.5));
      const { confidence } = agreementConfidence(wrong.length > 0 ? wrong : [{ extracted: null, correct: false }]);
      return { question, wrong, all: wrong.length === responses.length, sure: confidence };
    })
    .filter(({ wrong }) => wrong.length > 0)
    .sort((a, b) => Number(b.all) - Number(a.all) || b.sure - a.sure)
    .slice(0, most)
    .map(({ question, wrong }) => ({
      question: visibleText(shownQuestion(question), LONG),
      reference: visibleText(question.answer, 60),
      found: wrong.map(({ extracted }) => visibleText(extracted ?? '–', 60)).join(' | '),
      answer: visibleText(wrong[0]?.text ?? '', LONG),
    }));
}
