/** The page in a browser, as files behind a plain server: asked, changed, trained and saved by clicking; its numbers are Node's. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servePage } from '../../src/app/page/server';
import { typeOf, writePage } from '../../src/app/page/site';
import { makeFolder } from '../../src/base/records/atomic';
import { InputError } from '../../src/base/records/errors';
import type { CompletionRow, MetricsRow } from '../../src/base/records/rows';
import { openRun } from '../../src/base/records/runReader';
import { openModel } from '../../src/engine/model/load';
import { frozenTrainConfig } from '../../src/method/algorithms/settings';
import { train } from '../../src/run/experiments/train';
import { axeViolations, chromium, inBrowser, startBrowser } from '../browser';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-page-'));
const site = join(folder, 'site');
let browser: Browser | undefined;
let server: Server | undefined;
let address = '';

/** Files and nothing else, as any host has them. */
function plainServer(root: string): Server {
  return createServer(({ url = '/' }, response) => {
    const name = url === '/' ? 'index.html' : url.slice(1);
    const found = readdirSync(root).includes(name);
    response.writeHead(found ? 200 : 404, { 'content-type': typeOf(name) });
    response.end(found ? readFileSync(join(root, name)) : '');
  });
}

beforeAll(async () => {
  writePage(site);
  if (!chromium) return;
  browser = await startBrowser();
  server = plainServer(site);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page when it has answered its first question; from then on, every request is heard. */
async function open(colorScheme: 'light' | 'dark' = 'light') {
  const page = await (browser as Browser).newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
  const heard: string[] = [];
  page.on('pageerror', (error) => heard.push(error.message));
  page.on('console', (message) => message.type() === 'error' && heard.push(message.text()));
  await page.goto(address);
  await page.locator('.rcsd-inspector').waitFor({ timeout: 120_000 });
  page.on('request', (own) => !/^(blob|data):/.test(own.url()) && heard.push(own.url()));
  return { page, heard };
}

/** The choice with this label. */
const choice = (page: Page, label: string) =>
  page.locator('label.choice', { hasText: new RegExp(`^${label}`) }).locator('select');

const faults = async (page: Page): Promise<string[]> =>
  (await axeViolations(page)).map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`);

describe('the files of the page', () => {
  test('are at most 4 MB gzipped', () => {
    const sizes = readdirSync(site).map((name) => gzipSync(readFileSync(join(site, name))).length);
    expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(4e6);
  });

  test('are written again over themselves, and not beside anything else', () => {
    writePage(site);
    const other = join(folder, 'other');
    makeFolder(other);
    writeFileSync(join(other, 'notes.txt'), 'mine');
    expect(() => writePage(other)).toThrow(InputError);
    expect(readdirSync(other)).toEqual(['notes.txt']);
  });

  test('are served to this machine alone', async () => {
    const { address: own, close } = await servePage(0);
    expect((await fetch(own)).status).toBe(200);
    expect((await fetch(`${own}page.js`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${own}../package.json`)).status).toBe(404);
    await close();
  });

  test('hold loops that were compiled from the sources that are here', () => {
    execFileSync(process.execPath, [join(__dirname, '../../kernel-setup/wasm/build.mjs'), '--check']);
  });
});

