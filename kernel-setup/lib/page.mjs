// How the library is bundled for a tab: the engine's WebAssembly in the place of TensorFlow, and a few modules in the place of Node's.
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Reads formats or asks servers that a tab has nothing to do with; whoever calls one of them is told so. */
const ABSENT =
  /^(?:node:.*|fs|path|events|stream|util|zlib|yauzl|csv-parse(?:\/.*)?|hyparquet|hyparquet-compressors|@huggingface\/(?:gguf|hub))$/;

const absent = (name) => `module.exports = new Proxy({}, {
  get: (_, member) => () => { throw new Error(${JSON.stringify(`a page has no ${name}.`)} + String(member)); },
});`;

/** A plugin of rolldown for a bundle of the project at `root`. */
export function forTab(root) {
  const wasm = join(root, 'src/engine/tensors/wasm');
  const platform = join(root, 'src/app/page/worker/platform');
  return {
    name: 'for a tab',
    resolveId(source, importer = '') {
      if (source === 'node:path') return this.resolve('path-browserify', importer, { skipSelf: true });
      const own = join(platform, `${source.slice('node:'.length)}.ts`);
      if (source.startsWith('node:') && existsSync(own)) return own;
      if (ABSENT.test(source)) return `\0absent:${source}`;
      // A file of engine/tensors/wasm takes the place of its namesake beside that folder.
      if (!source.startsWith('.') || dirname(importer) === wasm) return null;
      const target = resolve(dirname(importer), source);
      const other = join(wasm, `${basename(target)}.ts`);
      return dirname(target) === dirname(wasm) && existsSync(other) ? other : null;
    },
    load: (id) =>
      id.startsWith('\0absent:') ? { code: absent(id.slice('\0absent:'.length)), moduleType: 'js' } : null,
  };
}
