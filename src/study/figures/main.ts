/** Figures that compare the methods: accuracy, cost on three axes, pass@k, training curves. */
import { mean } from 'simple-statistics';
import { type RunCurves, trainingCurves } from '../../results/figures/curves';
import { type DotRow, dotPlot } from '../../results/figures/dots';
import type { Figure } from '../../results/figures/figure';
import { type LineSeries, linesFigure } from '../../results/figures/lines';
import { average, compareFamily, level, type Measure, PASS_AT, passAt } from '../analysis';
import { CONTROLS, DISTILLED, METHODS } from '../cells';
import type { Budget, StudyRow, StudyRows } from '../row';
import { RIVALS } from '../tables';
import { drawnAt, labelsOf, rowsOf } from '../tables/parts';

/** The methods by accuracy, and RCSD minus each of them. */
export function mainFigure(open: StudyRows): Figure | undefined {
  const levels = labelsOf('main').flatMap((label): DotRow[] => {
    const value = level(open.of('main', label));
    return value ? [{ name: label, values: [value] }] : [];
  });
  if (levels.length === 0) return undefined;
  levels.sort((a, b) => (b.values[0]?.value ?? 0) - (a.values[0]?.value ?? 0));
  const base = level(open.of('contexts', 'none'));
  const learned = open.of('main', DISTILLED.learned.label);
  const less = compareFamily(RIVALS.map(({ label }) => ({ name: label, a: learned, b: open.of('main', label) })));
  const named = new Map(less.map(({ name, estimate }) => [name, estimate]));
  return dotPlot(`Methods at their chosen learning rates, 95 % intervals (${drawnAt(rowsOf(open, 'main'))})`, [
    {
      title: 'method',
      axis: 'right answers on held-out questions',
      series: ['accuracy'],
      rows: levels,
      shares: true,
      ...(base && { lines: [{ label: 'base', value: base.value }] }),
    },
    {
      title: 'RCSD, learned rubrics, minus',
      axis: 'difference',
      series: ['difference'],
      rows: levels.flatMap(({ name }) => (named.has(name) ? [{ name, values: [named.get(name)] }] : [])),
      shares: true,
      lines: [{ label: 'no difference', value: 0 }],
    },
  ]);
}

const AXES: readonly { readonly title: string; readonly of: (budget: Budget) => number }[] = [
  { title: 'TFLOP in total: teacher, rubric writing and updates', of: ({ flops }) => flops.total / 1e12 },
  { title: 'different questions seen', of: ({ questions }) => questions },
  { title: 'annotation tokens read', of: ({ annotation_tokens: tokens }) => tokens },
];

/** Accuracy over the cost of each method, on three axes. */
export function budgetsFigure(open: StudyRows): Figure | undefined {
  const methods = labelsOf('main').flatMap((label) => {
    const rows = open.of('main', label);
    const accuracy = level(rows);
    return accuracy ? [{ label, rows, accuracy }] : [];
  });
  if (methods.length === 0) return undefined;
  return linesFigure(
    `Accuracy of the methods over what they cost (${drawnAt(rowsOf(open, 'main'))})`,
    AXES.map(({ title, of }) => ({
      title: 'right answers',
      axis: title,
      points: true,
      shares: true,
      series: methods.flatMap(({ label, rows, accuracy }): LineSeries[] => {
        const x = average(rows, ({ budget }) => budget && of(budget));
        return x === undefined ? [] : [{ name: label, x: [x], y: [accuracy] }];
      }),
    })),
  );
}

const MEASURES: readonly (readonly [Measure, string])[] = [
  ['correct', 'right: pass@k over k'],
  ['faithful', 'right by law and key step'],
  ['verified', 'right, every criterion met'],
];
const PASS_METHODS = [
  DISTILLED.learned,
  DISTILLED.opsd,
  METHODS.grpo,
  METHODS.sft,
  METHODS.majority,
  CONTROLS.placebo,
] as const;

/** pass@1 to pass@64 of the base and of some methods. */
export function passFigure(open: StudyRows): Figure | undefined {
  const methods = [
    { name: 'base', rows: open.of('contexts', 'none') },
    ...PASS_METHODS.map(({ label }) => ({ name: label, rows: open.of('main', label) })),
  ].filter(({ rows }) => rows.some(({ pass }) => pass));
  if (methods.length < 2) return undefined;
  const panels = MEASURES.map(([measure, title]) => ({
    title,
    axis: 'k',
    shares: true,
    series: methods.map(({ name, rows }): LineSeries => {
      const points = PASS_AT.flatMap((k) => {
        const value = passAt(rows, k, measure);
        return value ? [{ k: String(k), value: { ...value, low: value.value, high: value.value } }] : [];
      });
      return { name, x: points.map(({ k }) => k), y: points.map(({ value }) => value) };
    }),
  }));
  return linesFigure(
    `Does training lose diversity? pass@k, 64 answers to each of 56 questions (${drawnAt(rowsOf(open, 'main'))})`,
    panels,
  );
}

/** The curves of a cell's runs, averaged at each step that all of them have. */
export function meanCurves(name: string, rows: readonly StudyRow[]): RunCurves {
  const curves = rows.flatMap((row) => row.curves ?? []);
  const [first] = curves;
  if (!first) return { name, metrics: [] };
  const metrics = Object.keys(first).filter((metric) => metric !== 'step');
  const at = (metric: string, step: number): number | null => {
    const values = curves.map((own) => own[metric]?.[own.step.indexOf(step)] ?? null);
    return values.every((value) => value !== null) ? mean(values as number[]) : null;
  };
  return {
    name,
    metrics: first.step.map((step) => ({
      step,
      ...Object.fromEntries(metrics.map((metric) => [metric, at(metric, step)])),
    })),
  };
}

/** Loss, true divergence, entropy and length, by what the teacher saw. */
export function learningCurves(open: StudyRows): Figure | undefined {
  const cells = [DISTILLED.learned, DISTILLED.reference, CONTROLS.placebo, CONTROLS.wrong, DISTILLED.opsd];
  const runs = cells
    .map(({ label }) => meanCurves(label, open.of('content', label)))
    .filter(({ metrics }) => metrics.length > 0);
  return runs.length > 0
    ? trainingCurves(runs, { title: 'Training by what the teacher saw (means over runs)' })
    : undefined;
}
