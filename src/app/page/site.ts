/** The page as files: for a server on this machine, or for any static host. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { writeFileAtomic } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import { projectRoot } from '../../engine/files/models';
import { browserPath } from '../../results/report/inspector/html';
import { INSPECTOR_STYLE } from '../../results/report/inspector/style';
import { PLACES, WASM } from './files';

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self' blob:; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>rcsd page</title><link rel="icon" href="data:,"><link rel="stylesheet" href="page.css">
</head><body><div id="view"><p class="loading">Loading the model …</p><noscript>The page trains a model here, which needs scripts.</noscript></div>
<script src="page.js"></script></body></html>
`;

export const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.safetensors': 'application/octet-stream',
};
export const typeOf = (name: string): string => TYPES[extname(name)] ?? 'application/octet-stream';

/** The files of the page by name. Throws InputError where the package was not built. */
export function pageFiles(): Readonly<Record<string, Uint8Array>> {
  const built = (name: string): Uint8Array => readFileSync(browserPath(name));
  const style = ['view.css', 'page.css'].map((name) => built(name).toString());
  const loaded = Object.entries(PLACES).map(([name, place]) => [name, readFileSync(join(projectRoot, place, name))]);
  return {
    ...Object.fromEntries(loaded),
    ...Object.fromEntries([...Object.values(WASM), 'page-worker.js', 'page.js'].map((name) => [name, built(name)])),
    'page.css': Buffer.from([...style, INSPECTOR_STYLE].join('\n')),
    'index.html': Buffer.from(PAGE),
  };
}

/** Writes the page as files; index.html comes last. Throws InputError for a folder that holds something else. */
export function writePage(folder: string): void {
  const files = pageFiles();
  const strange = existsSync(folder) ? readdirSync(folder).find((name) => !(name in files)) : undefined;
  if (strange !== undefined)
    throw new InputError(
      `--output ${folder}: the folder holds ${strange}, which is none of the page's; choose an empty one.`,
    );
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileAtomic(join(folder, name), bytes);
}
