/**
 * The Hugging Face hub as this program speaks to it: where it is (HF_ENDPOINT), who asks (HF_TOKEN, which is sent to the hub only),
 * and what its refusals mean.
 */
import { HubApiError } from '@huggingface/hub';
import { InputError, InterruptedError } from '../../base/records/errors';

/** A repository of the hub; `name` is ORG/NAME. */
export interface HubRepository {
  readonly type: 'model' | 'dataset';
  readonly name: string;
}

/** What the client's calls take. */
export interface Connection {
  readonly repo: HubRepository;
  readonly hubUrl: string;
  readonly accessToken?: string;
  readonly fetch: typeof fetch;
}

const endpoint = (): string => (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');

/** Reads where and as whom to ask. Throws InputError for a token that is none, and where the environment forbids to ask. */
export function connect(repo: HubRepository, signal?: AbortSignal): Connection {
  if (/^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? ''))
    throw new InputError('HF_HUB_OFFLINE is set, so that nothing may be downloaded; unset it to pull.');
  const accessToken = process.env.HF_TOKEN?.trim() || undefined;
  if (accessToken !== undefined && !accessToken.startsWith('hf_'))
    throw new InputError(
      'HF_TOKEN does not contain an access token of the hub, which begins with hf_; correct or unset it.',
    );
  return {
    repo,
    hubUrl: endpoint(),
    ...(accessToken !== undefined && { accessToken }),
    fetch: (url, init) => fetch(url, { ...init, signal }),
  };
}

/** Turns an error of a call into one sentence that never contains the token. */
export function told(error: unknown, { type, name }: HubRepository, signal?: AbortSignal): unknown {
  if (error instanceof InputError || error instanceof InterruptedError) return error;
  if (signal?.aborted)
    return new InterruptedError(
      'Stopped on request; what was downloaded is kept, and the next pull resumes from there.',
    );
  const hub = endpoint();
  if (!(error instanceof HubApiError)) {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    return new InputError(
      `${hub} cannot be reached or broke off (${cause?.code ?? message}); check the network and HF_ENDPOINT, then pull again to resume.`,
    );
  }
  const kind = type === 'model' ? 'model' : 'data set';
  const page = `${hub}/${type === 'model' ? '' : 'datasets/'}${name}`;
  const ask = `accept its terms at ${page} and put an access token of yours into HF_TOKEN`;
  switch (error.statusCode) {
    // The hub answers so for what does not exist too, when it does not know who asks.
    case 401:
      return new InputError(
        `The hub gives no access to ${name}: there is no such ${kind}, or it may be read only with permission; check the name, ${ask}.`,
      );
    case 403:
      return new InputError(`The hub gives access to ${name} only with permission; ${ask}.`);
    case 404:
      return new InputError(`${hub} has no ${kind} ${name} with this revision; check both, or get the files by hand.`);
    default:
      return new InputError(`${hub} answered with status ${error.statusCode} for ${name}; pull again later.`);
  }
}
