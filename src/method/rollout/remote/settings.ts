/** How a server is asked. */
import { join } from 'node:path';
import { projectRoot } from '../../../engine/files/models';

/** Settings of an endpoint; none of them is the key. */
export interface EndpointSettings {
  /** `completions` sends the conversation's text as it stands, for base models without a chat template. */
  readonly protocol: 'chat' | 'completions';
  /** Requests on their way at once. */
  readonly concurrency: number;
  /** Further tries of a request that failed in passing. */
  readonly retries: number;
  /** Seconds that one try may take. */
  readonly timeout: number;
  /** Seconds before the first retry; doubled with each further one up to a minute, with jitter. */
  readonly backoff: number;
  /** At most so many requests or tokens a minute; 0 for no limit. */
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  /** Folder of the replies kept; undefined keeps none. */
  readonly cache?: string;
  /** Price of a million tokens, in any currency. */
  readonly priceInput: number;
  readonly priceOutput: number;
  /** Further fields of every request, e.g. `{chat_template_kwargs: {enable_thinking: false}}`. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Eight requests at once, six retries, replies kept beside the pulled models. */
export const ENDPOINT_DEFAULTS: EndpointSettings = {
  protocol: 'chat',
  concurrency: 8,
  retries: 6,
  timeout: 600,
  backoff: 1,
  requestsPerMinute: 0,
  tokensPerMinute: 0,
  cache: join(projectRoot, 'data', 'cache', 'replies'),
  priceInput: 0,
  priceOutput: 0,
  extra: {},
};
