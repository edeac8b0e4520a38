/** What judgements come to: means, what is missing, agreement by the scale of the labels, repeats, length, order. */
import { describe, expect, it } from 'vitest';
import { judgeText } from '../../src/app/cli/shared/judgeText';
import { NO_EFFORT } from '../../src/method/rewards/judges/ask';
import { type Judgement, pairJudgement, ratingJudgement, unjudged } from '../../src/method/rewards/judges/judgement';
import { type JudgedRow, judgeReport } from '../../src/results/judges/judgeReport';

const rated = (rating: number): Judgement => ratingJudgement({ verdict: { rating, reason: null } }, 'tenth', NO_EFFORT);
const row = (ratings: readonly (number | null)[], more: Partial<JudgedRow> = {}): JudgedRow => ({
  length: 100,
  judgements: ratings.map((rating) => (rating === null ? unjudged('it was malformed') : rated(rating))),
  ...more,
});

describe('the report', () => {
  it('leaves unscored judgements out of the mean, and counts them', () => {
    const report = judgeReport([row([10]), row([5]), row([null])], { threshold: 0.5 });
    expect(report).toMatchObject({ responses: 3, judgements: 3, unscored: 1, unscoredVerdicts: 1 });
    expect(report.score).toMatchObject({ value: 0.75, n: 2 });
    expect(report).not.toHaveProperty('agreement');
    expect(report).not.toHaveProperty('repeatability');
  });

  it('clips HealthBench’s mean, not each response', () => {
    const judged = (unclipped: number): JudgedRow => ({
      length: 1,
      judgements: [{ ...rated(5), score: Math.max(0, unclipped), unclipped }],
    });
    expect(judgeReport([judged(0.6), judged(-0.2)], { threshold: 0.5 }).score.value).toBeCloseTo(0.2, 12);
    expect(judgeReport([judged(-0.6), judged(-0.2)], { threshold: 0.5 }).score.value).toBe(0);
  });

  it('holds scores against labels of right and wrong, from the threshold on', () => {
    const rows = [row([9], { label: 1 }), row([6], { label: 1 }), row([6], { label: 0 }), row([2], { label: 0 })];
    const low = judgeReport(rows, { labels: 'binary', threshold: 0.5 }).agreement;
    expect([low?.n, low?.accuracy?.value, low?.kappa?.value, low?.auc?.value]).toEqual([4, 0.75, 0.5, 0.875]);
    const high = judgeReport(rows, { labels: 'binary', threshold: 0.9 }).agreement;
    expect([high?.accuracy?.value, high?.auc?.value]).toEqual([0.75, 0.875]);
  });

  it('leaves undefined what one label cannot tell, and says why', () => {
    const rows = [row([9], { label: 1 }), row([2], { label: 1 })];
    const alone = judgeReport(rows, { labels: 'binary', threshold: 0.5 });
    const why = 'there is only one label';
    expect(alone.agreement).toMatchObject({ n: 2, accuracy: { value: 0.5 }, undefined: { kappa: why, auc: why } });
    expect(alone.agreement).not.toHaveProperty('kappa');
    expect(judgeText(alone)).toMatch(/Cohen's kappa +undefined: there is only one label\n +AUC +undefined: there is/);
    const ratings = judgeReport([row([3], { label: 4 }), row([5], { label: 4 })], {
      labels: 'rating',
      threshold: 0.5,
    }).agreement;
    expect(Object.keys(ratings?.undefined ?? {})).toEqual(['kappa', 'linearKappa', 'quadraticKappa', 'spearman']);
    const constant = judgeReport([row([9], { label: 1 }), row([9], { label: 0 })], {
      labels: 'binary',
      threshold: 0.5,
    });
    expect(constant.agreement?.kappa?.value).toBe(0);
  });

  it('holds ratings against ratings, where a miss by one is less than a miss by nine', () => {
    const near = judgeReport(
      [1, 4, 8].map((r) => row([r], { label: r + 1 })),
      { labels: 'rating', threshold: 0.5 },
    ).agreement;
    const far = judgeReport(
      [1, 4, 8].map((r) => row([r], { label: 11 - r })),
      { labels: 'rating', threshold: 0.5 },
    ).agreement;
    expect([near?.accuracy?.value, near?.meanAbsoluteDifference?.value, near?.spearman?.value]).toEqual([0, 1, 1]);
    expect(near?.quadraticKappa?.value).toBeGreaterThan(0.9);
    expect(far?.quadraticKappa?.value).toBeLessThan(0);
  });

  it('holds verdicts against labels criterion by criterion', () => {
    const verdicts = [1, 0, 1, null].map((degree, i) => ({ id: `c${i}`, title: '', degree, reason: null }));
    const judged = { length: 1, judgements: [{ ...rated(5), verdicts }], criteria: [1, 0, 0, 1] };
    const report = judgeReport([judged, { ...judged, criteria: [null, 0, null, null] }], { threshold: 0.5 });
    expect([report.criteria?.n, report.criteria?.accuracy?.value]).toEqual([4, 0.75]);
  });

  it('says how far a judge repeats itself', () => {
    const steady = judgeReport([row([3, 3, 3]), row([8, 8, 8])], { threshold: 0.5 }).repeatability;
    expect(steady).toEqual({ repeats: 3, pairs: 6, equal: 1, meanAbsoluteDifference: 0, icc: 1 });
    const shaky = judgeReport([row([3, 5]), row([4, 4]), row([6, null])], { threshold: 0.5 }).repeatability;
    expect(shaky).toMatchObject({ repeats: 2, pairs: 2, equal: 0.5 });
    expect(shaky?.meanAbsoluteDifference).toBeCloseTo(0.1, 12);
    expect(shaky?.icc).toBeLessThan(0);
  });

  it('finds what length earns beyond the label', () => {
    const honest = Array.from({ length: 40 }, (_, i) =>
      row([i % 2 ? 9 : 2], { label: i % 2, length: (i % 2) * 500 + i }),
    );
    const vain = honest.map((own, i) => ({ ...own, judgements: [rated(1 + Math.floor(i / 5))] }));
    const { length: fair } = judgeReport(honest, { labels: 'binary', threshold: 0.5 });
    // Good answers are longer here, but within good and bad ones length earns nothing.
    expect([fair?.besideLabel, fair?.slope?.value]).toEqual([true, expect.closeTo(0, 10)]);
    const { length: bias } = judgeReport(vain, { labels: 'binary', threshold: 0.5 });
    expect(bias?.correlation).toBeGreaterThan(0.9);
    expect(bias?.slope?.low).toBeGreaterThan(0);
  });

  it('tells a judge that prefers what it sees first', () => {
    const pair = (...better: ('first' | 'second' | 'tie')[]): JudgedRow => ({
      length: 0,
      judgements: [
        pairJudgement(
          better.map((b) => ({ verdict: { better: b, reason: null } })),
          NO_EFFORT,
        ),
      ],
    });
    const rows = [pair('first', 'first'), pair('first', 'second'), pair('tie', 'tie'), pair('tie', 'first')];
    const labels = [1, 1, 0.5, 0];
    const report = judgeReport(
      rows.map((own, i) => ({ ...own, label: labels[i] as number })),
      { labels: 'preference', threshold: 0.5 },
    );
    expect(report.orders).toEqual({ pairs: 4, consistent: 2, firstPreferred: 0.8, ties: 3 });
    expect(report.agreement?.accuracy?.value).toBe(0.5);
    expect(report.score.value).toBe(0.625);
  });
});
