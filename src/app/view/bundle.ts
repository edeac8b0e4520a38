/** Writes the viewer as static files, to be opened from a folder or published: no server, no request to anywhere. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import type { Documents } from './documents';
import { viewFiles } from './server';

/** Data as scripts, since a page that was opened as a file may load those alone. U+2028 and U+2029 need no care in them since ES2019. */
const asScript = (name: string, document: unknown): string =>
  `rcsdReceive(${JSON.stringify(name)},${JSON.stringify(document)})\n`;

/** Names that a bundle has in its folder, beside its page. */
const OURS = /^data(?:\/(?:overview|(?:metrics|rows|details)-\d+(?:-\d+)?)\.js)?$/;

/**
 * Writes the page with all documents; the page itself comes last, so that a folder with one is complete. Throws InputError for a folder
 * that holds something else.
 */
export function writeBundle(documents: Documents, folder: string): void {
  const files = viewFiles();
  const strange = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => !(name in files) && !OURS.test(name))
    : undefined;
  if (strange !== undefined)
    throw new InputError(
      `--bundle ${folder}: the folder holds ${strange}, which is none of the viewer's; choose an empty one.`,
    );
  const { 'index.html': page, ...others } = files;
  for (const name of ['index.html', 'data']) rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, 'data'), { recursive: true });
  const write = (name: string, document: unknown): void =>
    writeFileAtomic(join(folder, 'data', `${name}.js`), asScript(name, document));
  write('overview', documents.overview(false));
  for (const name of documents.names()) write(name, documents.read(name));
  for (const [name, { text }] of Object.entries(others)) writeFileAtomic(join(folder, name), text);
  if (page) writeFileAtomic(join(folder, 'index.html'), page.text);
}
