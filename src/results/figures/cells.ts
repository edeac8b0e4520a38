/** A heatmap of named rows and columns: the shared part of all figures that are tables in colour. */
import type { Figure, HeatmapTrace } from './figure';
import { baseLayout } from './palette';
import { visibleText } from './text';

/** One cell of such a table. */
export interface NamedCell {
  readonly row: string;
  readonly column: string;
  readonly value: number;
}

/** Rows (the first on top) and columns in order of appearance; missing cells stay empty. `show` writes a value into its cell. */
export function cellHeatmap(
  cells: readonly NamedCell[],
  {
    title,
    name,
    range: [zmin, zmax],
    colorscale,
    show,
  }: Pick<HeatmapTrace, 'name' | 'colorscale'> & {
    readonly title: string;
    /** The values at both ends of the colours. */
    readonly range: readonly [number, number];
    readonly show: (value: number) => string;
  },
): Figure {
  const rows = [...new Set(cells.map(({ row }) => row))];
  const columns = [...new Set(cells.map(({ column }) => column))];
  const values = new Map(cells.map(({ row, column, value }) => [JSON.stringify([row, column]), value]));
  const z = rows.map((row) => columns.map((column) => values.get(JSON.stringify([row, column])) ?? null));
  return {
    data: [
      {
        type: 'heatmap',
        name,
        x: columns.map((column) => visibleText(column, 40)),
        y: rows.map((row) => visibleText(row, 60)),
        z,
        text: z.map((row) => row.map((value) => (value === null ? '' : show(value)))),
        texttemplate: '%{text}',
        zmin,
        zmax,
        colorscale,
        showscale: false,
      },
    ],
    layout: {
      ...baseLayout(title),
      ...(rows.length > 12 && { height: 80 + 20 * rows.length }),
      xaxis: { title: { text: '' }, type: 'category', automargin: true },
      yaxis: { title: { text: '' }, type: 'category', autorange: 'reversed', automargin: true },
    },
  };
}
