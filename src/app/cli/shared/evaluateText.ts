/** The texts that `rcsd evaluate` prints. */

import { decodingText, samplingText } from '../../../base/records/decoding';
import { duration } from '../../../base/records/progress';
import type { SampleRow, TrueRule } from '../../../base/records/rows';
import type { EndpointSettings } from '../../../method/rollout/remote/settings';
import type { Evaluation } from '../../../results/evaluation/evaluate';
import { type Group, questionGroups, type ScoredQuestion, scoredQuestion } from '../../../results/evaluation/groups';
import type { Estimate } from '../../../results/evaluation/intervals';
import { byStratum } from '../../../results/evaluation/ladder';
import { LIKELIHOOD_RULES, type LikelihoodEvaluation } from '../../../results/evaluation/loglikelihood';
import { binaryVariances, counted, detectableSentence, sizeText } from '../../../results/evaluation/power';
import { namedScores } from '../../../results/evaluation/results';
import { clusteredShare } from '../../../results/evaluation/statistics';
import { compactNumber, percentInterval, visibleText } from '../../../results/figures/text';
import type { PreparedTask, Usage } from '../../../run/probes/evaluation';
import type { JudgeUsage } from '../../../run/probes/judging';
import type { PreparedLikelihood } from '../../../run/probes/loglikelihood';
import { textTable } from './textTable';

/** The accuracy that is assumed before an evaluation; the variance of answers hardly changes near it. */
const ASSUMED_ACCURACY = 0.6;

/**
 * Printed before an evaluation: how much will be asked under which decodings, and how small a difference the last of them
 * can detect.
 */
export function planText(prepared: PreparedTask | PreparedLikelihood): string {
  const { task, mode, questions, seconds } = prepared;
  const decodings = 'decodings' in prepared ? prepared.decodings.map(({ decoding }) => decoding) : [];
  const scored = decodings.length === 0;
  const samples = decodings.at(-1)?.samples ?? 1;
  const atMost = scored ? '' : ' if every answer has its full length';
  const time = seconds === undefined ? '' : `; ${scored ? '' : 'at most '}about ${duration(seconds)}${atMost}`;
  const asked = [
    decodings.length === 1 ? sizeText(questions.length, samples) : counted(questions.length, 'question'),
    decodings.map(decodings.length === 1 ? samplingText : decodingText).join('; '),
  ];
  const size = `${task.name}: ${asked.filter(Boolean).join(', ')}, mode ${mode}${time}`;
  const design = { questions: questions.length, samples, paired: true, ...binaryVariances(ASSUMED_ACCURACY) };
  return questions.length > 1 ? `${size}\n  ${detectableSentence(design, 0.01)}` : size;
}

const line = (name: string, text: string): string => `${name.padEnd(14)} ${text}\n`;

/** The first line: what was asked, and what the intervals are over. */
function headText(task: string, size: string, { mode, questions }: { mode: string; questions: number }): string {
  const intervals = questions > 1 ? '95 % intervals over questions' : 'no interval (n = 1)';
  return `${task}: ${size}, mode ${mode}, ${intervals}\n`;
}

/** The accuracies by each rule, and how many questions were too long for the model. */
export function likelihoodText({ task, mode }: PreparedLikelihood, { summary, results }: LikelihoodEvaluation): string {
  const cut = results.filter(({ truncated }) => truncated).length;
  const lost = `${counted(cut, 'question')} longer than the model can read; their beginning was cut off`;
  return (
    headText(task.name, counted(results.length, 'question'), { mode, questions: results.length }) +
    LIKELIHOOD_RULES.map((rule) => line(rule, percentInterval(summary[rule]))).join('') +
    (cut > 0 ? line('truncated', lost) : '')
  );
}

/** The scores of an evaluation: as a list under one decoding, as a table under several or where questions have strata. */
export function scoresText(
  prepared: PreparedTask,
  evaluations: readonly Evaluation[],
  rows: readonly SampleRow[],
): string {
  const [first] = evaluations;
  if (!first || evaluations.length > 1) return ladderText(prepared, evaluations);
  const strata = byStratum(first).size > 0 ? `\n${decodingTable(evaluations)}\n` : '';
  return summaryText(prepared, first) + strata + groupTables(rows, `score, ${decodingText(first.summary.decoding)}`);
}

/** The scores with intervals, and the counts. */
function summaryText({ task, mode }: PreparedTask, { summary, results }: Evaluation): string {
  const { accuracy, process, passAt, majority, samples, unparsed, truncated, unscored, failed, meanLength } = summary;
  const shown = (name: string, estimate: Estimate | undefined) =>
    estimate ? line(name, percentInterval(estimate)) : '';
  const passes = samples > 1 ? passAt.slice(1) : [];
  const judged = passAt.length === 0;
  const asked = `${sizeText(results.length, samples)}, ${samplingText(summary.decoding)}`;
  return (
    headText(task.name, asked, { mode, questions: accuracy.n }) +
    shown(judged ? 'judged' : `avg@${samples}`, accuracy) +
    shown(`maj@${samples}`, majority) +
    passes.map((estimate, i) => shown(`pass@${i + 2}`, estimate)).join('') +
    shown('process score', process) +
    line(
      'mean length',
      `${meanLength.toFixed(1)} tokens; ${unparsed} unparsed, ${truncated} truncated${judged ? `, ${unscored} unscored` : ''}, ${failed} failed`,
    )
  );
}

