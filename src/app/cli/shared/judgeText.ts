/** The summary of `rcsd judge` as text. */
import type { BootstrapEstimate } from '../../../results/judges/agreement';
import type { Agreement, JudgeReport, LabelScale, Measure } from '../../../results/judges/judgeReport';
import { textTable } from './textTable';

const number = (value: number | undefined, digits = 3): string =>
  value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits);

/** A bootstrap in which every draw is the same has no interval, so none is shown. */
const interval = ({ value, low, high }: Pick<BootstrapEstimate, 'value' | 'low' | 'high'>): string =>
  low < high ? `${number(value)} [${number(low)}, ${number(high)}]` : number(value);

const NAMES: Readonly<Record<Measure, string>> = {
  accuracy: 'accuracy',
  kappa: "Cohen's kappa",
  linearKappa: 'kappa, linear weights',
  quadraticKappa: 'kappa, quadratic weights',
  auc: 'AUC',
  spearman: 'rank correlation',
  meanAbsoluteDifference: 'mean absolute difference',
};

const SCALES: Readonly<Record<LabelScale, string>> = {
  binary: 'right or wrong',
  rating: 'ratings from 1 to 10',
  score: 'scores from 0 to 1',
  preference: 'the better of two',
};

/** The measures of an agreement below a head line; undefined measures are shown with the reason. */
function agreementRows(head: string, agreement: Agreement): string[][] {
  const { n, undefined: why = {} } = agreement;
  const rows = Object.entries(NAMES).flatMap(([name, words]) => {
    const measure = name as Measure;
    const estimate = agreement[measure];
    const shown = estimate ? interval(estimate) : why[measure] && `undefined: ${why[measure]}`;
    return shown === undefined ? [] : [[`  ${words}`, shown]];
  });
  return [[head, `${n} judgements`], ...rows];
}

/** The report as a table, and a line about the intervals. */
export function judgeText(report: JudgeReport): string {
  const { score, labels, agreement, criteria, repeatability, length, orders, dimensions } = report;
  const rows: string[][] = [
    ['responses, judgements', `${report.responses}, ${report.judgements}`],
    ['mean score', interval(score)],
    ['without a score', `${report.unscored} of ${report.judgements}`],
    ['verdicts that could not be read', String(report.unscoredVerdicts)],
  ];
  if (report.calls > 0)
    rows.push(
      ['calls, malformed, failed', `${report.calls}, ${report.malformed}, ${report.failed}`],
      ['tokens read, written', `${report.promptTokens}, ${report.completionTokens}`],
    );
  if (labels && agreement) rows.push(...agreementRows(`against labels (${SCALES[labels]})`, agreement));
  if (criteria) rows.push(...agreementRows('criteria against their labels', criteria));
  if (orders)
    rows.push(
      ['pairs judged in both orders', String(orders.pairs)],
      ['  same verdict in both', String(orders.consistent)],
      ['  ties', String(orders.ties)],
      ['  share for the one shown first', number(orders.firstPreferred)],
    );
  if (dimensions)
    rows.push(
      ['rubrics, 1 to 5', ''],
      ...Object.entries(dimensions).map(([name, value]) => [`  ${name.replace('_', '-')}`, interval(value)]),
    );
  if (repeatability)
    rows.push(
      [`${repeatability.repeats} repeats`, `${repeatability.pairs} pairs`],
      ['  equal verdicts', number(repeatability.equal)],
      ['  mean absolute difference', number(repeatability.meanAbsoluteDifference)],
      ['  ICC(1,1)', number(repeatability.icc)],
    );
  if (length)
    rows.push(
      [`length${length.besideLabel ? ', with the label held fixed' : ''}`, ''],
      ['  rank correlation with the score', number(length.correlation)],
      ['  score per 1000 characters', length.slope ? interval(length.slope) : '–'],
    );
  return `${textTable(['measure', 'value'], rows)}\nintervals: 95 % over responses\n`;
}
