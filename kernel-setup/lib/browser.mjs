// Builds what pages run, each into one file without imports: `dist/browser/`.
import { copyFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forTab } from './page.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The entry of each page's script, by the name of the file that it becomes. */
const ENTRIES = {
  'inspector.js': 'src/results/report/inspector/browser.tsx',
  'sliders.js': 'src/app/notebook/sliders/browser.ts',
  'view.js': 'src/app/view/client/main.tsx',
  'page.js': 'src/app/page/client/main.tsx',
};

/** What a page's script is bundled with beside its entry, and what runs the library itself. */
const PLAIN = { transform: { jsx: { runtime: 'automatic', importSource: 'preact' }, target: 'es2022' } };
const library = () => {
  const globals = join(ROOT, 'src/app/page/worker/platform/globals.ts');
  return {
    plugins: [forTab(ROOT)],
    // Of the modules in Node's place, only what a tab calls is there.
    shimMissingExports: true,
    onLog: (level, log, handle) => log.code === 'SHIMMED_EXPORT' || handle(level, log),
    transform: {
      ...PLAIN.transform,
      define: { __dirname: JSON.stringify('/rcsd/dist/place/of') },
      inject: Object.fromEntries(['Buffer', 'process', 'setImmediate'].map((name) => [name, [globals, name]])),
    },
  };
};

export async function buildBrowser() {
  const { build } = await import('rolldown');
  const folder = join(ROOT, 'dist', 'browser');
  const bundle = (name, entry, how = PLAIN) =>
    build({
      input: join(ROOT, entry),
      platform: 'browser',
      logLevel: 'warn',
      tsconfig: false,
      ...how,
      output: { file: join(folder, name), format: 'iife', minify: true },
    });
  for (const [name, entry] of Object.entries(ENTRIES)) await bundle(name, entry);
  await bundle('page-worker.js', 'src/app/page/worker/main.ts', library());
  for (const style of ['src/app/view/client/view.css', 'src/app/page/client/page.css'])
    copyFileSync(join(ROOT, style), join(folder, basename(style)));
  const wasm = join(ROOT, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm');
  copyFileSync(wasm, join(folder, 'tfjs.wasm'));
  copyFileSync(join(ROOT, 'kernel-setup/wasm/loops.wasm'), join(folder, 'loops.wasm'));
}

/** Vitest calls it before the tests. */
export const setup = buildBrowser;
