// Builds what pages run, each into one file without imports: `dist/browser/`.
import { copyFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The entry of each page's script, by the name of the file that it becomes. */
const ENTRIES = {
  'inspector.js': 'src/results/report/inspector/browser.tsx',
  'sliders.js': 'src/app/notebook/sliders/browser.ts',
  'view.js': 'src/app/view/client/main.tsx',
};

export async function buildBrowser() {
  const { build } = await import('rolldown');
  const folder = join(ROOT, 'dist', 'browser');
  for (const [name, entry] of Object.entries(ENTRIES))
    await build({
      input: join(ROOT, entry),
      platform: 'browser',
      logLevel: 'warn',
      tsconfig: false,
      transform: { jsx: { runtime: 'automatic', importSource: 'preact' }, target: 'es2022' },
      output: { file: join(folder, name), format: 'iife', minify: true },
    });
  copyFileSync(join(ROOT, 'src/app/view/client/view.css'), join(folder, 'view.css'));
}

/** Vitest calls it before the tests. */
export const setup = buildBrowser;