/** The scores of a ladder, and what its columns mean. */
function ladderText({ task, mode, questions }: PreparedTask, evaluations: readonly Evaluation[]): string {
  const head = headText(task.name, counted(questions.length, 'question'), { mode, questions: questions.length });
  return `${head}\n${decodingTable(evaluations)}\n`;
}

/** One line for each score of each decoding: over all questions, and by stratum. Of pass@k the largest k is shown. */
function decodingTable(evaluations: readonly Evaluation[]): string {
  const strata = [...new Set(evaluations.flatMap((own) => [...byStratum(own).keys()]))];
  const counts = ['unparsed', 'truncated', 'failed'] as const;
  const head = ['decoding', 'score', 'all', ...strata.map((name) => visibleText(name, 30)), ...counts];
  const rows = evaluations.flatMap((evaluation) => {
    const { summary } = evaluation;
    const own = byStratum(evaluation);
    const columns = [summary, ...strata.map((name) => own.get(name)?.summary)];
    const names = Object.keys(namedScores(summary)).filter(
      (name) => !name.startsWith('pass@') || (summary.samples > 1 && name === `pass@${summary.samples}`),
    );
    return names.map((name) => [
      decodingText(summary.decoding),
      name,
      ...columns.map((column) => percentInterval(column && namedScores(column)[name])),
      ...counts.map((count) => String(summary[count])),
    ]);
  });
  return textTable(head, rows);
}

/** How likely the model is to go on with the right rule where a solution names one. */
export function trueRuleText({ mean, strata = {} }: TrueRule): string {
  const shown = Object.entries({ all: mean, ...strata }).map(([name, chance]) => `${name} ${chance.toPrecision(2)}`);
  return line('true rule', `probability, by teacher forcing: ${shown.join(', ')}`);
}

/** Prices of a million tokens. */
export type Prices = Pick<EndpointSettings, 'priceInput' | 'priceOutput'>;

export const priceOf = (
  { prompt, completion }: Pick<Usage, 'prompt' | 'completion'>,
  { priceInput, priceOutput }: Prices,
): number => (prompt * priceInput + completion * priceOutput) / 1e6;

const priceText = (usage: Pick<Usage, 'prompt' | 'completion'>, prices: Prices): string =>
  prices.priceInput + prices.priceOutput > 0 ? `; cost ${compactNumber(priceOf(usage, prices))}` : '';

/** Tokens, and their cost if prices were given. */
export function usageText(usage: Usage, prices: Prices): string {
  const { prompt, completion, cached } = usage;
  const known = cached > 0 ? `; ${counted(cached, 'answer')} from the cache` : '';
  const price = priceText(usage, prices);
  return line('tokens', `${compactNumber(prompt)} read, ${compactNumber(completion)} written${known}${price}`);
}

/** Why answers are missing. */
export const failureText = (first: string): string =>
  line('failed', `the first: ${visibleText(first, 300)}; the same command asks for the failed ones again`);

/** What a judge used, and its cost if prices were given. */
export function judgeUsageText(usage: JudgeUsage, prices: Prices): string {
  const { calls, failed, prompt, completion } = usage;
  const tokens = `${compactNumber(prompt)} read, ${compactNumber(completion)} written`;
  const lost = failed > 0 ? `, ${failed} failed` : '';
  return line('judge tokens', `${tokens} in ${counted(calls, 'call')}${lost}${priceText(usage, prices)}`);
}

const sum = (
  questions: readonly ScoredQuestion[],
  field: 'unparsed' | 'truncated' | 'failed' | 'tokens' | 'samples',
): number => questions.reduce((total, question) => total + question[field], 0);

function groupRow({ name }: Pick<Group, 'name'>, questions: readonly ScoredQuestion[]): string[] {
  return [
    visibleText(name, 40),
    String(questions.length),
    percentInterval(clusteredShare(questions.map(({ scores }) => scores))),
    String(sum(questions, 'unparsed')),
    String(sum(questions, 'truncated')),
    String(sum(questions, 'failed')),
    (sum(questions, 'tokens') / Math.max(1, sum(questions, 'samples'))).toFixed(1),
  ];
}

/** Tables by subject, difficulty and length of the question, as far as these differ between questions. */
export function groupTables(rows: readonly SampleRow[], score: string): string {
  const questions = rows.map((row) => scoredQuestion(row));
  const groups = questionGroups(questions.map(({ doc }) => doc)).filter(({ by }) => by !== 'stratum');
  const by = [...new Set(groups.map((group) => group.by))];
  return by
    .map((grouping) => {
      const own = groups.filter((group) => group.by === grouping);
      const head = [`by ${grouping}`, 'questions', score, 'unparsed', 'truncated', 'failed', 'mean length'];
      const table = own.map((group) =>
        groupRow(
          group,
          questions.filter(({ doc }) => group.ids.has(doc.id)),
        ),
      );
      return `\n${textTable(head, table)}\n`;
    })
    .join('');
}
