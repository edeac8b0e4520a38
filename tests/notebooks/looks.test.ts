/** The stored outputs of every notebook, and the pictures of the documentation, as a reader sees them on narrow and wide screens in both themes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeViolations, chromium, inBrowser, startBrowser } from '../browser';
import type { Complaint } from './browser.looks';

const root = join(__dirname, '../..');
const WIDTHS = [600, 900, 1440] as const;
const THEMES = ['light', 'dark'] as const;
/** What axe looks for in the page's own text: contrast, names of what can be used, tables without heads. */
const RULES = [
  'color-contrast',
  'image-alt',
  'svg-img-alt',
  'label',
  'button-name',
  'link-name',
  'th-has-data-cells',
  'duplicate-id-aria',
];
/** JupyterLab's colors of the page and its text, and the room that it leaves for outputs. */
const STYLE = `body { margin: 0; font: 13px/1.5 system-ui, sans-serif; background: #fff; color: #212121 }
  .output { margin: 8px 8px 8px 72px; overflow-x: auto }
  @media (prefers-color-scheme: dark) { body { background: #111; color: #dedede } a { color: #64b5f6 } }`;

interface Cell {
  readonly outputs?: readonly { readonly data?: Readonly<Record<string, string | readonly string[]>> }[];
}

const outputsOf = (notebook: string): string[] =>
  (JSON.parse(readFileSync(join(root, 'notebooks', notebook), 'utf8')).cells as Cell[]).flatMap(({ outputs = [] }) =>
    outputs.flatMap(({ data }) => (data?.['text/html'] === undefined ? [] : [[data['text/html']].flat().join('')])),
  );

const image = (file: string): string => {
  const svg = readFileSync(file).toString('base64');
  return `<img alt="${file}" style="width:100%;min-width:720px;max-width:880px;height:auto" src="data:image/svg+xml;base64,${svg}">`;
};

const pageOf = (outputs: readonly string[]): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>outputs</title><style>${STYLE}</style><main>
  ${outputs.map((output) => `<div class="output" tabindex="0">${output}</div>`).join('\n')}</main></html>`;

let browser: Browser | undefined;
let script = '';
beforeAll(async () => {
  if (!chromium) return;
  browser = await startBrowser();
  const { outputText } = ts.transpileModule(readFileSync(join(__dirname, 'browser.looks.ts'), 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  script = `globalThis.rcsdLooks = (() => { const exports = {}; ${outputText}; return exports; })();`;
});
afterAll(async () => browser?.close());

/** A page with these outputs, whose pictures stand in it as elements of their own, each as large as its image was. */
async function show(outputs: readonly string[]): Promise<Page> {
  const page = await (browser as Browser).newPage({ viewport: { width: WIDTHS[1], height: 900 } });
  await page.setContent(pageOf(outputs), { waitUntil: 'load' });
  await page.evaluate(() => {
    for (const own of Array.from(
      document.querySelectorAll<HTMLImageElement>('img[src^="data:image/svg+xml;base64,"]'),
    )) {
      const bytes = Uint8Array.from(atob(own.src.split(',')[1] as string), (c) => c.charCodeAt(0));
      const parsed = new DOMParser().parseFromString(new TextDecoder().decode(bytes), 'image/svg+xml');
      const svg = document.importNode(parsed.documentElement, true);
      svg.setAttribute('style', own.getAttribute('style') ?? '');
      svg.setAttribute('aria-label', own.alt);
      svg.setAttribute('data-picture', '');
      own.replaceWith(svg);
    }
  });
  await page.addScriptTag({ content: script });
  return page;
}

const words = ({ what, where }: Complaint): string => `${what}: ${where}`;

/** What a reader would complain of, each complaint once. A theme changes colors and no place, so the dark one is looked at in one width. */
async function complaintsOf(outputs: readonly string[]): Promise<string[]> {
  const page = await show(outputs);
  const found = new Set<string>();
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of theme === 'light' ? WIDTHS : WIDTHS.slice(1, 2)) {
      await page.setViewportSize({ width, height: 900 });
      const complaints = await page.evaluate(() =>
        (globalThis as never as { rcsdLooks: { looks(): Complaint[] } }).rcsdLooks.looks(),
      );
      for (const complaint of complaints) found.add(words(complaint));
    }
    for (const { id, nodes } of await axeViolations(page, RULES))
      for (const { html } of nodes) found.add(`${id}: ${html.slice(0, 120)}`);
  }
  await page.close();
  return [...found];
}

inBrowser('what is shown', () => {
  test.each(readdirSync(join(root, 'notebooks')).filter((name) => name.endsWith('.ipynb')))(
    'by %s is legible',
    async (notebook) => {
      const outputs = outputsOf(notebook);
      expect(outputs.length).toBeGreaterThan(0);
      expect(await complaintsOf(outputs)).toEqual([]);
    },
  );

  test('by the documentation is legible', async () => {
    const folder = join(root, 'docs/images');
    const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.svg'));
    expect(files.length).toBeGreaterThan(10);
    expect(await complaintsOf(files.map((name) => image(join(folder, name))))).toEqual([]);
  });

  test.each([
    ['small', '<text x="20" y="20" font-size="9">little</text>'],
    ['cut', '<text x="700" y="40" font-size="14">a label that goes on behind the border</text>'],
    ['overlap', '<text x="20" y="40" font-size="14">one</text><text x="30" y="44" font-size="14">two</text>'],
    ['contrast', '<text x="20" y="40" font-size="14" fill="#bbb">pale</text>'],
  ])('a planted fault is found: %s', async (what, text) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 80" width="880" height="80"><rect width="880" height="80" fill="#fff"/>${text}</svg>`;
    const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
    const found = await complaintsOf([`<img alt="x" style="width:100%;min-width:720px;height:auto" src="${source}">`]);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((complaint) => complaint.startsWith(what))).toBe(true);
  });

  test('words that are too pale, and a picture without words, are found', async () => {
    expect((await complaintsOf(['<p style="color:#888">grey</p>'])).join()).toMatch(/^color-contrast/);
    const source = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`;
    expect((await complaintsOf([`<img src="${source}">`])).join()).toMatch(/^nameless/);
  });
});
