/** Where a remote model is: `http://host:port/v1#model-name`, and which key may go there. */
import { InputError } from '../../../base/records/errors';

/** A server that speaks the OpenAI protocol, and the model asked for. */
export interface Address {
  /** Without a slash at the end; `/chat/completions` is put behind it. */
  readonly base: string;
  readonly model: string;
}

/** Whether the name of a model is the address of a server. */
export const isAddress = (model: string): boolean => /^https?:\/\//i.test(model);

/** Reads an address. Throws InputError, without repeating what could be a secret in it. */
export function parseAddress(text: string): Address {
  const shown = 'model=http://127.0.0.1:8000/v1#qwen3-8b';
  if (!URL.canParse(text)) throw new InputError(`This address of a model cannot be read; write it like ${shown}`);
  const url = new URL(text);
  if (url.username || url.password || url.search)
    throw new InputError(
      `The address of a model on ${url.host} holds a user, a password or a query; leave them out and give the key in OPENAI_API_KEY.`,
    );
  const model = unescaped(url.hash.slice(1));
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  if (model === '') throw new InputError(`${base} names no model; write its name behind a #, like ${shown}`);
  return { base, model };
}

const isThisMachine = (hostname: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/**
 * The key for a server: RCSD_API_KEY goes wherever it is told to, OPENAI_API_KEY only over https or to this machine, since over
 * plain http anyone on the way could read it. Undefined without a key.
 */
export function keyFor({ base }: Address, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { protocol, hostname } = new URL(base);
  const sheltered = protocol === 'https:' || isThisMachine(hostname);
  return env.RCSD_API_KEY || (sheltered && env.OPENAI_API_KEY) || undefined;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
