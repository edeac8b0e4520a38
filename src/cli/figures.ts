/** `rcsd figures`: every figure of the study out of its committed rows. */
import { basename, dirname, join } from 'node:path';
import { readRows } from '../experiments/study/row';
import { openRows } from '../experiments/study/tableParts';
import { studyFigures } from '../experiments/studyFigures';
import { findChromium, svgToPng } from '../figures/png';
import { figureToSvg } from '../figures/svg/render';
import { projectRoot } from '../files/models';
import { makeFolder, writeFileAtomic } from '../records/atomic';
import { InputError, throwIfAborted } from '../records/errors';
import { textOption } from './arguments';
import type { Command } from './command';

const FILE = 'runs.jsonl';

/** The folder of a file of rows, which has one name. Throws InputError for another. */
function folderOf(rows: string): string {
  if (basename(rows) === FILE) return dirname(rows);
  throw new InputError(`--rows ${rows}: rows of a study are in a file called ${FILE}.`);
}

/** The command. */
export const command: Command = {
  options: [
    { name: 'output', value: 'FOLDER', help: 'where the files go (default: docs/images/study of this checkout)' },
    { name: 'rows', value: 'FILE', help: `a study's ${FILE} (default: the committed one)` },
    { name: 'svg_only', help: 'no PNG files, even where a Chromium is found' },
  ],
  notes: `Figures without rows are skipped with a sentence, so that a study that is not finished can be looked at. PNG files are drawn
by a Chromium on PATH.`,
  examples: ['rcsd figures', 'rcsd figures --output figures --rows data/results/study/runs.jsonl'],
  async run(args, { signal }) {
    const file = textOption(args, 'rows', undefined);
    const rows = file === undefined ? readRows() : readRows(folderOf(file));
    if (rows.size === 0) throw new InputError(`There are no rows in ${file ?? 'data/results/study/runs.jsonl'}.`);
    const folder = textOption(args, 'output', join(projectRoot, 'docs', 'images', 'study'));
    makeFolder(folder);
    const chromium = args.options.svg_only ? undefined : findChromium();
    const skipped: string[] = [];
    let drawn = 0;
    for (const { name, figure } of studyFigures(openRows(rows))) {
      throwIfAborted(signal);
      if (!figure) {
        skipped.push(name);
        continue;
      }
      const text = figureToSvg(figure);
      const [, width, height] = / width="(\d+)" height="(\d+)"/.exec(text) ?? [];
      const [svg, png] = [join(folder, `${name}.svg`), join(folder, `${name}.png`)];
      writeFileAtomic(svg, `${text}\n`);
      if (chromium) svgToPng(chromium, { svg, png, width: Number(width), height: Number(height) });
      drawn++;
    }
    process.stdout.write(`${drawn} figures in ${folder}, from ${rows.size} rows\n`);
    if (skipped.length > 0) process.stdout.write(`without rows yet, and skipped: ${skipped.join(', ')}\n`);
    if (!chromium && !args.options.svg_only)
      process.stdout.write(
        'No Chromium is on PATH, so that there are SVG files alone (Debian: apt-get install chromium).\n',
      );
  },
};
