/** `rcsd figures`: draws every figure of the study from its committed rows. */
import { basename, dirname, join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { projectRoot } from '../../engine/files/models';
import { studyFigures } from '../../study/figures';
import { writeFigures } from '../../study/figures/write';
import { readRows } from '../../study/row';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { print } from './shared/print';

const FILE = 'runs.jsonl';

/** The folder of a file of rows. Throws InputError unless the file has the one name that is expected. */
function folderOf(rows: string): string {
  if (basename(rows) === FILE) return dirname(rows);
  throw new InputError(`--rows ${rows}: the rows of a study must be in a file called ${FILE}.`);
}

export const command: Command = {
  options: [
    { name: 'output', value: 'FOLDER', help: 'where to write the files (default: docs/images/study of this checkout)' },
    { name: 'rows', value: 'FILE', help: `${FILE} of a study (default: the committed one)` },
    { name: 'svg_only', help: 'write no PNG files, even if there is a Chromium' },
  ],
  notes: `Figures that have no rows yet are skipped and listed, so that an unfinished study can be looked at. PNG files are drawn by the
Chromium on PATH.`,
  examples: ['rcsd figures', 'rcsd figures --output figures --rows data/results/study/runs.jsonl'],
  async run(args) {
    const file = textOption(args, 'rows', undefined);
    const rows = file === undefined ? readRows() : readRows(folderOf(file));
    if (rows.size === 0) throw new InputError(`There are no rows in ${file ?? 'data/results/study/runs.jsonl'}.`);
    const folder = textOption(args, 'output', join(projectRoot, 'docs', 'images', 'study'));
    const png = args.options.svg_only !== true;
    const { drawn, skipped, png: pictures } = await writeFigures(studyFigures(rows), folder, { png });
    print(`${drawn.length} figures in ${folder}, from ${rows.size} rows\n`);
    if (skipped.length > 0) print(`skipped, because they have no rows yet: ${skipped.join(', ')}\n`);
    if (png && !pictures) {
      print('No Chromium is on PATH, so only SVG files were written (Debian: apt-get install chromium).\n');
    }
  },
};
