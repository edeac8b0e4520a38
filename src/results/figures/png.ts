/** Turns SVG files into PNG files with a Chromium that is on the machine. */
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The first Chromium on PATH; undefined if there is none. */
export function findChromium(path: string = process.env.PATH ?? ''): string | undefined {
  const places = path.split(delimiter).filter((folder) => folder !== '');
  return places.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((file) => existsSync(file));
}

/** An SVG file, the PNG file to make from it, and its size in CSS pixels. */
export interface Picture {
  readonly svg: string;
  readonly png: string;
  readonly width: number;
  readonly height: number;
}

/** Draws the pictures at twice their size in one browser. Throws when the browser cannot be started. */
export async function drawPictures(chromium: string, pictures: readonly Picture[]): Promise<void> {
  const { chromium: engine } = await import('playwright-core');
  const browser = await engine.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage({ deviceScaleFactor: 2 });
    for (const { svg, png, width, height } of pictures) {
      await page.setViewportSize({ width, height });
      await page.goto(pathToFileURL(resolve(svg)).href);
      await page.screenshot({ path: png });
    }
  } finally {
    await browser.close();
  }
}
