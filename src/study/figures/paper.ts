/** The paper's tables and figures, each beside its counterpart on microscience. Published numbers have no intervals. */
import { samplingText } from '../../base/records/decoding';
import { PUBLISHED, publishedTable } from '../../results/evaluation/published';
import { trainingCurves } from '../../results/figures/curves';
import { type DotPlotPanel, type DotRow, dotPlot } from '../../results/figures/dots';
import type { Figure, ValueWithInterval } from '../../results/figures/figure';
import { type LineSeries, linesFigure } from '../../results/figures/lines';
import { average, difference, level, overUnits } from '../analysis';
import { CONTROLS, DISTILLED, METHODS } from '../cells';
import type { StudyRow, StudyRows } from '../row';
import { drawnAt, rowsOf } from '../tables/parts';
import { meanCurves } from './main';

const exactly = (value: number): ValueWithInterval => ({ value, low: value, high: value });
/** What this study's panels show. */
const here = (open: StudyRows): string =>
  `this study: microscience, 0.7 M parameters, ${drawnAt(rowsOf(open, 'main'))}`;

/** Columns of a published table as series. */
function publishedPanel(name: string, columns: readonly string[], only?: readonly string[]): DotPlotPanel {
  const { rows, columns: all, title } = publishedTable(name);
  return {
    title: `${PUBLISHED.label}: ${title}${title.includes('Qwen') ? '' : `, ${PUBLISHED.model}`}, ${samplingText(PUBLISHED.decoding)}`,
    axis: 'points',
    series: columns,
    rows: rows
      .filter((row) => !only || only.includes(row.name))
      .map(({ name: label, values }) => ({
        name: label,
        values: columns.map((column) => {
          const value = values[all.indexOf(column)];
          return value === null || value === undefined ? undefined : exactly(value);
        }),
      })),
  };
}

/** This study's panel; undefined when no row has a value. */
function ownPanel(
  open: StudyRows,
  rows: readonly DotRow[],
  series: readonly string[],
  axis: string,
): DotPlotPanel | undefined {
  return rows.some(({ values }) => values.some((value) => value))
    ? { title: here(open), axis, series, rows, shares: true }
    : undefined;
}

const beside = (title: string, published: DotPlotPanel, own: DotPlotPanel | undefined): Figure | undefined =>
  own && dotPlot(title, [published, own]);

/** A number that each row has once, averaged over the rows of a base; the interval is over bases. */
function overRows(rows: readonly StudyRow[], of: (row: StudyRow) => number | undefined): ValueWithInterval | undefined {
  const bases = [...new Set(rows.map(({ base }) => base))];
  const means = bases.flatMap(
    (base) =>
      average(
        rows.filter((row) => row.base === base),
        of,
      ) ?? [],
  );
  const [first] = means;
  return first === undefined ? undefined : (overUnits(means) ?? exactly(first));
}

/** This study's rows for Tables 1 and 2. */
const methodRows = (open: StudyRows): readonly (readonly [string, readonly StudyRow[]])[] => [
  ['base', open.of('contexts', 'none')],
  ['SFT', open.of('main', METHODS.sft.label)],
  ['GRPO', open.of('main', METHODS.grpo.label)],
  ['GRPO-Rubrics', open.of('main', METHODS.rubrics.label)],
  ['OPSD', open.of('main', DISTILLED.opsd.label)],
  ['RCSD', open.of('main', DISTILLED.learned.label)],
  ['RCSD, placebo', open.of('main', CONTROLS.placebo.label)],
];

function table1(open: StudyRows): Figure | undefined {
  const rows = methodRows(open).map(([name, own]): DotRow => ({ name, values: [level(own)] }));
  const published = publishedPanel('table-1', ['average']);
  return beside('Table 1: methods', published, ownPanel(open, rows, ['accuracy'], 'right answers'));
}

function table2(open: StudyRows): Figure | undefined {
  const rows = methodRows(open).map(
    ([name, own]): DotRow => ({
      name,
      values: [overRows(own, ({ transfer }) => transfer)],
    }),
  );
  const published = publishedPanel('table-2', ['MedMCQA', 'PubMedQA']);
  const own = ownPanel(open, rows, ['transfer family'], 'right answers in the family that no method trained on');
  return beside('Table 2: other questions than those trained on', published, own);
}

function table3(open: StudyRows): Figure | undefined {
  const clips = ['none', 'entry 0.05', 'position 0.05'];
  const names = [
    ['forward KL', 'forward_kl'],
    ['JSD', 'jsd'],
    ['reverse KL', 'reverse_kl'],
  ] as const;
  const rows = names.map(
    ([name, divergence]): DotRow => ({
      name,
      values: clips.map((clip) => level(open.of('table-3', `${divergence}, clip ${clip}`))),
    }),
  );
  const series = clips.map((clip) => (clip === 'none' ? 'no clip' : `clip ${clip}`));
  const own = ownPanel(open, rows, series, 'right answers');
  return beside('Table 3: divergence', publishedPanel('table-3', ['average']), own);
}

function table4(open: StudyRows): Figure | undefined {
  const rows = [
    ['reference', DISTILLED.reference.label],
    ['generated', DISTILLED.learned.label],
  ].map(
    ([name, label]): DotRow => ({
      name: name as string,
      values: [level(open.of('tables-4-5', label as string))],
    }),
  );
  const published = publishedPanel('table-4', ['GPQA-Diamond', 'SciBench', 'PIQA']);
  return beside(
    'Table 4: reference or generated rubrics',
    published,
    ownPanel(open, rows, ['accuracy'], 'right answers'),
  );
}

