/** Draws the accuracy of every method on every family of questions as a heatmap. */

import { type Decoding, decodingsText } from '../../base/records/decoding';
import { cellHeatmap } from './cells';
import type { Figure } from './figure';
import { HEAT_SCALE } from './palette';

/** One cell: a share from 0 to 1 over `n` questions. */
export interface FamilyScore {
  readonly family: string;
  readonly method: string;
  readonly accuracy: number;
  /** How the answers were drawn. */
  readonly decoding?: Decoding;
}

/** Methods in rows (first one on top), families in columns, both in order of appearance; missing cells stay empty. */
export const familyHeatmap = (scores: readonly FamilyScore[], title = 'Accuracy by family of questions'): Figure =>
  cellHeatmap(
    scores.map(({ method, family, accuracy }) => ({ row: method, column: family, value: accuracy })),
    {
      title: `${title} (%; ${decodingsText(scores.map(({ decoding }) => decoding))})`,
      name: 'accuracy',
      range: [0, 1],
      colorscale: HEAT_SCALE,
      show: (share) => (100 * share).toFixed(0),
    },
  );
