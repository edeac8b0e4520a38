/** Writes the study's figures to files. */
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../base/records/atomic';
import { drawPictures, findChromium } from '../../results/figures/png';
import { figureToSvg } from '../../results/figures/svg/render';
import type { StudyFigure } from '.';

export interface WrittenFigures {
  readonly drawn: readonly string[];
  /** Figures that have no rows yet. */
  readonly skipped: readonly string[];
  /** Whether PNG files were written beside the SVG files. */
  readonly png: boolean;
}

/** Writes NAME.svg for every figure that has rows and, if a Chromium is on PATH, NAME.png at twice its size. */
export async function writeFigures(
  figures: readonly StudyFigure[],
  folder: string,
  { png = true }: { readonly png?: boolean } = {},
): Promise<WrittenFigures> {
  makeFolder(folder);
  const pictures = figures.flatMap(({ name, figure }) => {
    if (!figure) return [];
    const text = figureToSvg(figure);
    const [, width, height] = / width="(\d+)" height="(\d+)"/.exec(text) ?? [];
    const svg = join(folder, `${name}.svg`);
    writeFileAtomic(svg, `${text}\n`);
    return [{ name, svg, png: join(folder, `${name}.png`), width: Number(width), height: Number(height) }];
  });
  const chromium = png ? findChromium() : undefined;
  if (chromium) await drawPictures(chromium, pictures);
  return {
    drawn: pictures.map(({ name }) => name),
    skipped: figures.flatMap(({ name, figure }) => (figure ? [] : [name])),
    png: chromium !== undefined,
  };
}