inBrowser('the page in a browser', () => {
  test('a question is answered by both sides; rubric, words and loss can be changed', async () => {
    const { page, heard } = await open();
    const loss = page.getByText('Loss of the answer');
    const student = page.getByRole('region', { name: "Student's answer" });
    const teacher = page.getByRole('region', { name: "Teacher's answer" });
    // The base uses a gated rule when it is told.
    expect(await student.textContent()).toContain('wrong');
    expect(await teacher.textContent()).toContain('right');
    const before = await loss.textContent();
    await choice(page, 'Which rubric').selectOption('wrong');
    await page.waitForFunction(() =>
      document.querySelector('[aria-label="Teacher\'s answer"]')?.textContent?.includes('wrong'),
    );
    await page.waitForFunction((old) => !document.body.textContent?.includes(String(old)), before);
    await choice(page, 'Clip').selectOption('entry');
    await page.getByText('without the clip it would be').waitFor();
    await page.getByLabel('Correct rule: what it says').fill('States : Use a xylophone .');
    await page.getByLabel('Correct rule: what it says').press('Enter');
    await page.getByRole('alert').getByText('xylophone').waitFor();
    await page.getByLabel('Correct rule weight').click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page
      .locator('textarea')
      .fill('To 4 L of 8 mol/L salt in a flask we add 13 mol of salt. Find the mol of salt in all.');
    // What is typed stays, whatever is drawn meanwhile.
    await page.getByRole('button', { name: 'Draw again' }).evaluate((button: HTMLElement) => button.click());
    expect(await page.locator('textarea').inputValue()).toContain('we add 13 mol');
    await page.locator('textarea').blur();
    await page.getByText('nobody knows the answer').first().waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('listbox', { name: /Tokens/ }).focus();
    const opened = page.locator('.rcsd-token');
    await page.keyboard.press('Home');
    expect(await opened.textContent()).toContain('token 1 of');
    await page.keyboard.press('ArrowRight');
    expect(await opened.textContent()).toContain('token 2 of');
    expect(heard).toEqual([]);
    await page.close();
  });

  test('the loss of four tokens follows what is moved, also by the keyboard', async () => {
    const { page, heard } = await open();
    await page.getByRole('link', { name: 'Loss' }).click();
    const sentence = page.getByText('the divergence before any clip');
    await sentence.waitFor();
    const shown = (): Promise<string | null> => sentence.textContent();
    const first = await shown();
    expect(first).toContain('towards the teacher');
    await page.getByLabel('v, student').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((old) => !document.body.textContent?.includes(String(old)), first);
    const second = await shown();
    await choice(page, 'Divergence').selectOption('reverse_kl');
    await page.waitForFunction((old) => !document.body.textContent?.includes(String(old)), second);
    expect(heard).toEqual([]);
    await page.close();
  });

  test('both trainings run, are shown and saved; completions and losses are those of Node', async () => {
    const { page, heard } = await open();
    await page.getByRole('link', { name: 'Train' }).click();
    await page.getByLabel('Steps', { exact: true }).fill('3');
    await page.getByLabel('Held-out questions').fill('4');
    await page.getByRole('button', { name: 'Train both' }).click();
    await page.getByText('done after 3 steps').nth(1).waitFor({ timeout: 500_000 });
    expect(await page.locator('.chart path').count()).toBe(4);
    // Two students, two moments, two decodings.
    expect(await page.locator('.train tbody tr').count()).toBe(8);
    const save = async (arm: string, what: string): Promise<string> => {
      const waiting = page.waitForEvent('download');
      await page.getByRole('region', { name: arm }).getByRole('button', { name: what }).click();
      const download = await waiting;
      const target = join(folder, download.suggestedFilename().replace('.zip', ''));
      for (const [name, bytes] of Object.entries(unzipSync(readFileSync(await download.path())))) {
        makeFolder(dirname(join(target, name)));
        writeFileSync(join(target, name), bytes);
      }
      return target;
    };
    for (const [arm, source] of [
      ['RCSD', 'reference'],
      ['placebo', 'placebo'],
    ] as const) {
      const tab = join(await save(arm, 'Save the run folder'), arm.toLowerCase());
      const { config } = openRun(tab);
      const settings = frozenTrainConfig(config, tab);
      expect(settings.rubric_source).toBe(source);
      const here = await train({ ...settings, runs: join(folder, 'node') }, { evaluateBefore: false });
      here.model.dispose();
      const stages = [tab, here.path].map((path) => openRun(join(path, 'stage-2')));
      const [own, nodes] = stages.map((run) => run.metrics()) as [MetricsRow[], MetricsRow[]];
      expect(own.length).toBe(3);
      for (const [i, row] of own.entries())
        expect(Math.abs((row.loss as number) - (nodes[i]?.loss as number))).toBeLessThan(1e-6);
      const ids = stages.map((run) => run.completions().map((row: CompletionRow) => row.completion_ids));
      expect(ids[0]).toEqual(ids[1]);
    }
    const model = await openModel(await save('RCSD', 'Save the model'));
    expect(model.tokenizer?.vocabSize).toBe(342);
    model.dispose();
    await page.getByRole('link', { name: 'Ask' }).click();
    await choice(page, 'Student').selectOption({ label: 'RCSD after 3 steps' });
    await page.getByText('Loss of the answer').waitFor();
    expect(heard).toEqual([]);
    await page.close();
  }, 600_000);

  test('a training stops and leaves what it had', async () => {
    const { page, heard } = await open();
    await page.getByRole('link', { name: 'Train' }).click();
    await page.getByLabel('Held-out questions').fill('4');
    await page.getByRole('button', { name: 'Train both' }).click();
    await page
      .getByText(/step [1-9]\d* of 40/)
      .first()
      .waitFor({ timeout: 200_000 });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page
      .getByText(/stopped after/)
      .nth(1)
      .waitFor({ timeout: 200_000 });
    expect(heard).toEqual([]);
    await page.close();
  });

  test('axe finds nothing in any view, in both themes', async () => {
    for (const theme of ['light', 'dark'] as const) {
      const { page } = await open(theme);
      for (const name of ['Ask', 'Loss', 'Train']) {
        await page.getByRole('link', { name }).click();
        await page.waitForTimeout(300);
        expect([theme, name, await faults(page)]).toEqual([theme, name, []]);
      }
      await page.close();
    }
  });
});
