/** Every figure of the study by its file name, computed from the rows. A figure without rows is undefined. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../engine/files/models';
import type { Figure } from '../../results/figures/figure';
import type { ClippedCell } from '../../run/probes/clipping';
import type { StudyRow, StudyRows } from '../row';
import { readMeasurement } from '../speed/measurement';
import { openRows } from '../tables/parts';
import { alignmentFigure, clipAccuracy, clipLosses } from './clip';
import { contentEffectFigure, ladderFigure, recoveryDots } from './content';
import { budgetsFigure, learningCurves, mainFigure, passFigure } from './main';
import { PAPER_FIGURES } from './paper';
import { reachCurves } from './reach';
import { strataFigure } from './strata';
import { orderingsFigure, upliftFigure } from './worlds';

/** A figure of the study; undefined if there are no rows for it yet. */
export interface StudyFigure {
  readonly name: string;
  readonly figure: Figure | undefined;
}

const FIGURES: Readonly<Record<string, (open: StudyRows) => Figure | undefined>> = {
  strata: strataFigure,
  ladder: ladderFigure,
  'content-effect': contentEffectFigure,
  recovery: recoveryDots,
  main: mainFigure,
  budgets: budgetsFigure,
  'pass-at-k': passFigure,
  curves: learningCurves,
  'clip-map-accuracy': clipAccuracy,
  'clip-map-losses': clipLosses,
  orderings: orderingsFigure,
  uplift: upliftFigure,
  reach: reachCurves,
};

/** Measurements of `rcsd clipping` by the name of their model. */
const ALIGNMENTS: Readonly<Record<string, string>> = {
  'SmolLM2-135M': join(projectRoot, 'data', 'results', 'smollm2', 'clipping.jsonl'),
  microscience: join(projectRoot, 'data', 'results', 'microscience', 'clipping.jsonl'),
};
/** The clip whose alignment is drawn: the released threshold, on all entries. */
const DRAWN = { clip: 'entry 0.05', limit: 0.05 } as const;

/** The alignment of the clipped gradient from a measurement of `rcsd clipping`; undefined if the file is not there. */
export function measuredAlignment(file: string, model: string): Figure | undefined {
  if (!existsSync(file)) return undefined;
  const { rows } = readMeasurement<ClippedCell & { readonly kind: string }>(file);
  return alignmentFigure(
    rows.filter(({ kind }) => kind === 'cell'),
    { ...DRAWN, model },
  );
}

/** All figures in the order of the report: the study's own, the alignments, then the counterparts of the paper's. */
export function studyFigures(rows: ReadonlyMap<string, StudyRow>): StudyFigure[] {
  const open = openRows(rows);
  return [
    ...Object.entries(FIGURES).map(([name, make]) => ({ name, figure: make(open) })),
    ...Object.entries(ALIGNMENTS).map(([model, file]) => ({
      name: `clip-alignment-${model.toLowerCase()}`,
      figure: measuredAlignment(file, model),
    })),
    ...Object.entries(PAPER_FIGURES).map(([name, make]) => ({ name: `paper-${name}`, figure: make(open) })),
  ];
}
