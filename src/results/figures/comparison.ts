/**
 * Draws scores of runs with intervals, one panel for each benchmark; published numbers are shown apart, without
 * intervals.
 */

import { type Axis, errorBars, type Figure, panelSuffix, type ScatterTrace, type ValueWithInterval } from './figure';
import { baseLayout, GRID_COLOR, type SeriesStyle, seriesStyles, seriesTrace } from './palette';
import { visibleText } from './text';

/** One benchmark: its runs' scores as shares, and what was published for it. */
export interface ComparisonPanel {
  readonly benchmark: string;
  /** How the questions were asked and the answers decoded, in words. */
  readonly how: string;
  readonly scores: readonly { readonly run: string; readonly score: ValueWithInterval }[];
  readonly published: readonly { readonly method: string; readonly score: number }[];
}

/** Points with 95 % intervals, two panels in a row; `label` says where the published points come from. */
export function comparisonFigure(panels: readonly ComparisonPanel[], label: string): Figure {
  const runs = [...new Set(panels.flatMap(({ scores }) => scores.map(({ run }) => run)))];
  const hasPublished = panels.some(({ published }) => published.length > 0);
  const names = [...runs, ...(hasPublished ? [label] : [])];
  const styles = new Map(seriesStyles(names).map((style, i) => [names[i], style]));
  const columns = Math.min(2, Math.max(1, panels.length));
  const axes: Record<`xaxis${string}` | `yaxis${string}`, Axis> = {};
  panels.forEach(({ benchmark, how }, index) => {
    axes[`xaxis${panelSuffix(index)}`] = {
      title: { text: `${benchmark}, ${how}` },
      type: 'category',
      automargin: true,
    };
    axes[`yaxis${panelSuffix(index)}`] = {
      title: { text: 'score' },
      tickformat: '.0%',
      gridcolor: GRID_COLOR,
      automargin: true,
    };
  });
  const rows = Math.max(1, Math.ceil(panels.length / columns));
  return {
    data: panels.flatMap((panel, index) => {
      const at = (name: string) => ({ index, style: styles.get(name) as SeriesStyle, name });
      const measured = panel.scores.map(({ run, score }) =>
        points(at(run), [visibleText(run, 24)], [score.value], [score]),
      );
      const { published } = panel;
      const methods = published.map(({ method }) => `${method} *`);
      const known = published.map(({ score }) => score);
      return published.length > 0 ? [...measured, points(at(label), methods, known)] : measured;
    }),
    layout: {
      ...baseLayout(hasPublished ? `Scores with 95 % intervals (*: ${label})` : 'Scores with 95 % intervals'),
      showlegend: names.length > 1,
      height: 160 + 240 * rows,
      grid: { rows, columns, pattern: 'independent', xgap: 0.25, ygap: 0.4 },
      ...axes,
    },
  };
}

interface Place {
  readonly index: number;
  readonly name: string;
  readonly style: SeriesStyle;
}

function points(
  { index, name, style }: Place,
  x: readonly string[],
  y: readonly number[],
  intervals?: readonly ValueWithInterval[],
): ScatterTrace {
  return {
    ...seriesTrace(visibleText(name, 60), {
      style: { ...style, dash: 'solid' },
      panel: index,
      size: 9,
      legend: index === 0,
    }),
    mode: 'markers',
    x,
    y,
    ...(intervals && { error_y: errorBars(intervals) }),
  };
}
