/** Serves the page to this machine alone. Nothing in it is secret, and nothing is told to it. */
import { plain, type Serving, serveHere } from '../view/loopback';
import { pageFiles, typeOf } from './site';

/** Starts serving; port 0 takes a free one. Throws InputError where the port is taken. */
export function servePage(port: number): Promise<Serving> {
  const files = pageFiles();
  return serveHere(port, (path) => {
    const name = path === '/' ? 'index.html' : path.slice(1);
    const content = Object.hasOwn(files, name) ? files[name] : undefined;
    return content ? [200, typeOf(name), content] : plain(404, 'Not found');
  });
}
