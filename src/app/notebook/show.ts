/** What a cell shows: figures, tables, rubrics and guidance, each with a form for viewers that know less. */

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

/** Shows a figure: interactive where plotly is at hand, as SVG elsewhere, in words at the least. */
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

/** Shows a rubric as a card, with its question above it when given. */
export function showRubric(rubric: Rubric, question?: Question): void {
  const lines = rubric.criteria.map(({ title, weight, description }) => `${weight}  ${title}: ${description}`);
  createDisplay().show({
    'text/html': rubricCard(rubric, question),
    'text/plain': visibleText([...(question ? [question.question] : []), ...lines].join('\n')),
  });
}

/** Shows an answer, each token shaded by how far the teacher is from the student. */
export function showGuidance(guidance: Guidance, options: GuidanceOptions = {}): void {
  createDisplay().show({ 'text/html': guidanceHeatmap(guidance, options), 'text/plain': guidanceText(guidance) });
}