function table5(open: StudyRows): Figure | undefined {
  const rows = [
    ['the untrained model writes', DISTILLED.direct.label],
    ['stage I, then RCSD', DISTILLED.learned.label],
  ].map(
    ([name, label]): DotRow => ({
      name: name as string,
      values: [level(open.of('tables-4-5', label as string))],
    }),
  );
  const own = ownPanel(open, rows, ['accuracy'], 'right answers');
  return beside('Table 5: is stage I needed?', publishedPanel('table-5', ['average']), own);
}

function table6(open: StudyRows): Figure | undefined {
  const rows = ['generic', 'noisy', 'random', 'reduced'].map(
    (name): DotRow => ({
      name,
      values: [level(open.of('table-6', name)), level(open.of('table-6', `answer + ${name}`))],
    }),
  );
  const learned = {
    name: 'learned',
    values: [level(open.of('content', DISTILLED.learned.label)), level(open.of('table-6', 'answer + learned'))],
  };
  const series = ['the rubric alone', 'with the answer, as released'];
  const own = ownPanel(
    open,
    rows.some(({ values }) => values.some((value) => value)) ? [...rows, learned] : [],
    series,
    'right answers',
  );
  return beside('Table 6: rubrics made worse on purpose', publishedPanel('table-6', ['average']), own);
}

/** Entropy, length and loss by divergence. The published final values are in the titles of the panels. */
function figure3(open: StudyRows): Figure | undefined {
  const runs = ['forward_kl', 'jsd', 'reverse_kl'].flatMap((divergence) =>
    ['none', 'entry 0.05'].map((clip) =>
      meanCurves(`${divergence}, clip ${clip}`, open.of('table-3', `${divergence}, clip ${clip}`)),
    ),
  );
  const known = runs.filter(({ metrics }) => metrics.length > 0);
  if (known.length === 0) return undefined;
  const { rows } = publishedTable('figure-3');
  const ends = (at: number) => rows.map(({ values }) => `${values[at]} → ${values[at + 1]}`).join(', ');
  return trainingCurves(known, {
    title: `Figure 3: entropy, length and loss by divergence; ${PUBLISHED.label} final values in the order ${rows.map(({ name }) => name).join(', ')}`,
    panels: [
      { metric: 'entropy', label: `entropy (${PUBLISHED.label} ${ends(0)})` },
      { metric: 'completions/mean_length', label: 'answer length (tokens)' },
      { metric: 'loss', label: `loss (${PUBLISHED.label} ${ends(2)})` },
      { metric: 'divergence/true', label: 'true divergence (nats/token)' },
    ],
  });
}

function figure4(open: StudyRows): Figure | undefined {
  const cells = [
    ['learned rubrics', DISTILLED.learned.label],
    ['reference rubrics', DISTILLED.reference.label],
    ['placebo', CONTROLS.placebo.label],
  ] as const;
  const gain = (experiment: string, contexts: string, label: string) =>
    difference(open.of(experiment, label), open.of(contexts, 'none'));
  const sizes = [
    ['about half the size', 'size', 'size-contexts'],
    ['the five bases', 'content', 'contexts'],
  ] as const;
  const rows = sizes.map(
    ([name, experiment, contexts]): DotRow => ({
      name,
      values: cells.map(([, label]) => gain(experiment, contexts, label)),
    }),
  );
  if (!rows[0]?.values.some((value) => value)) return undefined;
  const own = ownPanel(
    open,
    rows,
    cells.map(([name]) => name),
    'gain over the base',
  );
  const published = publishedPanel('figure-4', ['RaR-Science', 'ResearchQA', 'RubricHub']);
  return beside('Figure 4: gain by model size', published, own);
}

const STEPS = [10, 20, 40, 80, 160] as const;

function figure5(open: StudyRows): Figure | undefined {
  const published = publishedTable('figure-5');
  const cells = [DISTILLED.learned, DISTILLED.reference, DISTILLED.opsd, METHODS.grpo];
  const series = cells.flatMap(({ label }): LineSeries[] => {
    const points = STEPS.flatMap((steps) => {
      const value = level(steps === 40 ? open.of('content', label) : open.of('figure-5', `${label}, ${steps} steps`));
      return value ? [{ steps, value }] : [];
    });
    return points.some(({ steps }) => steps !== 40)
      ? [{ name: label, x: points.map(({ steps }) => String(steps)), y: points.map(({ value }) => value) }]
      : [];
  });
  if (series.length === 0) return undefined;
  return linesFigure(
    'Figure 5: how long stage II lasts (the 100 steps of the paper are 40 here)',
    [
      {
        title: `${PUBLISHED.label}: ${published.title}, ${samplingText(PUBLISHED.decoding)}`,
        axis: 'steps',
        series: published.rows.map(({ name, values }) => ({
          name,
          x: published.columns,
          y: values.map((value) => exactly(value ?? Number.NaN)),
        })),
      },
      { title: `${here(open)}, by steps`, axis: 'steps', shares: true, series },
    ],
    2,
  );
}

/** The paper's tables and figures that have a counterpart, by file name. */
export const PAPER_FIGURES: Readonly<Record<string, (open: StudyRows) => Figure | undefined>> = {
  'table-1': table1,
  'table-2': table2,
  'table-3': table3,
  'table-4': table4,
  'table-5': table5,
  'table-6': table6,
  'figure-3': figure3,
  'figure-4': figure4,
  'figure-5': figure5,
};
