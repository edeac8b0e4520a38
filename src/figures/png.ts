/** SVG files as PNG, drawn by a Chromium that is on the machine; without one there are no PNG files, and that is said once. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The first Chromium on PATH. */
export function findChromium(path: string = process.env.PATH ?? ''): string | undefined {
  const places = path.split(delimiter).filter((folder) => folder !== '');
  return places.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((file) => existsSync(file));
}

/** Draws an SVG file of that size into a PNG file at twice its pixels. Throws when the browser cannot. */
export function svgToPng(
  chromium: string,
  { svg, png, width, height }: { svg: string; png: string; width: number; height: number },
): void {
  const profile = mkdtempSync(join(tmpdir(), 'rcsd-png-'));
  const words = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--hide-scrollbars',
    '--force-device-scale-factor=2',
    `--user-data-dir=${profile}`,
    `--window-size=${width},${height}`,
    `--screenshot=${resolve(png)}`,
    pathToFileURL(resolve(svg)).href,
  ];
  try {
    execFileSync(chromium, words, { stdio: 'ignore', timeout: 120_000 });
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}
