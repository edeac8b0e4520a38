// Opens reports and figures whose every text is hostile in a real browser, and counts what ran, what was fetched, and what elements
// came out of texts.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lib, READERS } from './readers.mjs';

const HOSTILE = [
  ...[
    '<script>hostile()</script>',
    '<img src=x onerror=hostile()>',
    '"><svg/onload=hostile()>',
    "' onmouseover='hostile()",
  ],
  ...[
    '</style><script>hostile()</script>',
    '</title><script>hostile()</script>',
    '<iframe srcdoc="<script>parent.hostile()</script>">',
  ],
  ...[
    'javascript:hostile()',
    '<a href="javascript:hostile()">x</a>',
    '<meta http-equiv=refresh content="0;url=http://192.0.2.1/">',
  ],
  ...[
    '<link rel=stylesheet href=http://192.0.2.1/x.css>',
    'url(http://192.0.2.1/x.png)',
    ']]><script>hostile()</script>',
    '&lt;script&gt;hostile()&lt;/script&gt;',
  ],
  ...[
    '<math><mi//xlink:href="data:x,<script>hostile()</script>">',
    '\u202ehostile\u2066',
    '<!--<img src="--><img src=x onerror=hostile()>',
    '<base href=http://192.0.2.1/>',
  ],
];

/** Every text of JSON, but names of fields, with a hostile one behind it. */
const spoilt = (value, hostile) => {
  if (typeof value === 'string') return `${value} ${hostile}`;
  if (Array.isArray(value)) return value.map((part) => spoilt(part, hostile));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, spoilt(part, hostile)]));
};

/** A run folder whose texts are all hostile, as a report. */
function hostileReport(folder, hostile) {
  READERS['run folder'].good[0](folder);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
    writeFileSync(path, `${lines.map((line) => JSON.stringify(spoilt(JSON.parse(line), hostile))).join('\n')}\n`);
  }
  return lib('results/report/report.js').renderReport(
    lib('run/experiments/report.js').reportData(lib('base/records/runReader.js').openRun(folder)),
  );
}

function hostileFigures(hostile) {
  const { trainingCurves } = lib('results/figures/curves.js');
  const { accuracyBars } = lib('results/figures/accuracy.js');
  const { figureToSvg } = lib('results/figures/svg/render.js');
  const score = { value: 0.5, low: 0.4, high: 0.6 };
  const runs = [
    {
      name: hostile,
      metrics: [
        { step: 1, [hostile]: 1 },
        { step: 2, [hostile]: 2 },
      ],
    },
  ];
  return [
    figureToSvg(trainingCurves(runs, { title: hostile, panels: [{ metric: hostile, label: hostile }] })),
    figureToSvg(accuracyBars([{ method: hostile, score }], { references: [{ label: hostile, value: 0.3 }] })),
  ].map((svg) => `<!doctype html><body>${svg}</body>`);
}

/** Opens a page for each hostile text; a fault where it ran, fetched or became an element. */
export async function browse({ log = () => {} }) {
  const chromium = lib('results/figures/png.js').findChromium();
  if (!chromium) return { skipped: 'there is no Chromium on PATH', faults: [], pages: 0 };
  const { chromium: engine } = await import('playwright-core');
  const own = lib('results/report/inspector/html.js').browserFile('inspector.js').trim();
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-hostile-'));
  const browser = await engine.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
  const faults = [];
  let pages = 0;
  try {
    for (const [i, hostile] of HOSTILE.entries()) {
      const place = join(folder, String(i));
      mkdirSync(place);
      for (const [k, html] of [hostileReport(join(place, 'run'), hostile), ...hostileFigures(hostile)].entries()) {
        const file = join(place, `${k}.html`);
        writeFileSync(file, html);
        const page = await browser.newPage();
        const requests = [];
        let ran = 0;
        await page.exposeFunction('hostile', () => ran++);
        page.on('dialog', (dialog) => dialog.dismiss());
        page.on('request', (request) => requests.push(request.url()));
        await page.goto(pathToFileURL(file).href);
        await page.waitForTimeout(50);
        // The inspector's own script and its data are meant to be there; any other is the text's.
        const elements = await page.evaluate(
          (own) =>
            [
              ...document.querySelectorAll(
                'script:not([type="application/json"]), iframe, object, embed, link, base, img, math, meta[http-equiv=refresh], [onerror], [onload], [onmouseover], a[href^="javascript"]',
              ),
            ].filter((element) => element.textContent !== own).length,
          own,
        );
        pages++;
        const fetched = requests.filter((url) => !url.startsWith('file:'));
        if (ran > 0) faults.push({ kind: 'a script ran', message: hostile });
        if (fetched.length > 0) faults.push({ kind: 'something was fetched', message: `${hostile}: ${fetched[0]}` });
        if (elements > 0) faults.push({ kind: 'text became an element', message: hostile });
        await page.close();
      }
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
  log(`${pages} hostile pages, ${faults.length} faults`);
  return { pages, faults };
}
