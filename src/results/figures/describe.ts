/** Describes a figure in words, for screen readers, terminals and viewers that show no pictures. */

import { type ErrorBars, type Figure, isDots, isScatter, type ScatterTrace, type Trace } from './figure';
import { compactNumber, visibleText } from './text';

/** The title and one line for each trace, at most `limit` characters. */
export function figureText(figure: Figure, limit = 2000): string {
  return visibleText(
    [figure.layout.title.text, ...figure.data.flatMap((trace) => describe(trace, figure))].join('\n'),
    limit,
  );
}

function describe(trace: Trace, figure: Figure): string[] {
  if (trace.type === 'heatmap') {
    return trace.y.map(
      (name, row) => `${name}: ${trace.x.map((x, column) => `${x} ${trace.text[row]?.[column] || '–'}`).join(', ')}`,
    );
  }
  if (isDots(trace))
    return trace.y.map((name, i) => `${name}, ${trace.name}: ${valueText(trace.x[i], trace.error_x, i)}`);
  if (isScatter(trace) && trace.mode !== 'markers') return [describeLine(trace, figure)];
  return trace.x.map((name, i) => `${name}: ${valueText(trace.y[i], trace.error_y, i)}`);
}

function valueText(value: number | null | undefined, error: ErrorBars | undefined, index: number): string {
  if (value === null || value === undefined) return 'no value';
  const [up, down] = [error?.array[index], error?.arrayminus[index]];
  if (up === undefined || down === undefined) return compactNumber(value);
  return `${compactNumber(value)} (${compactNumber(value - down)} to ${compactNumber(value + up)})`;
}

function describeLine(trace: ScatterTrace, figure: Figure): string {
  const axis = figure.layout[`yaxis${trace.yaxis.slice(1)}`]?.title.text ?? '';
  const values = trace.y.filter((value): value is number => value !== null);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) return `${axis}, ${trace.name}: no values`;
  return `${axis}, ${trace.name}: from ${compactNumber(first)} to ${compactNumber(last)} over ${values.length} steps`;
}
