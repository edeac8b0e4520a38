// Times the page: RCSD and the placebo, each in a worker of its own, and the same two trainings by Node, one process each with one
// thread.
//
//   node benchmarks/page.mjs [steps=40] [questions=48] [pictures=FOLDER]
//
// The page is clicked in Chromium. Prints seconds (of the clock and of processors), and the accuracies that the page showed;
// `pictures` writes what it looked like into a folder.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, root } from './lib.mjs';

const { servePage } = load('./app/page/server.js');
const { findChromium } = load('./results/figures/png.js');
const { chromium } = load('playwright-core');

const given = Object.fromEntries(process.argv.slice(2).map((word) => word.split('=')));
const { steps = '40', questions = '48', pictures } = given;

/** Processor seconds of a process and all below it, from field 14 on of its stat (ticks of 10 ms). */
function cpuSeconds(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // It has just ended.
    }
  }
  const within = (own) => own === pid || (parents.has(own) && within(parents.get(own).parent));
  return [...parents].filter(([own]) => within(own)).reduce((sum, [, { ticks }]) => sum + ticks / 100, 0);
}

async function inPage() {
  const server = await chromium.launchServer({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const browser = await chromium.connect(server.wsEndpoint());
  const site = await servePage(0);
  const page = await browser.newPage({ viewport: { width: 1200, height: 1160 } });
  const picture = (name) => pictures && page.screenshot({ path: join(pictures, `page-${name}.png`) });
  await page.goto(site.address);
  await page.locator('.rcsd-inspector').waitFor({ timeout: 300_000 });
  await picture('ask');
  await page.getByRole('link', { name: 'Train' }).click();
  await page.getByLabel('Steps', { exact: true }).fill(steps);
  await page.getByLabel('Held-out questions').fill(questions);
  const [started, before] = [performance.now(), cpuSeconds(server.process().pid)];
  await page.getByRole('button', { name: 'Train both' }).click();
  await page.getByText(`done after ${steps} steps`).nth(1).waitFor({ timeout: 3_600_000 });
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuSeconds(server.process().pid) - before;
  const rows = await page.locator('.train tbody tr').allInnerTexts();
  await picture('train');
  await browser.close();
  await server.close();
  await site.close();
  return { seconds, cpu, rows: rows.map((row) => row.replace(/\s+/g, ' ')) };
}

/** The same work as the page's, with the same measurements on the way. */
const NODE = `
const { train } = require('./run/experiments/train.js');
const { trainConfig } = require('./method/algorithms/settings.js');
const { evaluate } = require('./results/evaluation/evaluate.js');
const { greedy } = require('./results/evaluation/ladder.js');
const { openSession } = require('./run/session/session.js');
const { evaluationRequest } = require('./run/session/validation.js');
const [source, runs, steps, questions] = process.argv.slice(1);
const config = trainConfig({ algorithm: 'rcsd', stages: 'reasoner', rubric_source: source, steps: Number(steps), batch_size: 8,
  checkpoint_every: Number(steps), evaluation: { questions: Number(questions), samples: 1 }, runs, name: source });
const look = async (session, model) => {
  const request = evaluationRequest(session, config, model);
  for (const settings of [greedy(config.evaluation), config.evaluation]) await evaluate({ ...request, settings });
};
(async () => {
  const session = await openSession(config);
  const every = Math.max(1, Math.ceil(steps / 4));
  await train(config, { evaluateBefore: false, observer: { every, look: (model) => look(session, model) } });
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1e6);
})();`;

async function inNode() {
  const runs = mkdtempSync(join(tmpdir(), 'rcsd-page-'));
  const started = performance.now();
  const arm = (source) =>
    new Promise((resolve, reject) => {
      const own = spawn(process.execPath, ['-e', NODE, source, runs, steps, questions], {
        cwd: join(root, 'dist'),
        env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      own.stdout.on('data', (text) => (said += text));
      own.on('exit', (code) =>
        code === 0 ? resolve(Number(said)) : reject(new Error(`${source} ended with ${code}`)),
      );
    });
  const cpu = await Promise.all(['reference', 'placebo'].map(arm));
  rmSync(runs, { recursive: true });
  return { seconds: (performance.now() - started) / 1000, cpu: cpu.reduce((a, b) => a + b, 0) };
}

const tab = await inPage();
const node = await inNode();
const row = (name, { seconds, cpu }) =>
  console.log(`${name.padEnd(5)} ${seconds.toFixed(0)} s, ${cpu.toFixed(0)} s of processors`);
console.log(`${steps} steps of RCSD and of the placebo at once, batch 8, ${questions} questions a measurement:`);
row('page', tab);
row('Node', node);
const ratio = (of) => (tab[of] / node[of]).toFixed(1);
console.log(`The page takes ${ratio('seconds')} times as long, and ${ratio('cpu')} times the processor time.`);
console.log(tab.rows.join('\n'));
