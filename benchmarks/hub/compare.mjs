/**
 * Both clients of the hub on one cache: what `rcsd models pull` put there Python's huggingface_hub finds, and the other way round. The
 * hub is a server on this machine, the one of the tests, with redirects, ranges, digests and a download that is cut.
 *
 *     python3 -m venv venv && venv/bin/pip install -r benchmarks/hub/requirements.txt
 *     node benchmarks/hub/compare.mjs venv/bin/python
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

const [python = 'python3'] = process.argv.slice(2);
const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..');
const work = mkdtempSync(join(tmpdir(), 'rcsd-hub-'));
const run = promisify(execFile);
const REPOSITORY = 'owner/chat';

/** The server of the tests, whose types are stripped. */
async function startHub() {
  const source = readFileSync(join(root, 'tests', 'files', 'hubServer.ts'), 'utf8');
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: 'esnext', target: 'es2022' } });
  writeFileSync(join(work, 'hubServer.mjs'), outputText);
  const folder = join(root, 'tests', 'fixtures', 'models', 'chat');
  const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  return (await import(join(work, 'hubServer.mjs'))).startHub(files, { type: 'model', repo: REPOSITORY });
}

const hub = await startHub();
const envOf = (home) => ({ ...process.env, HF_HOME: join(work, home), HF_HUB_CACHE: '', HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_x' });
const rcsd = (home, ...words) => run(process.execPath, [join(root, 'dist/app/cli/main.js'), ...words], { env: envOf(home) });
async function client(home, what) {
  const env = { ...envOf(home), HF_HUB_DISABLE_XET: '1' };
  const { HF_HUB_CACHE: _, ...own } = env;
  return JSON.parse((await run(python, [join(root, 'benchmarks/hub/cache.py'), what, REPOSITORY], { env: own })).stdout);
}
/** Links and blobs of a cache, by which two of them can be compared. */
function layout(home) {
  const repository = join(work, home, 'hub', `models--${REPOSITORY.replace('/', '--')}`);
  const snapshot = join(repository, 'snapshots', hub.commit);
  return {
    refs: readFileSync(join(repository, 'refs', 'main'), 'utf8'),
    links: Object.fromEntries(readdirSync(snapshot).sort().map((name) => [name, readlinkSync(join(snapshot, name))])),
    blobs: readdirSync(join(repository, 'blobs')).sort(),
  };
}
const checks = [];
const check = (what, holds) => checks.push([what, holds]);
const downloads = () => hub.requests.splice(0).length;

try {
  // The weights, which are asked for second.
  hub.behaviour.cuts = [Number.POSITIVE_INFINITY, 60_000];
  await rcsd('ours', 'models', 'pull', REPOSITORY);
  check('rcsd pulls over a redirect, and resumes a cut download', downloads() === Object.keys(layout('ours').links).length + 1);
  const found = await client('ours', 'find');
  check('Python finds what rcsd pulled, without a request', found.folder.endsWith(hub.commit) && downloads() === 0);
  check('Python takes the cache for whole', found.warnings.length === 0 && found.found[0]?.[2].join() === 'main');
  await client('ours', 'pull');
  check('Python downloads nothing again', downloads() === 0);

  await client('theirs', 'pull');
  check('Python pulls from the same server', downloads() === Object.keys(layout('theirs').links).length);
  const { stdout } = await rcsd('theirs', 'models', 'list');
  check('rcsd lists what Python pulled', stdout.includes(REPOSITORY));
  await rcsd('theirs', 'export', REPOSITORY, '--output', join(work, 'exported'));
  check('rcsd opens it by its name, without a request', downloads() === 0);
  await rcsd('theirs', 'models', 'pull', REPOSITORY);
  check('rcsd downloads nothing again', downloads() === 0);
  check('both layouts are the same, link for link', JSON.stringify(layout('ours')) === JSON.stringify(layout('theirs')));
} finally {
  await hub.close();
  rmSync(work, { recursive: true });
}
for (const [what, holds] of checks) console.log(`${holds ? 'yes' : 'NO '}  ${what}`);
process.exitCode = checks.every(([, holds]) => holds) ? 0 : 1;
