/** What `rcsd evaluate` prints. */
import type { Evaluation } from '../evaluation/evaluate';
import { type Group, questionGroups, type ScoredQuestion, scoredQuestion } from '../evaluation/groups';
import { binaryVariances, detectableSentence } from '../evaluation/power';
import { clusteredShare, type Estimate } from '../evaluation/statistics';
import type { PreparedTask, Usage } from '../experiments/evaluation';
import { compactNumber, percentInterval, visibleText } from '../figures/text';
import { duration } from '../records/progress';
import type { SampleRow } from '../records/rows';
import type { EndpointSettings } from '../rollout/remote/settings';
import { textTable } from './textTable';

/** The accuracy that a plan assumes; about it the variance of answers hardly changes. */
const ASSUMED_ACCURACY = 0.6;

/** How much is going to be asked, before it is, and how small a difference it will see. */
export function planText({ task, mode, questions, seconds }: PreparedTask, samples: number): string {
  const time = seconds === undefined ? '' : `; at most about ${duration(seconds)} if every answer has its full length`;
  const size = `${task.name}: ${questions.length} questions x ${samples} ${samples === 1 ? 'sample' : 'samples'}, mode ${mode}${time}`;
  const design = { questions: questions.length, samples, paired: true, ...binaryVariances(ASSUMED_ACCURACY) };
  return questions.length > 1 ? `${size}\n  ${detectableSentence(design, 0.01)}` : size;
}

const line = (name: string, text: string): string => `${name.padEnd(14)} ${text}\n`;

/** The scores with intervals, and the counts. */
export function summaryText({ task, mode }: PreparedTask, { summary }: Evaluation): string {
  const { accuracy, process, passAt, majority, samples, unparsed, truncated, unscored, meanLength } = summary;
  const shown = (name: string, estimate: Estimate | undefined) =>
    estimate ? line(name, percentInterval(estimate)) : '';
  const passes = samples > 1 ? passAt.slice(1) : [];
  const judged = passAt.length === 0;
  return (
    `${task.name}: ${accuracy.n} questions x ${samples} samples, mode ${mode}, 95 % intervals over questions\n` +
    shown(judged ? 'judged' : `avg@${samples}`, accuracy) +
    shown(`maj@${samples}`, majority) +
    passes.map((estimate, i) => shown(`pass@${i + 2}`, estimate)).join('') +
    shown('process score', process) +
    line(
      'mean length',
      `${meanLength.toFixed(1)} tokens; ${unparsed} unparsed, ${truncated} truncated${judged ? `, ${unscored} unscored` : ''}`,
    )
  );
}

/** Tokens, and their price where one was given. */
export function usageText(
  { prompt, completion, cached }: Usage,
  { priceInput, priceOutput }: EndpointSettings,
): string {
  const cost = (prompt * priceInput + completion * priceOutput) / 1e6;
  const price = priceInput + priceOutput > 0 ? `; cost ${compactNumber(cost)}` : '';
  const known = cached > 0 ? `; ${compactNumber(cached)} answers from the cache` : '';
  return line('tokens', `${compactNumber(prompt)} read, ${compactNumber(completion)} written${known}${price}`);
}

const sum = (questions: readonly ScoredQuestion[], field: 'unparsed' | 'truncated' | 'tokens' | 'samples'): number =>
  questions.reduce((total, question) => total + question[field], 0);

function groupRow({ name }: Pick<Group, 'name'>, questions: readonly ScoredQuestion[]): string[] {
  return [
    visibleText(name, 40),
    String(questions.length),
    percentInterval(clusteredShare(questions.map(({ scores }) => scores))),
    String(sum(questions, 'unparsed')),
    String(sum(questions, 'truncated')),
    (sum(questions, 'tokens') / Math.max(1, sum(questions, 'samples'))).toFixed(1),
  ];
}

/** Tables by subject, difficulty and length of the question, where they divide the questions. */
export function groupTables(rows: readonly SampleRow[]): string {
  const questions = rows.map(scoredQuestion);
  const groups = questionGroups(questions.map(({ doc }) => doc));
  const by = [...new Set(groups.map((group) => group.by))];
  return by
    .map((grouping) => {
      const own = groups.filter((group) => group.by === grouping);
      const head = [`by ${grouping}`, 'questions', 'score', 'unparsed', 'truncated', 'mean length'];
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
