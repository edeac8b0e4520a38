/** Options of the commands that can ask a server. The API key is not among them; it is read from the environment. */

import { InputError } from '../../../base/records/errors';
import { extraFields, renamedFields } from '../../../method/rollout/remote/fields';
import { type EndpointSettings, endpointDefaults } from '../../../method/rollout/remote/settings';
import type { Option } from './arguments';
import { choiceOption, numberOption, type ParsedArguments, textOption } from './arguments';

const D = endpointDefaults();

/** The options under their usual names. */
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
    help: `server: further attempts after 429, 5xx, broken connections and unusable replies (default: ${D.retries})`,
  },
  {
    name: 'cache',
    value: 'FOLDER',
    help: 'server: folder that keeps replies (default: cache/replies in the data folder; none keeps none)',
  },
  { name: 'price_input', value: 'P', help: 'server: price of a million tokens of prompts, to compute the cost' },
  { name: 'price_output', value: 'P', help: 'server: price of a million tokens of answers' },
  {
    name: 'fields',
    value: 'LIST',
    help: 'server: fields that it knows by another name or not at all, e.g. max_tokens:max_completion_tokens,seed:none',
  },
  { name: 'extra', value: 'JSON', help: 'server: further fields of every request, e.g. {"top_k":20}' },
];

/** How a command calls the options, where it needs some of the names for other things. */
export type Naming = (name: string) => string;
const usual: Naming = (name) => name;

/** The options of a command under its own names. */
export const endpointOptions = (named: Naming, without: readonly string[] = []): Option[] =>
  ENDPOINT_OPTIONS.filter(({ name }) => !without.includes(name)).map((option) => ({
    ...option,
    name: named(option.name),
  }));

/** The settings that the options give, and `defaults` where they give none. */
export function endpointSettings(
  args: ParsedArguments,
  {
    named = usual,
    defaults = endpointDefaults(),
  }: { readonly named?: Naming; readonly defaults?: EndpointSettings } = {},
): EndpointSettings {
  const has = (name: string): boolean => args.options[named(name)] !== undefined;
  const number = (name: string, fallback: number, range: Parameters<typeof numberOption>[3]) =>
    numberOption(args, named(name), fallback, range);
  const whole = (name: string, fallback: number, min: number) => number(name, fallback, { min, whole: true });
  const cache = textOption(args, named('cache'), defaults.cache);
  const text = (name: string) => textOption(args, named(name), '');
  return {
    ...defaults,
    protocol: has('protocol') ? choiceOption(args, named('protocol'), ['chat', 'completions']) : defaults.protocol,
    concurrency: whole('concurrency', defaults.concurrency, 1),
    retries: whole('retries', defaults.retries, 0),
    timeout: number('timeout', defaults.timeout, { min: 0, above: true }),
    requestsPerMinute: whole('requests_per_minute', defaults.requestsPerMinute, 0),
    tokensPerMinute: whole('tokens_per_minute', defaults.tokensPerMinute, 0),
    cache: cache === 'none' ? undefined : cache,
    priceInput: number('price_input', defaults.priceInput, { min: 0 }),
    priceOutput: number('price_output', defaults.priceOutput, { min: 0 }),
    fields: has('fields') ? renamedFields(text('fields'), `--${named('fields')}`) : defaults.fields,
    extra: has('extra') ? extraFields(text('extra'), `--${named('extra')}`) : defaults.extra,
  };
}

/** Throws InputError where an adapter is to be put on a server's model. */
export function refuseAdapter(adapter: string | undefined): void {
  if (adapter !== undefined)
    throw new InputError(
      `adapter=${adapter} works only with a model in this process; let the server load the adapter and put its name after the #.`,
    );
}

/** Throws InputError where an option for a server is given and the model is none. */
export function requireServer(args: ParsedArguments, model: string, options: readonly Option[]): void {
  const idle = options.map(({ name }) => name).find((name) => args.options[name] !== undefined);
  if (idle !== undefined)
    throw new InputError(`--${idle} is for a model behind a server, and ${model} is opened here; leave it out.`);
}
