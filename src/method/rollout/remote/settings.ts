/** Settings for requests to a server. */
import { join } from 'node:path';
import { projectRoot } from '../../../engine/files/models';

/** The API key is not among them. */
export interface EndpointSettings {
  /** `completions` sends the conversation's plain text, for base models without a chat template. */
  readonly protocol: 'chat' | 'completions';
  /** How many requests run at once. */
  readonly concurrency: number;
  /** How often a request is repeated after a passing failure. */
  readonly retries: number;
  /** Seconds that one attempt may take. */
  readonly timeout: number;
  /** Seconds before the first retry. The pause doubles with each further one, up to a minute, with random jitter. */
  readonly backoff: number;
  /** Limits per minute; 0 means no limit. */
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  /** Folder in which replies are kept; undefined keeps none. */
  readonly cache?: string;
  /** Price of a million tokens, in any currency. */
  readonly priceInput: number;
  readonly priceOutput: number;
  /** Further fields of every request, e.g. `{chat_template_kwargs: {enable_thinking: false}}`. */
  readonly extra: Readonly<Record<string, unknown>>;
}

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
