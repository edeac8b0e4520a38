/** Draws how the cost of decoding grows with the batch, and the memory of the loss with the vocabulary. */
import type { Axis, Figure, ScatterTrace } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';

/** The part of a measured stage that the figure uses; the stages `decode-N` and `vocabulary-N` are drawn. */
export interface MeasuredStage {
  readonly stage: string;
  readonly median_seconds: number;
  readonly tokens: number;
  readonly working_bytes: number;
}

type Point = readonly [x: number, y: number];

const GIB = 2 ** 30;

/** The stages of one kind, sorted by their number. */
function byNumber(stages: readonly MeasuredStage[], kind: string): [number, MeasuredStage][] {
  return stages
    .filter(({ stage }) => stage.startsWith(`${kind}-`))
    .map((stage): [number, MeasuredStage] => [Number(stage.stage.slice(kind.length + 1)), stage])
    .sort(([a], [b]) => a - b);
}

function line(
  name: string,
  points: readonly Point[],
  { panel, style }: { panel: number; style: SeriesStyle },
): ScatterTrace {
  return {
    ...seriesTrace(name, { style, panel, size: 7, legend: true }),
    mode: 'lines+markers',
    x: points.map(([x]) => x),
    y: points.map(([, y]) => y),
  };
}

const axis = (text: string): Axis => ({ title: { text }, type: 'linear', gridcolor: GRID_COLOR, automargin: true });

/**
 * Two panels: milliseconds for each sampled token over the batch size, and GiB that the loss of `lossTokens` tokens
 * takes over the vocabulary size, beside the size of one fp32 array of all their logits. Undefined unless both were
 * measured at two points or more.
 */
export function growthFigure(stages: readonly MeasuredStage[], lossTokens: number): Figure | undefined {
  const decoding = byNumber(stages, 'decode');
  const vocabulary = byNumber(stages, 'vocabulary');
  if (decoding.length < 2 || vocabulary.length < 2) return undefined;
  const names = ['time for each sampled token', 'memory of the loss', 'one array of all logits'];
  const [first, second, third] = seriesStyles(names) as [SeriesStyle, SeriesStyle, SeriesStyle];
  const [time, memory, logits] = names as [string, string, string];
  return {
    data: [
      line(
        time,
        decoding.map(([rows, { median_seconds, tokens }]) => [rows, (1000 * median_seconds) / tokens]),
        { panel: 0, style: first },
      ),
      line(
        memory,
        vocabulary.map(([size, { working_bytes }]) => [size, working_bytes / GIB]),
        { panel: 1, style: second },
      ),
      line(
        logits,
        vocabulary.map(([size]) => [size, (4 * size * lossTokens) / GIB]),
        { panel: 1, style: third },
      ),
    ],
    layout: {
      ...baseLayout('How time and memory grow'),
      showlegend: true,
      height: 380,
      grid: { rows: 1, columns: 2, pattern: 'independent', xgap: 0.25, ygap: 0.4 },
      xaxis: axis('completions decoded side by side'),
      yaxis: axis('ms a token'),
      xaxis2: axis('words in the vocabulary'),
      yaxis2: axis('GiB'),
    },
  };
}
