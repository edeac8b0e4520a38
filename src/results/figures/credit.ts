/** Draws where guidance points at better answers (blue-green) and at worse ones (red), as a heatmap. */
import { cellHeatmap, type NamedCell } from './cells';
import type { Figure } from './figure';
import { CREDIT_SCALE } from './palette';
import { signedNumber } from './text';

/** Gains at and beyond these ends have the full colour: a change of the share of right answers. */
const LIMIT = 0.3;

/** A cell's value is the change of the share of right answers that following the row's guidance brings at a place. */
export const creditHeatmap = (cells: readonly NamedCell[], title: string): Figure =>
  cellHeatmap(cells, {
    title: `${title} (points of right answers a place)`,
    name: 'gain',
    range: [-LIMIT, LIMIT],
    colorscale: CREDIT_SCALE,
    show: (gain) => signedNumber(100 * gain, 0),
  });
