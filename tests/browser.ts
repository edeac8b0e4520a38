/** The browser of the tests: Chromium where there is one, what axe says of a page, and a line in place of the tests where there is none. */
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { describe, test } from 'vitest';
import { findChromium } from '../src/results/figures/png';

/** Path of the program; undefined where there is none. */
export const chromium = findChromium();

/** Starts it; only for tests of `inBrowser`, which are not run without it. */
export async function startBrowser(): Promise<Browser> {
  const { chromium: engine } = await import('playwright-core');
  return engine.launch({ executablePath: chromium as string, args: ['--no-sandbox', '--disable-gpu'] });
}

/** `describe` for tests that need a browser. Without one, a test says that they were not run: a skipped one would count as a failure. */
export function inBrowser(name: string, body: () => void): void {
  if (chromium) describe(name, body);
  else test(`${name}: not run, there is no Chromium on PATH`, () => undefined);
}

/** What breaks a rule of axe, and the elements that do. */
export interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: string[]; readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds that a user of a keyboard, a screen reader or little sight would stumble over, by all its rules or by these. */
export async function axeViolations(page: Page, runOnly?: readonly string[]): Promise<readonly Violation[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis)))
    await page.evaluate(createRequire(import.meta.url)('axe-core').source as string);
  return page.evaluate(async (rules) => {
    const { axe } = globalThis as never as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    return (await axe.run(rules ? { runOnly: rules } : {})).violations;
  }, runOnly);
}
