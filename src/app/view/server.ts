/** Serves the viewer on this machine alone: its page, and the documents to whoever has the token. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { browserFile } from '../../results/report/inspector/html';
import { INSPECTOR_STYLE } from '../../results/report/inspector/style';
import type { Documents } from './documents';
import { plain, type Serving, serveHere } from './loopback';

/** The page is the same for a server and for a bundle, whose data are scripts beside it; `base` says which. */
export const VIEW_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>rcsd view</title><link rel="icon" href="data:,"><link rel="stylesheet" href="view.css">
</head><body><div id="view"><p class="loading">Reading the runs …</p><noscript>The viewer needs scripts; rcsd report writes a page that does not.</noscript></div>
<script src="view.js"></script></body></html>
`;

/** The files of the page beside its data, with their types. Throws InputError where the package was not built. */
export const viewFiles = (): Readonly<Record<string, { readonly type: string; readonly text: string }>> => ({
  'index.html': { type: 'text/html', text: VIEW_PAGE },
  'view.js': { type: 'text/javascript', text: browserFile('view.js') },
  'view.css': { type: 'text/css', text: `${browserFile('view.css')}${INSPECTOR_STYLE}` },
});

/** Starts serving; port 0 takes a free one. The address has the token in it. Throws InputError where the port is taken. */
export async function serveView(documents: Documents, port: number): Promise<Serving> {
  const token = randomBytes(24).toString('base64url');
  const files = viewFiles();
  const serving = await serveHere(port, (path, { headers }) => {
    const asked = path === '/' ? 'index.html' : path.slice(1);
    const file = Object.hasOwn(files, asked) ? files[asked] : undefined;
    if (file) return [200, `${file.type}; charset=utf-8`, file.text];
    const name = /^\/data\/([\w-]+)$/.exec(path)?.[1];
    if (name === undefined) return plain(404, 'Not found');
    if (!same(String(headers['x-rcsd-token'] ?? ''), token)) return plain(403, 'The token of the address is needed');
    try {
      const document = name === 'overview' ? documents.overview(true) : documents.read(name);
      if (document === undefined) return plain(404, 'Not found');
      return [200, 'application/json; charset=utf-8', JSON.stringify(document)];
    } catch (error) {
      return plain(500, (error as Error).message);
    }
  });
  return { ...serving, address: `${serving.address}?token=${token}` };
}

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
