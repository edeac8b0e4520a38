/** Tables about the letters of choices: which are right, which are given, and where each mode shows the right one. */

import type { Question } from '../../base/records/question';
import { arrangeChoices } from '../../questions/grading/arrange';
import { lettersOf, placeOf } from '../../questions/grading/letters';
import { MODES } from '../../questions/grading/modes';
import { percent } from '../../results/figures/text';
import type { MethodEvaluation } from '../../run/experiments/comparison';
import type { Row } from './analysis';
import type { MethodLikelihoods } from './benchmarks';

/**
 * Share of each letter among the right answers and among the given ones; an answer without a letter counts for none.
 */
export function letterRows(
  methods: readonly MethodEvaluation[],
  likelihoods: readonly MethodLikelihoods[] = [],
): Row[] {
  const withChoices = ({ evaluation }: MethodEvaluation) =>
    evaluation.results.filter(({ question }) => question.choices);
  const results = methods.slice(0, 1).flatMap(withChoices);
  const most = Math.max(0, ...results.map(({ question }) => question.choices?.length ?? 0));
  const share = (values: readonly (string | null)[], letter: string) =>
    percent(values.filter((value) => value === letter).length / values.length);
  const given = methods.map((own) => ({
    name: `${own.method} answers`,
    values: withChoices(own).flatMap(({ responses }) => responses.map(({ extracted }) => extracted)),
  }));
  const likeliest = likelihoods.map(({ method, results: own }) => ({
    name: `${method} finds likeliest`,
    values: own.map(({ chosen }) => chosen.acc),
  }));
  const right = { name: 'right', values: results.map(({ question }) => question.answer) };
  return [...lettersOf(most)].map((letter) => ({
    letter,
    ...Object.fromEntries([right, ...given, ...likeliest].map(({ name, values }) => [name, share(values, letter)])),
  }));
}

/** Puts the right choice first, as GPQA publishes its questions; a mode then arranges the choices as it would there. */
export function rightFirst(questions: readonly Question[]): Question[] {
  return questions.map((question) => {
    const places = (question.choices ?? []).map((_, i) => i);
    const right = placeOf(question.answer);
    const arranged = arrangeChoices(question, [right, ...places.filter((place) => place !== right)]);
    return { ...arranged, metadata: { ...arranged.metadata, correct_first: true } };
  });
}

/** At which letter each mode shows the right choice of these questions, in percent. */
export function placeRows(questions: readonly Question[]): Row[] {
  const most = Math.max(0, ...questions.map(({ choices = [] }) => choices.length));
  return MODES.map((mode) => {
    const shown = questions.map((question, i) => mode.arrange(question, i).answer);
    const share = (letter: string) => percent(shown.filter((own) => own === letter).length / shown.length);
    const cells = [...lettersOf(most)].map((letter) => [letter, share(letter)]);
    return { mode: mode.name, ...Object.fromEntries(cells) };
  });
}
