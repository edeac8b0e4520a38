/**
 * A figure with sliders. Every picture is drawn here, by the library, and kept in the output, so that the sliders work in a notebook
 * without a kernel. Where a viewer runs no scripts, the starting picture stays.
 */
import { gzipSync } from 'node:zlib';
import { InputError } from '../../../base/records/errors';
import { figureText } from '../../../results/figures/describe';
import type { Figure } from '../../../results/figures/figure';
import { figureToSvg, type SvgSize } from '../../../results/figures/svg/render';
import { escapeText } from '../../../results/figures/text';
import { browserFile, inert } from '../../../results/report/inspector/html';
import { createDisplay } from '../kernel';
import { pictureHtml } from '../picture';
import { frameAt, type Positions, placesOf, placeText, type SliderData } from './frames';

/** A notebook should stay small enough to be read on a code host. */
const MOST_FRAMES = 400;

/** A position of each slider. */
export type At<T extends Positions> = { readonly [Name in keyof T]: T[Name][number] };

/** The size of the pictures, and where the sliders stand at first (default: all at the left end). */
export interface SliderOptions<T extends Positions> extends SvgSize {
  readonly start?: Partial<At<T>>;
}

/**
 * Shows the figure of `figureAt`, with one slider for each name in `positions`. At most 400 combinations; throws InputError
 * beyond that, or for a start that is no position.
 *
 * @example
 * showSliders({ clip: [0.01, 0.05, 0.2] }, ({ clip }) => shareCurves(curvesUnder(clip), wording), { start: { clip: 0.05 } });
 */
export function showSliders<const T extends Positions>(
  positions: T,
  figureAt: (at: At<T>) => Figure,
  { start = {}, ...size }: SliderOptions<T> = {},
): void {
  createDisplay().show(sliderOutput(positions, figureAt, { start, ...size } as SliderOptions<T>));
}

/** The script that moves the pictures; it stands in each output, since a reader may see one alone. */
export const sliderScript = (): string => `<script>${browserFile('sliders.js').trim()}</script>`;

/** What `showSliders` writes into a cell, by MIME type. */
export function sliderOutput<const T extends Positions>(
  positions: T,
  figureAt: (at: At<T>) => Figure,
  { start = {}, ...size }: SliderOptions<T>,
): { readonly 'text/html': string; readonly 'text/plain': string } {
  const names = Object.keys(positions);
  const sizes = names.map((name) => (positions[name] as readonly unknown[]).length);
  const count = sizes.reduce((product, own) => product * own, 1);
  if (count < 1 || count > MOST_FRAMES)
    throw new InputError(
      `These sliders have ${count} combinations; a figure holds 1 to ${MOST_FRAMES}. Take fewer positions or sliders.`,
    );
  const positionsAt = (index: number): At<T> =>
    Object.fromEntries(placesOf(index, sizes).map((at, i) => [names[i], positions[names[i] as string]?.[at]])) as At<T>;
  const places = names.map((name) => startOf(name, positions[name] as readonly (string | number)[], start[name]));
  const first = frameAt(places, sizes);
  const figures = Array.from({ length: count }, (_, index) => figureAt(positionsAt(index)));
  const svgs = figures.map((figure) => figureToSvg(figure, size));
  const text = figureText(figures[first] as Figure);
  const data: SliderData = {
    names,
    positions: names.map((name) => (positions[name] as readonly (string | number)[]).map(String)),
    frames: gzipSync(JSON.stringify(svgs), { level: 9 }).toString('base64'),
  };
  const chosen = names.map((name, i) => placeText(name, data.positions[i]?.[places[i] as number] ?? ''));
  return {
    'text/html':
      `<div data-rcsd-sliders>${names.map((name, i) => sliderHtml(name, data.positions[i] as string[], places[i] as number)).join('')}` +
      '<p data-rcsd-still style="margin:4px 0">The sliders move where the notebook is trusted; run this cell if they do not.</p>' +
      `${pictureHtml(svgs[first] as string, text)}` +
      `<script type="application/json">${inert(data)}</script></div>` +
      sliderScript(),
    'text/plain': `${text}\nShown: ${chosen.join(', ')}.`,
  };
}

function startOf(name: string, own: readonly (string | number)[], wanted: string | number | undefined): number {
  if (wanted === undefined) return 0;
  const at = own.indexOf(wanted);
  if (at < 0) throw new InputError(`The slider "${name}" has no position ${wanted}; it has ${own.join(', ')}.`);
  return at;
}

const sliderHtml = (name: string, own: readonly string[], at: number): string =>
  '<label style="display:inline-grid;grid-template-columns:auto 12em 8em;gap:8px;align-items:center;margin-right:16px">' +
  `<span>${escapeText(name)}</span>` +
  `<input type="range" min="0" max="${own.length - 1}" value="${at}" disabled aria-valuetext="${escapeText(own[at] ?? '')}">` +
  `<output style="font-variant-numeric:tabular-nums">${escapeText(own[at] ?? '')}</output></label>`;
