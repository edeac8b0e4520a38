// The consumer test: packs rcsd, installs the archive into an empty project, compiles a program against its types with
// TypeScript 5.0.4, and runs it. That project cannot see anything else of this checkout.
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './lib/command.mjs';
import { ROOT } from './lib/steps.mjs';

const MOST_MEGABYTES = 20;
const TYPESCRIPT = '5.0.4';

/** Resolves when another project can use the package; otherwise throws with the output of the failing command. */
export async function consumerTest() {
  const project = mkdtempSync(join(tmpdir(), 'rcsd-consumer-'));
  try {
    await runCommand(['npm', 'pack', '--silent', '--pack-destination', project], ROOT);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const archive = join(project, `rcsd-${version}.tgz`);
    const megabytes = statSync(archive).size / 1e6;
    if (megabytes > MOST_MEGABYTES)
      throw new Error(`the package has ${megabytes.toFixed(1)} MB, more than the allowed ${MOST_MEGABYTES}`);

    writeFileSync(join(project, 'package.json'), '{ "name": "consumer", "private": true }\n');
    for (const file of ['consumer.ts', 'tsconfig.json'])
      cpSync(join(ROOT, 'tests/consumer', file), join(project, file));
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await runCommand(['npm', 'install', ...quiet, archive, `typescript@${TYPESCRIPT}`], project);
    await runCommand(['node', 'node_modules/typescript/bin/tsc', '-p', '.'], project);
    await runCommand(['node', 'consumer.js'], project);
    await runCommand(['node', 'node_modules/.bin/rcsd', '--help'], project);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}
