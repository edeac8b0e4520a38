/**
 * Figures about the clip: the map of accuracy and loss over clips, and the angle between the clipped and the true
 * gradient.
 */
import type { Axis, Figure, HeatmapTrace, ScatterTrace } from '../../results/figures/figure';
import { baseLayout, HEAT_SCALE } from '../../results/figures/palette';
import { compactNumber } from '../../results/figures/text';
import type { ClippedCell } from '../../run/probes/clipping';
import { average } from '../analysis';
import { CLIP_LABELS, clipLabel, WEIGHTS } from '../experiments';
import type { StudyRow, StudyRows } from '../row';
import { drawnAt, rowsOf } from '../tables/parts';

interface MapOptions {
  readonly title: string;
  /** The number that colours a cell. */
  readonly of: (rows: readonly StudyRow[]) => number | undefined;
  readonly text: (rows: readonly StudyRow[]) => string;
  readonly range?: readonly [number, number];
}

/** Clips in rows; weights, rates and vocabulary entries in columns. Undefined without any run. */
function mapOf(open: StudyRows, { title, of, text, range }: MapOptions): Figure | undefined {
  const columns = [0, 20].flatMap((topK) =>
    WEIGHTS.flatMap(({ name, rates }) => rates.map((rate) => ({ name, rate, topK }))),
  );
  const cells = CLIP_LABELS.map((clipped) =>
    columns.map((column) => open.of('clip-map', clipLabel({ clipped, ...column }))),
  );
  const used = columns.flatMap((_, i) => (cells.some((row) => (row[i]?.length ?? 0) > 0) ? [i] : []));
  if (used.length === 0) return undefined;
  const pick = <T>(row: readonly T[]): T[] => used.map((i) => row[i] as T);
  const z = cells.map((row) => pick(row).map((rows) => (rows.length > 0 ? (of(rows) ?? null) : null)));
  const known = z.flat().filter((value) => value !== null);
  const [zmin, zmax] = range ?? [Math.min(...known), Math.max(...known)];
  const trace: HeatmapTrace = {
    type: 'heatmap',
    name: title,
    x: pick(columns).map(({ name, rate, topK }) => `${name} ${rate} ${topK ? `top ${topK}` : 'all'}`),
    y: CLIP_LABELS.map((label) => (label === 'none' ? 'no clip' : label)),
    z,
    text: cells.map((row) => pick(row).map((rows) => (rows.length > 0 ? text(rows) : ''))),
    texttemplate: '%{text}',
    zmin,
    zmax,
    colorscale: HEAT_SCALE,
    showscale: false,
  };
  return {
    data: [trace],
    layout: {
      ...baseLayout(title),
      height: 460,
      xaxis: { title: { text: 'trained weights, learning rate, entries of the vocabulary' }, type: 'category' },
      yaxis: { title: { text: 'clip and threshold' }, type: 'category', autorange: 'reversed', automargin: true },
    },
  };
}

const last = (rows: readonly StudyRow[], metric: string) => average(rows, ({ curves }) => curves?.[metric]?.at(-1));
const short = (value: number | undefined): string =>
  value === undefined ? '–' : compactNumber(Number(value.toPrecision(2)));

/** Accuracy of every cell of the map. */
export const clipAccuracy = (open: StudyRows): Figure | undefined =>
  mapOf(open, {
    title: `Clip map: right answers after training (%; ${drawnAt(rowsOf(open, 'clip-map'))})`,
    of: (rows) => average(rows, ({ accuracy }) => accuracy),
    text: (rows) => (100 * (average(rows, ({ accuracy }) => accuracy) ?? Number.NaN)).toFixed(0),
    range: [0, 1],
  });

/**
 * The true divergence of the last step (its logarithm is the colour) and, below it, the clipped loss that the optimiser
 * sees.
 */
export const clipLosses = (open: StudyRows): Figure | undefined =>
  mapOf(open, {
    title: 'Clip map: true KL (colour; above) and the loss that training sees (below), last step, nats a token',
    of: (rows) => Math.log(Math.max(1e-6, last(rows, 'divergence/true') ?? Number.NaN)),
    text: (rows) => `${short(last(rows, 'divergence/true'))}|${short(last(rows, 'loss'))}`,
  });

const BINS = Array.from({ length: 10 }, (_, i) => (i + 0.5) / 10);

/**
 * The student's probability below which the clip `c` removes the gradient of the entry of the teacher's most likely
 * token: T exp(-c / T), with T the teacher's probability of it.
 */
export const clippedBelow = (teacher: number, c: number): number => teacher * Math.exp(-c / teacher);

const axis = (text: string): Axis => ({ title: { text }, type: 'linear', range: [0, 1], automargin: true });

/**
 * Mean cosine of the clipped gradient with the unclipped one, over the probabilities that teacher and student give to
 * the teacher's most likely token, with the line of `clippedBelow`.
 */
export function alignmentFigure(
  cells: readonly ClippedCell[],
  { clip, limit, model }: { readonly clip: string; readonly limit: number; readonly model: string },
): Figure | undefined {
  const own = cells.filter((cell) => cell.clip === clip);
  if (own.length === 0) return undefined;
  const at = (teacher: number, student: number) =>
    own.find(
      (cell) => Math.abs(cell.teacher + 0.05 - teacher) < 1e-6 && Math.abs(cell.student + 0.05 - student) < 1e-6,
    );
  const grid = BINS.map((teacher) => BINS.map((student) => at(teacher, student)));
  const teachers = Array.from({ length: 91 }, (_, i) => 0.1 + i / 100);
  const line: ScatterTrace = {
    type: 'scatter',
    mode: 'lines',
    name: `left of the line, the clip acts on the teacher's most likely token itself: T exp(−${limit} / T)`,
    x: teachers.map((teacher) => clippedBelow(teacher, limit)),
    y: teachers,
    line: { color: '#d55e00', dash: 'solid', width: 3 },
    marker: { color: '#d55e00', symbol: 'circle', size: 4 },
    xaxis: 'x',
    yaxis: 'y',
    legendgroup: 'theory',
    showlegend: true,
  };
  const trace: HeatmapTrace = {
    type: 'heatmap',
    name: 'cosine',
    x: BINS,
    y: BINS,
    z: grid.map((row) => row.map((cell) => cell?.cosine ?? null)),
    text: grid.map((row) => row.map((cell) => (cell ? `${cell.cosine.toFixed(2)} (${cell.tokens})` : ''))),
    texttemplate: '%{text}',
    zmin: -1,
    zmax: 1,
    colorscale: HEAT_SCALE,
    showscale: false,
  };
  return {
    data: [trace, line],
    layout: {
      ...baseLayout(`Cosine of the clipped gradient with the true one (tokens): ${clip}, ${model}`),
      showlegend: true,
      height: 520,
      xaxis: axis("student's probability of the teacher's most likely token"),
      yaxis: axis("teacher's probability of it"),
    },
  };
}
