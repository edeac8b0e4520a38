/** The report in a browser: nothing is cut on a page of A4 or on a telephone, axe finds nothing, and the inspector works in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { renderReport } from '../../src/results/report/report';
import { axeViolations, inBrowser, startBrowser } from '../browser';
import { sampleReport } from './sample';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

inBrowser('the report in a browser', () => {
  test('fits on A4, is read by axe without a fault, and opens tokens', async () => {
    const file = join(folder, 'report.html');
    const wide = { ...sampleReport(), settings: { [`stage2.${'long_name_'.repeat(8)}`]: 'x'.repeat(300) } };
    writeFileSync(file, renderReport(wide));
    const browser = await startBrowser();
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    const heard: string[] = [];
    page.on('console', (message) => message.type() === 'error' && heard.push(message.text()));
    page.on('pageerror', (error) => heard.push(error.message));
    await page.goto(pathToFileURL(file).href);

    await page.locator('.rcsd-tokens').focus();
    await page.keyboard.press('Home');
    expect(await page.locator('.rcsd-token').textContent()).toContain('token 1 of');
    await page.locator('.rcsd-bar select').selectOption('ratio');
    const links = await page.locator('nav a').evaluateAll((all) => all.map((own) => own.getAttribute('href') ?? ''));
    expect(links.length).toBeGreaterThan(4);
    for (const link of links) expect(await page.locator(link).count()).toBe(1);

    const violations = await axeViolations(page);
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`)).toEqual([]);

    // 180 mm between the margins of A4.
    await page.setViewportSize({ width: 680, height: 900 });
    await page.emulateMedia({ media: 'print' });
    const cut = await page.evaluate(() =>
      Array.from(document.querySelectorAll('main *'))
        .filter((own) => !own.closest('svg') && own.getBoundingClientRect().right > 681)
        .map((own) => own.outerHTML.slice(0, 120)),
    );
    expect(cut).toEqual([]);
    expect(heard).toEqual([]);
    await browser.close();
  });
});
