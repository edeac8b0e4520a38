/** Draws the accuracy of every method on every family of questions as a heatmap. */

import { type Decoding, decodingsText } from '../../base/records/decoding';
import type { Figure } from './figure';
import { baseLayout, HEAT_SCALE } from './palette';
import { visibleText } from './text';

/** One cell: a share from 0 to 1 over `n` questions. */
export interface FamilyScore {
  readonly family: string;
  readonly method: string;
  readonly accuracy: number;
  /** How the answers were drawn. */
  readonly decoding?: Decoding;
}

/** Methods in rows (first one on top), families in columns, both in order of appearance; missing cells stay empty. */
export function familyHeatmap(scores: readonly FamilyScore[], title = 'Accuracy by family of questions'): Figure {
  const families = [...new Set(scores.map((score) => score.family))];
  const methods = [...new Set(scores.map((score) => score.method))];
  const cells = new Map(scores.map((score) => [JSON.stringify([score.method, score.family]), score.accuracy]));
  const z = methods.map((method) => families.map((family) => cells.get(JSON.stringify([method, family])) ?? null));
  return {
    data: [
      {
        type: 'heatmap',
        name: 'accuracy',
        x: families.map((family) => visibleText(family, 40)),
        y: methods.map((method) => visibleText(method, 60)),
        z,
        text: z.map((row) => row.map((value) => (value === null ? '' : (100 * value).toFixed(0)))),
        texttemplate: '%{text}',
        zmin: 0,
        zmax: 1,
        colorscale: HEAT_SCALE,
        showscale: false,
      },
    ],
    layout: {
      ...baseLayout(`${title} (%; ${decodingsText(scores.map(({ decoding }) => decoding))})`),
      xaxis: { title: { text: '' }, type: 'category', automargin: true },
      yaxis: { title: { text: '' }, type: 'category', autorange: 'reversed', automargin: true },
    },
  };
}
