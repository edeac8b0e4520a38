/** Designs of evaluations and null tables as table rows and lines of figures, in points as in papers. */
import type { NullBenchmark, NullReading } from '../../results/evaluation/nullTable';
import {
  binaryVariances,
  detectableDifference,
  differenceError,
  type PowerDesign,
  powerCurve,
  questionsNeeded,
} from '../../results/evaluation/power';
import type { ShareSeries } from '../../results/figures/shares';
import { percent } from '../../results/figures/text';

const points = (share: number, digits = 1): string => (100 * share).toFixed(digits);

/** The design of a benchmark's comparison of two models, with the variances of a binary score. */
export function designOf({ questions, samples, mean }: NullBenchmark, paired = true): PowerDesign {
  return { questions, samples, paired, ...binaryVariances(mean) };
}

/** How small a difference each benchmark can detect, unpaired and paired. */
export function powerRows(benchmarks: readonly NullBenchmark[]): Record<string, string | number>[] {
  return benchmarks.flatMap((benchmark) =>
    [false, true].map((paired) => {
      const design = designOf(benchmark, paired);
      return {
        benchmark: benchmark.name,
        n: benchmark.questions,
        k: benchmark.samples,
        paired: paired ? 'yes' : 'no',
        's.e. of a difference': points(differenceError(design)),
        'found 4 times in 5': points(detectableDifference(design)),
        'questions for 1 point': questionsNeeded(design, 0.01),
      };
    }),
  );
}

/** Power of each benchmark's paired comparison for true differences of 0 to 10 points. */
export function powerSeries(benchmarks: readonly NullBenchmark[]): ShareSeries[] {
  const differences = Array.from({ length: 21 }, (_, i) => i / 200);
  return benchmarks.map((benchmark) => {
    const { name, questions, samples } = benchmark;
    const y = powerCurve(designOf(benchmark), differences).map(({ power }) => power);
    return { name: `${name}, ${questions} x ${samples}`, x: differences.map((each) => 100 * each), y };
  });
}

/** One row for each reading: how far equal methods come apart, and how often the best one leads. */
export function nullRows(readings: readonly NullReading[]): Record<string, string>[] {
  return readings.map(({ reading, lead, deviation, overSecond, leads, wins }) => ({
    'runs differ': reading,
    's.d. of an average': points(deviation, 2),
    'lead, 95th percentile': points(overSecond.p95, 2),
    [`leads second by ${points(lead)}`]: percent(leads.second.value),
    'a rival': percent(leads.rival.value),
    'the worst': percent(leads.worst.value),
    'first on 4 or more': percent(wins[4]),
  }));
}

/** Share of null tables whose best method leads the second by at least so many points. */
export function leadSeries(readings: readonly NullReading[]): ShareSeries[] {
  return readings.map(({ reading, survival }) => ({
    name: `runs differ ${reading}`,
    x: survival.map(({ lead }) => 100 * lead),
    y: survival.map(({ share }) => share),
  }));
}
