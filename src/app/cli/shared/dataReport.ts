/** What `rcsd data add` and `rcsd data pull` print about a data set. */
import type { Added } from '../../../questions/addData';
import type { Registration } from '../../../questions/registry';
import { benchmarkNamed } from '../../../questions/tasks/benchmarks';

const MOST_SUBJECTS = 8;

/** Number of questions by split: `198 test` or `182822 train, 4183 test`. */
export const rowCounts = ({ rows }: Registration): string =>
  Object.entries(rows)
    .map(([split, { count }]) => `${count} ${split}`)
    .join(', ');

function subjectLines({ counts }: Registration): string[] {
  return Object.entries(counts).map(([split, subjects]) => {
    const sorted = Object.entries(subjects).sort(([, a], [, b]) => b - a);
    const shown = sorted.slice(0, MOST_SUBJECTS).map(([subject, count]) => `${subject} ${count}`);
    const more = sorted.length > MOST_SUBJECTS ? [`${sorted.length - MOST_SUBJECTS} more`] : [];
    return `  ${split}: ${[...shown, ...more].join(', ')}`;
  });
}

function overlapLines({ overlap }: Registration): string[] {
  const none = overlap.filter(({ shared }) => shared === 0).map((each) => each.with);
  return [
    ...overlap
      .filter(({ shared }) => shared > 0)
      .map(
        ({ with: other, shared, of, examples }) =>
          `  words shared with ${other}: ${shared} of ${of} (${examples.join(', ')})`,
      ),
    ...(none.length > 0 ? [`  no words shared with ${none.join(', ')}`] : []),
  ];
}

/** Several lines about a data set that was added. */
export function addedText(name: string, { registration, changed }: Added): string {
  const { duplicates, notes, benchmark } = registration;
  return [
    `data=${name} ${changed ? 'is registered' : 'was registered already; nothing has changed'}: ${rowCounts(registration)} questions`,
    ...subjectLines(registration),
    `  repeated questions: ${duplicates}`,
    ...overlapLines(registration),
    ...(benchmark !== null ? [`  format checked against: ${benchmarkNamed(benchmark).format.note}`] : []),
    ...notes.map((note) => `  note: ${note}`),
    '',
  ].join('\n');
}
