/** The address of the server that draws a run's completions. */
import { InputError } from '../../records/errors';

/**
 * The address without a slash or `/v1` at its end; undefined where this process draws. Throws InputError for what is no such
 * address; it repeats nothing that could be a secret.
 */
export function rolloutServer({ rollouts }: { readonly rollouts: string }): string | undefined {
  if (rollouts === 'here') return undefined;
  if (!/^https?:\/\//i.test(rollouts) || !URL.canParse(rollouts))
    throw new InputError('rollouts must be here, or the address of a vLLM server as in http://127.0.0.1:8000.');
  const url = new URL(rollouts);
  if (url.username || url.password || url.search || url.hash)
    throw new InputError(
      `rollouts names ${url.host} with a user, a password, a query or a #; leave them out: a key belongs in RCSD_API_KEY or OPENAI_API_KEY, a model in rollout_model.`,
    );
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '');
}
