/** What `rcsd data add` and `rcsd data pull` print about a data set. */
import { printable } from '../../../base/records/printable';
import type { Added } from '../../../questions/addData';
import type { Registration } from '../../../questions/registry';
import { benchmarkNamed } from '../../../questions/tasks/benchmarks';
import { textTable } from './textTable';

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

const MOST_PROBLEMS = 5;

/** How ten rows will be graded, how many answers are of each kind, and what cannot be graded. */
function gradingLines({ shown, kinds, problems }: Added['grading']): string[] {
  const table = textTable(
    ['row', 'answer', 'graded as', 'right is'],
    shown.map(({ id, answer, kind, stated, rule }) => [
      printable(id, 30),
      printable(answer, 30),
      stated ? kind : `${kind} (by its looks)`,
      rule,
    ]),
  );
  const counts = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`);
  return [
    `  answers: ${counts.join(', ')}; some rows, and how each will be graded (a kind or tolerance in the row changes it):`,
    ...table.split('\n').map((line) => `    ${line}`.trimEnd()),
    ...problems
      .slice(0, MOST_PROBLEMS)
      .map(({ id, problem }) => `  cannot be graded well: ${printable(id, 30)}: ${printable(problem as string, 120)}`),
    ...(problems.length > MOST_PROBLEMS
      ? [`  and ${problems.length - MOST_PROBLEMS} more that cannot be graded well`]
      : []),
  ];
}

/** Several lines about a data set that was added. */
export function addedText(name: string, { registration, changed, grading }: Added): string {
  const { duplicates, notes, benchmark } = registration;
  return [
    `data=${name} ${changed ? 'is registered' : 'was registered already; nothing has changed'}: ${rowCounts(registration)} questions`,
    ...subjectLines(registration),
    `  repeated questions: ${duplicates}`,
    ...overlapLines(registration),
    ...gradingLines(grading),
    ...(benchmark !== null ? [`  format checked against: ${benchmarkNamed(benchmark).format.note}`] : []),
    ...notes.map((note) => `  note: ${note}`),
    '',
  ].join('\n');
}
