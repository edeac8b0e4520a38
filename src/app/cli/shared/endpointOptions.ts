/** Options of the commands that can ask a server. The API key is not among them; it is read from the environment. */

import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../engine/files/jsonl';
import { ENDPOINT_DEFAULTS, type EndpointSettings } from '../../../method/rollout/remote/settings';
import type { Option } from './arguments';
import { choiceOption, numberOption, type ParsedArguments, textOption } from './arguments';

const D = ENDPOINT_DEFAULTS;

export const ENDPOINT_OPTIONS: readonly Option[] = [
  {
    name: 'protocol',
    value: 'FORM',
    help: 'server: chat (default) or completions, for base models without a template',
  },
  { name: 'concurrency', value: 'N', help: `server: number of requests at once (default: ${D.concurrency})` },
  { name: 'requests_per_minute', value: 'N', help: 'server: at most this many (default: no limit)' },
  {
    name: 'tokens_per_minute',
    value: 'N',
    help: 'server: at most this many, for prompts and answers together (default: no limit)',
  },
  { name: 'timeout', value: 'S', help: `server: seconds for one attempt (default: ${D.timeout})` },
  {
    name: 'retries',
    value: 'N',
    help: `server: further attempts after 429, 5xx and broken connections (default: ${D.retries})`,
  },
  {
    name: 'cache',
    value: 'FOLDER',
    help: 'server: folder that keeps replies (default: data/cache/replies; none keeps none)',
  },
  { name: 'price_input', value: 'P', help: 'server: price of a million tokens of prompts, to compute the cost' },
  { name: 'price_output', value: 'P', help: 'server: price of a million tokens of answers' },
  { name: 'extra', value: 'JSON', help: 'server: further fields of every request, e.g. {"top_k":20}' },
];

/** The settings that the options give. */
export function endpointSettings(args: ParsedArguments): EndpointSettings {
  const whole = (name: string, fallback: number, min: number) =>
    numberOption(args, name, fallback, { min, whole: true });
  const cache = textOption(args, 'cache', D.cache);
  return {
    ...D,
    protocol: choiceOption(args, 'protocol', ['chat', 'completions']),
    concurrency: whole('concurrency', D.concurrency, 1),
    retries: whole('retries', D.retries, 0),
    timeout: numberOption(args, 'timeout', D.timeout, { min: 0, above: true }),
    requestsPerMinute: whole('requests_per_minute', 0, 0),
    tokensPerMinute: whole('tokens_per_minute', 0, 0),
    cache: cache === 'none' ? undefined : cache,
    priceInput: numberOption(args, 'price_input', 0, { min: 0 }),
    priceOutput: numberOption(args, 'price_output', 0, { min: 0 }),
    extra: extraFields(textOption(args, 'extra', '{}')),
  };
}

function extraFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Reported below, together with other values that are not JSON objects.
  }
  throw new InputError(`--extra must be a JSON object such as {"top_k":20}; it is ${text}.`);
}
