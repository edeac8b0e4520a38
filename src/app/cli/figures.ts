/** `rcsd figures`: every figure of the study out of its committed rows. */
import { basename, dirname, join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { projectRoot } from '../../engine/files/models';
import { studyFigures } from '../../study/figures';
import { writeFigures } from '../../study/figures/write';
import { readRows } from '../../study/row';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';

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
  async run(args) {
    const file = textOption(args, 'rows', undefined);
    const rows = file === undefined ? readRows() : readRows(folderOf(file));
    if (rows.size === 0) throw new InputError(`There are no rows in ${file ?? 'data/results/study/runs.jsonl'}.`);
    const folder = textOption(args, 'output', join(projectRoot, 'docs', 'images', 'study'));
    const png = args.options.svg_only !== true;
    const { drawn, skipped, png: pictures } = await writeFigures(studyFigures(rows), folder, { png });
    process.stdout.write(`${drawn.length} figures in ${folder}, from ${rows.size} rows\n`);
    if (skipped.length > 0) process.stdout.write(`without rows yet, and skipped: ${skipped.join(', ')}\n`);
    if (png && !pictures) {
      process.stdout.write(
        'No Chromium is on PATH, so that there are SVG files alone (Debian: apt-get install chromium).\n',
      );
    }
  },
};
