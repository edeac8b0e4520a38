/** A figure in words: the text alternative for screen readers, terminals and viewers that show no pictures. */

import type { Figure, Trace } from './figure';
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
  if (trace.type === 'scatter' && trace.mode !== 'markers') return [describeLine(trace, figure)];
  return trace.x.map((name, index) => {
    const value = trace.y[index];
    if (value === null || value === undefined) return `${name}: no value`;
    const up = trace.error_y?.array[index];
    const down = trace.error_y?.arrayminus[index];
    const interval =
      up === undefined || down === undefined ? '' : ` (${compactNumber(value - down)} to ${compactNumber(value + up)})`;
    return `${name}: ${compactNumber(value)}${interval}`;
  });
}

function describeLine(trace: Extract<Trace, { type: 'scatter' }>, figure: Figure): string {
  const axis = figure.layout[`yaxis${trace.yaxis.slice(1)}`]?.title.text ?? '';
  const values = trace.y.filter((value): value is number => value !== null);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) return `${axis}, ${trace.name}: no values`;
  return `${axis}, ${trace.name}: from ${compactNumber(first)} to ${compactNumber(last)} over ${values.length} steps`;
}
