/**
 * Figures about the teacher's context: accuracy by context (the ladder), the content effect, and the share of the
 * teacher's gap that its student recovers.
 */
import { type DotRow, dotPlot } from '../../results/figures/dots';
import type { Figure } from '../../results/figures/figure';
import { compareFamily, level, recovery } from '../analysis';
import { CONTROLS, DISTILLED } from '../cells';
import type { StudyRows } from '../row';
import { LADDER, pair, TAUGHT_BY } from '../tables';
import { drawnAt, labelsOf, rowsOf } from '../tables/parts';

const BY_LABEL = new Map(TAUGHT_BY.map(([{ label }, context]) => [label, context]));
/** Contexts that are not in TAUGHT_BY, because no recovered share is computed for them. */
const OTHER_CONTEXTS: Readonly<Record<string, string>> = {
  [CONTROLS.none.label]: 'none',
  [CONTROLS.filler.label]: 'filler',
  [CONTROLS.generic.label]: 'generic',
  [CONTROLS.wrong.label]: 'wrong',
};

/**
 * Accuracy of each student beside that of the untrained model under its teacher's context, the most accurate student
 * first.
 */
export function ladderFigure(open: StudyRows): Figure | undefined {
  const rows: DotRow[] = labelsOf('content').flatMap((label) => {
    const student = level(open.of('content', label));
    if (!student) return [];
    const context = BY_LABEL.get(label) ?? OTHER_CONTEXTS[label];
    return [{ name: label, values: [student, context ? level(open.of('contexts', context)) : undefined] }];
  });
  if (rows.length === 0) return undefined;
  const base = level(open.of('contexts', 'none'));
  rows.sort((a, b) => (b.values[0]?.value ?? 0) - (a.values[0]?.value ?? 0));
  return dotPlot(`What the teacher saw, and what its student learned (${drawnAt(rowsOf(open, 'content'))})`, [
    {
      title: 'privileged context',
      axis: 'right answers on held-out questions',
      series: ['trained student, which sees the question alone', 'untrained model under that context'],
      rows,
      shares: true,
      ...(base && { lines: [{ label: 'base', value: base.value }] }),
    },
  ]);
}

/** The primary comparison and those of the ladder, in points with intervals. */
export function contentEffectFigure(open: StudyRows): Figure | undefined {
  const primary = compareFamily([pair(open, 'content', [DISTILLED.reference, CONTROLS.placebo])]);
  const ladder = compareFamily(LADDER.map((each) => pair(open, 'content', each)));
  const rows = [...primary, ...ladder].map(({ name, estimate }): DotRow => ({ name, values: [estimate] }));
  if (rows.length === 0) return undefined;
  return dotPlot(
    `Content effect (first row) and the ladder of contents, 95 % intervals (${drawnAt(rowsOf(open, 'content'))})`,
    [
      {
        title: 'student − student',
        axis: 'difference in right answers',
        series: ['difference'],
        rows,
        shares: true,
        lines: [{ label: 'no difference', value: 0 }],
      },
    ],
  );
}

/** (student - base) / (teacher - base), where the teacher's gap is positive. */
export function recoveryDots(open: StudyRows): Figure | undefined {
  const bases = open.of('contexts', 'none');
  const rows = TAUGHT_BY.flatMap(([{ label }, context]): DotRow[] => {
    const { perBase, mean } = recovery({
      students: open.of('content', label),
      teachers: open.of('contexts', context),
      bases,
    });
    const [first] = perBase;
    if (!first) return [];
    return [{ name: label, values: [mean ?? { value: first.share, low: first.share, high: first.share }] }];
  });
  if (rows.length === 0) return undefined;
  return dotPlot(`Share of the teacher's gap that its student recovers (${drawnAt(bases)})`, [
    {
      title: 'student of',
      axis: '(student − base) / (teacher − base); intervals over bases',
      series: ['recovered'],
      rows,
      shares: true,
      lines: [
        { label: 'base', value: 0 },
        { label: 'teacher', value: 1 },
      ],
    },
  ]);
}
