/** The scores of a run's evaluations, by decoding, and by stratum and subject where questions have them. */
import { decodingText } from '../../base/records/decoding';
import type { EvaluationMoment, RecordedScores, SampleRow } from '../../base/records/rows';
import type { EvaluationRecord, Run } from '../../base/records/runReader';
import { avgScores } from '../../results/evaluation/results';
import { clusteredShare } from '../../results/evaluation/statistics';
import type { ScoreRow } from './shapes';

/** Every score of both moments; a score without a decoding of its own file says so. */
export const scoresOf = (run: Run): ScoreRow[] =>
  (['before', 'after'] as const).flatMap((moment) => {
    const record = run.evaluation(moment);
    return record ? Object.keys(record.results.results).flatMap((task) => taskScores(record, moment, task)) : [];
  });

function taskScores(record: EvaluationRecord, moment: EvaluationMoment, task: string): ScoreRow[] {
  const decodings = record.results.decodings?.[task] ?? [];
  const place = { moment, task };
  if (decodings.length === 0)
    return avgScores(record.results, task).map(({ decoding, samples, value, low, high, n, unparsed, truncated }) => ({
      ...place,
      ...{ decoding: decodingText(decoding), score: `avg@${samples}`, by: 'all', group: 'all' },
      ...{ value, low, high, n, unparsed, truncated },
    }));
  const samples = record.samples(task);
  return decodings.flatMap((own) => {
    const decoding = decodingText(own.decoding);
    const rows = samples.filter((row) => decodingText(row.decoding) === decoding);
    const named = { ...place, decoding };
    return [
      ...recorded(own).map((score) => ({ ...named, by: 'all', group: 'all', ...score }) as const),
      ...Object.entries(own.strata ?? {}).flatMap(([group, scores]) =>
        recorded(scores).map((score) => ({ ...named, by: 'stratum', group, ...score }) as const),
      ),
      ...bySubject(rows, own.decoding.samples).map((score) => ({ ...named, by: 'subject', ...score }) as const),
    ];
  });
}

const recorded = ({ scores, unparsed, truncated }: RecordedScores) =>
  Object.entries(scores).map(([score, { value, low, high, n }]) => ({
    score,
    value,
    low,
    high,
    n,
    unparsed,
    truncated,
  }));

/** Means over the answers of each subject, which results.json does not have. */
function bySubject(rows: readonly SampleRow[], samples: number) {
  const groups = new Map<string, SampleRow[]>();
  for (const row of rows) {
    const { subject } = row.doc;
    if (subject !== undefined) groups.set(subject, [...(groups.get(subject) ?? []), row]);
  }
  return [...groups].map(([group, own]) => {
    const { value, low, high, n } = clusteredShare(own.map(({ correct }) => correct.map(Number)));
    const count = (of: (row: SampleRow) => readonly unknown[], wanted: unknown): number =>
      own.flatMap((row) => of(row)).filter((each) => each === wanted).length;
    return {
      ...{ group, score: `avg@${samples}`, value, low, high, n },
      unparsed: count((row) => row.filtered_resps, null),
      truncated: count((row) => row.truncated, true),
    };
  });
}
