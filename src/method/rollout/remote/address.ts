/** Reads the address of a remote model, `http://host:port/v1#model-name`, and says which API key may be sent there. */
import { InputError } from '../../../base/records/errors';

/** A server that speaks the OpenAI protocol, and the model to ask for. */
export interface Address {
  /** Base URL without a slash at the end; requests append `/chat/completions` or `/completions`. */
  readonly base: string;
  readonly model: string;
}

/** Whether the name of a model is the address of a server. */
export const isAddress = (model: string): boolean => /^https?:\/\//i.test(model);

/** Reads an address. Throws an InputError that does not repeat anything that could be a secret. */
export function parseAddress(text: string): Address {
  const shown = 'model=http://127.0.0.1:8000/v1#qwen3-8b';
  if (!URL.canParse(text)) throw new InputError(`This address of a model cannot be read; write it as ${shown}`);
  const url = new URL(text);
  if (url.username || url.password || url.search)
    throw new InputError(
      `The address of a model on ${url.host} holds a user, a password or a query; leave them out and give the key in OPENAI_API_KEY.`,
    );
  const model = unescaped(url.hash.slice(1));
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  if (model === '') throw new InputError(`${base} names no model; write the model's name after a #, as in ${shown}`);
  return { base, model };
}

const isThisMachine = (hostname: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/**
 * The key for a server, undefined without one. RCSD_API_KEY goes to any server. OPENAI_API_KEY goes only over https or
 * to this machine, because others on the network could read it over plain http.
 */
export function keyFor({ base }: Pick<Address, 'base'>, env: NodeJS.ProcessEnv = process.env): string | undefined {
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
