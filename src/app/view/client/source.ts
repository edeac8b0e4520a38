/** Where the page gets its documents: from the server that shows it, or from the scripts of a bundle beside it. */

/** Reads a document by its name. Throws where there is none, or where the server has stopped. */
export type Source = (name: string) => Promise<unknown>;

type Receive = (name: string, document: unknown) => void;

/** A page with a token in its address belongs to a server. */
export function openSource(): Source {
  const token = new URLSearchParams(location.search).get('token');
  return token === null ? fromScripts() : fromServer(token);
}

function fromServer(token: string): Source {
  return async (name) => {
    const response = await fetch(`data/${name}`, { headers: { 'x-rcsd-token': token } });
    if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
    return response.json();
  };
}

function fromScripts(): Source {
  const waiting = new Map<string, (document: unknown) => void>();
  const receive: Receive = (name, document) => waiting.get(name)?.(document);
  Object.assign(window, { rcsdReceive: receive });
  return (name) =>
    new Promise((resolve, reject) => {
      const script = document.createElement('script');
      const done = (): void => {
        waiting.delete(name);
        script.remove();
      };
      waiting.set(name, (found) => {
        done();
        resolve(found);
      });
      script.onerror = () => {
        done();
        reject(new Error(`${name} is missing`));
      };
      script.src = `data/${name}.js`;
      document.head.append(script);
    });
}
