/** The inspector as HTML, for reports and notebooks: its first picture, its data, and the script that brings it to life. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { render } from 'preact-render-to-string';
import { InputError } from '../../../base/records/errors';
import { projectRoot } from '../../../engine/files/models';
import { Inspector, type InspectorProps } from './inspector';
import { INSPECTOR_STYLE } from './style';

/** Where a file of the built package lies that pages load. Throws InputError where the package was not built. */
export function browserPath(name: string): string {
  const path = join(projectRoot, 'dist', 'browser', name);
  if (!existsSync(path)) throw new InputError(`${path} is missing; run "npm start" once, which builds it.`);
  return path;
}

/** The text of such a file. */
export const browserFile = (name: string): string => readFileSync(browserPath(name), 'utf8');

/** Data that a page holds as text: nothing in it can end the element that it stands in. */
export const inert = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** One inspector without style and script, which a page has once. Every text in it is treated as untrusted. */
export function inspectorHtml(own: InspectorProps): string {
  const props = { ...own, name: `rcsd-${createHash('sha256').update(JSON.stringify(own)).digest('hex').slice(0, 12)}` };
  return (
    `<div data-rcsd-inspector>${render(<Inspector {...props} />)}</div>` +
    `<script type="application/json">${inert(props)}</script>`
  );
}

/** The script of all inspectors of a page, and its hash for the page's Content-Security-Policy. */
export function inspectorScript(): { readonly html: string; readonly hash: string } {
  const script = browserFile('inspector.js').trim();
  return {
    html: `<script>${script}</script>`,
    hash: `sha256-${createHash('sha256').update(script).digest('base64')}`,
  };
}

/** One inspector that stands alone, as the output of a notebook's cell. */
export const inspectorOutput = (props: InspectorProps): string =>
  `<style>${INSPECTOR_STYLE}</style>${inspectorHtml(props)}${inspectorScript().html}`;
