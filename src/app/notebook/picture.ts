/**
 * A figure as an image inside HTML. JupyterLab shows that in a notebook which it does not trust, where it shows no SVG of a cell's own;
 * VS Code and code hosts show it too.
 */

import { escapeText } from '../../results/figures/text';

/** Below this width its smallest letters would have less than 9 pixels; a narrower cell scrolls. */
const LEAST_WIDTH = 720;

/** The image; `text` is what it shows, in words. */
export function pictureHtml(svg: string, text: string): string {
  const data = Buffer.from(svg).toString('base64');
  const width = Number(/ width="(\d+)"/.exec(svg)?.[1] ?? 880);
  const style = `width:100%;min-width:${Math.min(width, LEAST_WIDTH)}px;max-width:${width}px;height:auto`;
  return `<div style="overflow-x:auto"><img alt="${escapeText(text, 2000)}" style="${style}" src="data:image/svg+xml;base64,${data}"></div>`;
}
