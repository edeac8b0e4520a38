/** The viewer in a browser, with 10,000 answers: clicked, typed in, read by axe, and with hostile texts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBundle } from '../../src/app/view/bundle';
import { openDocuments } from '../../src/app/view/documents';
import type { Serving } from '../../src/app/view/loopback';
import { serveView } from '../../src/app/view/server';
import { axeViolations, chromium, inBrowser, startBrowser } from '../browser';
import { writeRun } from './runs';

const ANSWERS = 10_000;
const folder = mkdtempSync(join(tmpdir(), 'rcsd-view-'));
let browser: Browser | undefined;
let view: Serving | undefined;

beforeAll(async () => {
  if (!chromium) return;
  writeRun(join(folder, 'runs', 'large'), ANSWERS);
  writeRun(join(folder, 'runs', 'small'), 64);
  browser = await startBrowser();
  view = await serveView(openDocuments([join(folder, 'runs')]), 0);
});

afterAll(async () => {
  await browser?.close();
  await view?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A page whose hostile texts would be heard, and whose requests are. */
async function open(address: string, colorScheme: 'light' | 'dark' = 'light') {
  const page = await (browser as Browser).newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
  const heard: string[] = [];
  await page.exposeFunction('hostile', () => heard.push('a text ran'));
  page.on('pageerror', (error) => heard.push(error.message));
  page.on('console', (message) => message.type() === 'error' && heard.push(message.text()));
  page.on('request', (own) => {
    if (!own.url().startsWith(new URL(address).origin) && !/^(file|data):/.test(own.url())) heard.push(own.url());
  });
  await page.goto(address);
  await page.getByText(`of ${(ANSWERS + 64).toLocaleString('en-US')} answers`).waitFor({ timeout: 60_000 });
  await page.waitForFunction(() => !document.querySelector('.count')?.textContent?.includes('reading'), undefined, {
    timeout: 60_000,
  });
  return { page, heard };
}

const rows = (page: Page): Promise<number> => page.locator('.row').count();
const chosen = (page: Page): Promise<string | null> => page.locator('.row.chosen').getAttribute('aria-posinset');

/** What axe finds that a user of a keyboard, a screen reader or little sight would stumble over. */
async function faults(page: Page): Promise<string[]> {
  const violations = await axeViolations(page);
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 2).map((node) => `${id}: ${node.target} ${node.failureSummary}`),
  );
}

inBrowser('10,000 answers in a browser', () => {
  test('only those in sight are in the page, and search and filters find the others', async () => {
    const { page, heard } = await open(view?.address ?? '');
    expect(await rows(page)).toBeLessThan(40);
    await page.getByRole('searchbox').fill('number9999');
    await page.getByText('1 of 10,064 answers').waitFor();
    expect(await page.locator('.main .text').textContent()).toContain('number9999');
    await page.getByRole('searchbox').fill('');
    await page.getByLabel('Verdict').selectOption('right');
    await page.getByText('3,356 of 10,064 answers').waitFor();
    await page.getByLabel('Only').selectOption('truncated');
    await page.getByLabel('first step').fill('100');
    await page.getByLabel('last step').fill('100');
    await page.waitForFunction(() => /^\d of/.test(document.querySelector('.count')?.textContent ?? ''));
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('10,064 of 10,064 answers').waitFor();
    expect(heard).toEqual([]);
    await page.close();
  });

  test('the keyboard alone leads to any answer and any token', async () => {
    const { page, heard } = await open(view?.address ?? '');
    await page.getByRole('listbox', { name: 'Answers' }).focus();
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.querySelector('.row.chosen')?.getAttribute('aria-posinset') === '10064');
    await page.keyboard.press('Home');
    for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowDown');
    expect(await chosen(page)).toBe('8');
    const tokens = page.getByRole('listbox', { name: /Tokens/ });
    await tokens.waitFor();
    await tokens.focus();
    const opened = page.locator('.rcsd-token');
    expect(await opened.textContent()).toContain('token 5 of 7');
    await page.keyboard.press('ArrowLeft');
    expect(await opened.textContent()).toContain('token 4 of 7');
    await page.keyboard.press('ArrowDown');
    expect(await opened.textContent()).toContain('token 5 of 7');
    await page.locator('.rcsd-tokens [role=option]').nth(0).click();
    expect(await opened.textContent()).toContain('token 1 of 7');
    expect(await page.locator('.rcsd-next').textContent()).toContain('all others');
    expect(heard).toEqual([]);
    await page.close();
  });

  test('hostile texts stay texts in every view, in both themes, and axe finds nothing', async () => {
    for (const theme of ['light', 'dark'] as const) {
      const { page, heard } = await open(view?.address ?? '', theme);
      await page.getByRole('searchbox').fill('onerror');
      await page.getByText('101 of 10,064 answers').waitFor();
      await page.getByText('What the teacher read').click();
      await page.getByLabel('Beside it').selectOption({ index: 1 });
      await page.locator('.paired').nth(1).waitFor();
      for (const name of ['Answers', 'Curves', 'Scores', 'Settings']) {
        await page.getByRole('link', { name }).click();
        await page.waitForTimeout(300);
        const elements = await page
          .locator('img, iframe, object, embed, base, [onerror], [onload], a[href^="javascript"]')
          .count();
        expect([name, elements]).toEqual([name, 0]);
        expect([name, await faults(page)]).toEqual([name, []]);
      }
      expect(heard).toEqual([]);
      await page.close();
    }
  });

  test('a bundle opens as a file', async () => {
    writeBundle(openDocuments([join(folder, 'runs')]), join(folder, 'site'));
    const { page, heard } = await open(pathToFileURL(join(folder, 'site', 'index.html')).href);
    await page.getByRole('searchbox').fill('number77');
    await page.locator('.main .text').getByText('number77').waitFor();
    await page.getByRole('link', { name: 'Curves' }).click();
    await page.locator('.chart path').first().waitFor();
    expect(heard).toEqual([]);
    await page.close();
  });
});
