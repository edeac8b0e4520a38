/** Shows figures, tables, rubrics and guidance in a cell, each also in a simpler form for viewers that need one. */

import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';
import { figureText } from '../../results/figures/describe';
import type { Figure } from '../../results/figures/figure';
import { figureToSvg, type SvgSize } from '../../results/figures/svg/render';
import { visibleText } from '../../results/figures/text';
import { type Guidance, type GuidanceOptions, guidanceHeatmap, guidanceText } from '../../results/report/html/guidance';
import { rubricCard } from '../../results/report/html/rubricCard';
import { type TableLike, type TableOptions, tableHtml, tableText } from '../../results/report/html/table';
import { createDisplay } from './kernel';

/** Shows a figure: interactive with plotly, otherwise as SVG, otherwise in words. */
export function showFigure(figure: Figure, size: SvgSize = {}): void {
  createDisplay().show({
    'application/vnd.plotly.v1+json': { data: figure.data, layout: figure.layout, config: { displaylogo: false } },
    'image/svg+xml': figureToSvg(figure, size),
    'text/plain': figureText(figure),
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

/** Shows an answer with each token shaded by how far the teacher is from the student. */
export function showGuidance(guidance: Guidance, options: GuidanceOptions = {}): void {
  createDisplay().show({ 'text/html': guidanceHeatmap(guidance, options), 'text/plain': guidanceText(guidance) });
}
