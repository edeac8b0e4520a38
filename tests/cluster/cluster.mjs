/**
 * `npm run test:cluster`: what needs real engines or much time, and is therefore no part of `npm test`.
 *
 *   npm run test:cluster                       every part, one after the other
 *   npm run test:cluster vllm|ray|kills        this part
 *   npm run test:cluster ray report=FILE       writes its report, too
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from './real.mjs';

const PARTS = ['vllm', 'ray', 'kills'];

async function main() {
  const words = process.argv.slice(2);
  const wanted = words.filter((word) => PARTS.includes(word));
  const report = words.map((word) => /^report=(.+)$/.exec(word)?.[1]).find(Boolean);
  const stray = words.find((word) => !PARTS.includes(word) && !/^report=.+$/.test(word));
  if (stray !== undefined) throw new Error(`There is no part ${stray}; choose from ${PARTS.join(', ')}, or give report=FILE.`);
  if (report && wanted.length !== 1) throw new Error('report=FILE takes the report of one part; name it.');
  for (const part of wanted.length > 0 ? wanted : PARTS) {
    const work = join(ROOT, 'tests', 'cluster', '.work', part);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    const { prove } = await import(`./${part}.mjs`);
    const text = await prove({ work, command: `npm run test:cluster ${part} report=${report ?? 'FILE'}` });
    console.log(text);
    if (report) writeFileSync(resolve(ROOT, report), text);
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
