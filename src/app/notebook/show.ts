/** Shows figures, tables, rubrics and guidance in a cell, each also in a simpler form for viewers that need one. */

import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';
import type { TokenScores } from '../../method/scoring/guidance';
import { figureText } from '../../results/figures/describe';
import type { Figure } from '../../results/figures/figure';
import { figureToSvg, type SvgSize } from '../../results/figures/svg/render';
import { visibleText } from '../../results/figures/text';
import { rubricCard } from '../../results/report/html/rubricCard';
import { type TableLike, type TableOptions, tableHtml, tableText } from '../../results/report/html/table';
import { inspectorOutput } from '../../results/report/inspector/html';
import type { ClipSettings } from '../../results/report/inspector/quantities';
import { guidanceText } from '../../results/report/inspector/text';
import { createDisplay } from './kernel';
import { pictureHtml } from './picture';

/** What is said above the answer, how its loss was cut, and how many tokens are shown at most. */
export interface GuidanceOptions {
  readonly caption?: string;
  readonly clip?: ClipSettings;
  /** Default 1,500. */
  readonly maxTokens?: number;
}

/** Plotly's buttons without the ones that send a figure to its makers' cloud. */
const PLOTLY_CONFIG = {
  displaylogo: false,
  showLink: false,
  showSendToCloud: false,
  plotlyServerURL: '',
  responsive: true,
};

/** The size of a picture, and whether plotly draws it where it can, so that a reader can zoom and point at values. */
export interface FigureOptions extends SvgSize {
  readonly interactive?: boolean;
}

/** Shows a figure as a picture, or in words where there are none. */
export function showFigure(figure: Figure, { interactive = false, ...size }: FigureOptions = {}): void {
  const text = figureText(figure);
  createDisplay().show({
    ...(interactive && {
      'application/vnd.plotly.v1+json': { data: figure.data, layout: figure.layout, config: PLOTLY_CONFIG },
    }),
    'text/html': pictureHtml(figureToSvg(figure, size), text),
    'text/plain': text,
  });
}

/** Shows rows, or a danfojs DataFrame, as a table. */
export function showTable(table: TableLike, options: TableOptions = {}): void {
  createDisplay().show({ 'text/html': tableHtml(table, options), 'text/plain': tableText(table, options.maxRows) });
}

/** Shows a rubric as a card, below its question if given. */
export function showRubric(rubric: Rubric, question?: Question): void {
  const lines = rubric.criteria.map(({ title, weight, description }) => `${weight}  ${title}: ${description}`);
  createDisplay().show({
    'text/html': rubricCard(rubric, question),
    'text/plain': visibleText([...(question ? [question.question] : []), ...lines].join('\n')),
  });
}

/**
 * Shows an answer in the token inspector: its tokens in the colour of a chosen quantity, and for the one that is clicked (or reached by
 * the arrow keys) what both sides would have written there.
 */
export function showGuidance(scores: TokenScores, options: GuidanceOptions = {}): void {
  createDisplay().show({ 'text/html': inspectorOutput({ scores, ...options }), 'text/plain': guidanceText(scores) });
}
