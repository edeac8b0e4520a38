/** Figures with sliders: what a cell gets, and what a reader sees who moves them in a browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { frameAt, placesOf } from '../../src/app/notebook/sliders/frames';
import { sliderOutput } from '../../src/app/notebook/sliders/show';
import { shareCurves } from '../../src/results/figures/shares';
import { figureToSvg } from '../../src/results/figures/svg/render';
import { chromium, startBrowser } from '../browser';

const positions = { loss: ['forward KL', '</script><b>JSD'], steps: [0, 10, 40] } as const;
const at = ({ loss, steps }: { loss: string; steps: number }) =>
  shareCurves([{ name: loss, x: [0, 1], y: [0, steps / 40] }], {
    title: `${loss} after ${steps} steps`,
    xaxis: 'p0',
    yaxis: 'p',
  });
const output = sliderOutput(positions, at, { start: { steps: 40 } });

test('places and frames are each other’s reverse', () => {
  const sizes = [2, 3, 4];
  const all = Array.from({ length: 24 }, (_, index) => placesOf(index, sizes));
  expect(new Set(all.map(String)).size).toBe(24);
  expect(all.map((places) => frameAt(places, sizes))).toEqual(all.map((_, index) => index));
});

test('the output has the starting picture for viewers without scripts, and every picture once', () => {
  const still = /src="data:image\/svg\+xml;base64,([^"]+)"/.exec(output['text/html'])?.[1] ?? '';
  expect(Buffer.from(still, 'base64').toString()).toBe(figureToSvg(at({ loss: 'forward KL', steps: 40 })));
  const data = JSON.parse(/<script type="application\/json">(.*?)<\/script>/s.exec(output['text/html'])?.[1] ?? '');
  expect(JSON.parse(gunzipSync(Buffer.from(data.frames, 'base64')).toString())).toHaveLength(6);
  expect(output['text/html']).not.toContain('<b>JSD');
  expect(output['text/plain']).toMatch(/Shown: loss = forward KL, steps = 40\.$/);
});

test('too many combinations and a start that is no position are refused with what there is', () => {
  const many = Array.from({ length: 21 }, (_, i) => i);
  const empty = () => at({ loss: '', steps: 0 });
  expect(() => sliderOutput({ a: many, b: many }, empty, {})).toThrow(/441 combinations; a figure holds 1 to 400/);
  expect(() => sliderOutput({ a: [] }, empty, {})).toThrow(/0 combinations/);
  expect(() => sliderOutput(positions, at, { start: { steps: 7 as 10 } })).toThrow(
    /"steps" has no position 7.*0, 10, 40/,
  );
});

test.skipIf(!chromium)(
  `sliders move by mouse and keys, and change the picture${chromium ? '' : ' (not run: no Chromium)'}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rcsd-sliders-'));
    const browser = await startBrowser();
    try {
      writeFileSync(join(folder, 'cell.html'), `<meta charset="utf-8">${output['text/html']}`);
      const page = await browser.newPage();
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(error.message));
      await page.goto(pathToFileURL(join(folder, 'cell.html')).href);
      const steps = page.getByRole('slider', { name: 'steps' });
      await page.waitForFunction(() => !document.querySelector('input')?.disabled);
      const shown = () =>
        page
          .locator('img')
          .getAttribute('src')
          .then((src) => decodeURIComponent(src?.split(',')[1] ?? ''));
      await steps.press('ArrowLeft');
      expect(await shown()).toBe(figureToSvg(at({ loss: 'forward KL', steps: 10 })));
      await page.getByRole('slider', { name: 'loss' }).fill('1');
      expect(await shown()).toBe(figureToSvg(at({ loss: positions.loss[1], steps: 10 })));
      expect(await steps.getAttribute('aria-valuetext')).toBe('10');
      expect(await page.locator('img').getAttribute('alt')).toContain('steps = 10');
      expect(await page.locator('img').getAttribute('alt')).toContain(`${positions.loss[1]} after 10 steps`);
      expect(await page.getByText('run this cell').count()).toBe(0);
      expect(wrong).toEqual([]);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
