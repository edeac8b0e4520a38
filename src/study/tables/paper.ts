/** Tables: the clip map, and the counterparts of the paper's tables and figures. */
import { percent } from '../../results/figures/text';
import { average, difference } from '../analysis';
import { CLIP_LABELS, clipLabel, WEIGHTS } from '../experiments';
import type { StudyRows } from '../row';
import { curveEnds, decoded, LEVEL_HEAD, labelsOf, levelTable, points, rowsOf, type StudyTable, sizeOf } from './parts';

/** Accuracy and last true KL of every cell of the map: a row for each clip, a column for each rate. */
export function clipTables(open: StudyRows): StudyTable[] {
  return WEIGHTS.flatMap(({ name, rates }) =>
    [0, 20].map((topK) => ({
      name: `clip-map-${name.toLowerCase().replace(/\W+/g, '-')}-${topK || 'all'}`,
      title: decoded(
        `Clip map, ${name}, ${topK ? `the teacher's ${topK} largest entries` : 'all entries'}: accuracy, and in brackets last true KL and clipped share`,
        rowsOf(open, 'clip-map'),
      ),
      head: ['clip', ...rates.map((rate) => `rate ${rate}`), 'runs on bases'],
      rows: CLIP_LABELS.flatMap((clipped) => {
        const cells = rates.map((rate) => open.of('clip-map', clipLabel({ clipped, name, rate, topK })));
        if (cells.every((rows) => rows.length === 0)) return [];
        const last = (rows: (typeof cells)[number], metric: string) =>
          average(rows, ({ curves }) => curves?.[metric]?.at(-1));
        const shown = cells.map((rows) =>
          rows.length === 0
            ? '–'
            : `${percent(average(rows, ({ accuracy }) => accuracy))} (${(last(rows, 'divergence/true') ?? Number.NaN).toFixed(4)}, ${percent(last(rows, 'clip/fraction'))})`,
        );
        return [[clipped, ...shown, sizeOf(cells.flat())]];
      }),
    })),
  );
}

/** Each cell minus a reference cell of the same experiment. */
function against(open: StudyRows, experiment: string, reference: string): string[][] {
  const base = open.of(experiment, reference);
  return labelsOf(experiment).flatMap((label) => {
    const rows = open.of(experiment, label);
    const less = label === reference ? undefined : difference(rows, base);
    const [levels] = levelTable(open, experiment, [label]);
    return levels
      ? [[...levels.slice(0, 2), less ? points(less) : '–', ...levels.slice(2), curveEnds(rows, 'loss')]]
      : [];
  });
}

/** Tables 3 to 6 and Figure 5. */
export function paperTables(open: StudyRows): StudyTable[] {
  const table = (name: string, title: string, reference: string): StudyTable => ({
    name,
    title: decoded(title, rowsOf(open, name)),
    head: [...LEVEL_HEAD.slice(0, 2), `less ${reference}`, ...LEVEL_HEAD.slice(2), 'loss first → last'],
    rows: against(open, name, reference),
  });
  const learned = 'RCSD, learned rubrics';
  return [
    table(
      'table-3',
      "The paper's Table 3 and Figure 3: divergence, crossed with the clip; learned rubrics",
      'forward_kl, clip none',
    ),
    table('tables-4-5', "The paper's Tables 4 and 5: whose rubrics", learned),
    table('table-6', "The paper's Table 6: degraded rubrics, alone and beside the answer", 'answer + learned'),
    table('figure-5', "The paper's Figure 5: steps of stage II (40 is the study's)", `${learned}, 160 steps`),
  ];
}
