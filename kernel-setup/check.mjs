// Runs every check of the project, in order; `npm test` calls this after the set-up. Its last line is "N passed, N
// failed".
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { consumerTest } from './consumer-test.mjs';
import { runCommand } from './lib/command.mjs';
import { ROOT } from './lib/steps.mjs';

const RESULTS = join(ROOT, 'node_modules/.cache/rcsd/vitest.json');
const tool = (file, ...args) => [process.execPath, join(ROOT, 'node_modules', file), ...args];

const ONE_PASSED = { passed: 1, failed: 0 };

async function lint() {
  await runCommand(tool('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '--colors=off'), ROOT);
  return ONE_PASSED;
}

function typeCheck(project) {
  return async () => {
    await runCommand(tool('typescript/bin/tsc', '--noEmit', '-p', project), ROOT);
    return ONE_PASSED;
  };
}

// The counts come from vitest's own report. A file that cannot be loaded, a skipped test, and a run that fails although
// every test passed (an error outside the tests) all count as failures.
async function unitTests() {
  mkdirSync(dirname(RESULTS), { recursive: true });
  rmSync(RESULTS, { force: true });
  const times = join(ROOT, 'kernel-setup/folder-times.mjs');
  const reporters = ['--reporter=default', `--reporter=${times}`, '--reporter=json', `--outputFile.json=${RESULTS}`];
  let problem;
  await runCommand(tool('vitest/vitest.mjs', 'run', ...reporters), ROOT, { inherit: true }).catch((error) => {
    problem = error;
  });
  if (problem && !existsSync(RESULTS)) throw problem;
  const report = JSON.parse(readFileSync(RESULTS, 'utf8'));
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = report.numFailedTests + report.numPendingTests + report.numTodoTests + unloaded.length;
  return { passed: report.numPassedTests, failed: problem && failed === 0 ? 1 : failed };
}

async function packageTest() {
  await consumerTest();
  return ONE_PASSED;
}

/** The checks of a row run beside each other. The tests have the machine to themselves. */
const CHECKS = [
  [
    ['lint and format', lint],
    ['types of src', typeCheck('.')],
    ['types of tests', typeCheck('tests')],
    ['types of pages', typeCheck('tsconfig.browser.json')],
    ['consumer package', packageTest],
  ],
  [['tests', unitTests]],
];

async function perform([name, check]) {
  const start = performance.now();
  let counts = { passed: 0, failed: 1 };
  try {
    counts = await check();
  } catch (error) {
    console.error(error.message);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const verdict = counts.failed === 0 ? `${counts.passed} passed` : `${counts.passed} passed, ${counts.failed} FAILED`;
  console.log(`  ${`${name} `.padEnd(24, '.')} ${verdict} (${seconds} s)`);
  return counts;
}

console.log('rcsd checks');
const total = { passed: 0, failed: 0 };
for (const row of CHECKS) {
  for (const { passed, failed } of await Promise.all(row.map(perform))) {
    total.passed += passed;
    total.failed += failed;
  }
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
