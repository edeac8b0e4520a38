/** Settings for requests to a server. */
import { join } from 'node:path';
import { dataFolder } from '../../../questions/registry';

/** The fields of a request that a server may know by another name, or not at all. */
export const STANDARD_FIELDS = ['temperature', 'top_p', 'max_tokens', 'seed', 'response_format'] as const;
export type StandardField = (typeof STANDARD_FIELDS)[number];

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
  /** Another name for a standard field, or null to leave it out, e.g. `{max_tokens: 'max_completion_tokens', seed: null}`. */
  readonly fields: Readonly<Partial<Record<StandardField, string | null>>>;
  /** Further fields of every request, e.g. `{chat_template_kwargs: {enable_thinking: false}}`. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** The settings that change what a server is asked. */
export const wordingOf = ({ protocol, fields, extra }: EndpointSettings) => ({ protocol, fields, extra });

/** The settings where none are given. Replies are kept in the data folder. */
export const endpointDefaults = (): EndpointSettings => ({
  protocol: 'chat',
  concurrency: 8,
  retries: 6,
  timeout: 600,
  backoff: 1,
  requestsPerMinute: 0,
  tokensPerMinute: 0,
  cache: join(dataFolder(), 'cache', 'replies'),
  priceInput: 0,
  priceOutput: 0,
  fields: {},
  extra: {},
});
