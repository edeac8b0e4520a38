/**
 * Renders chat templates as transformers does: Jinja with Python's values, in its sandbox, with the settings
 * `trim_blocks` and `lstrip_blocks`, loop controls, and the functions that transformers adds.
 */
import { InputError } from '../../base/records/errors';
import { printed, Scope, type Statement } from './scope';
import { parseTemplate } from './statements';
import { strftime } from './strftime';
import {
  Attributes,
  type Callable,
  dictOf,
  fromJson,
  isNumber,
  iterate,
  Namespace,
  numberOf,
  print,
  TemplateError,
  type Value,
} from './values';

/** What a template is rendered with: JSON values by name. */
export type TemplateValues = Readonly<{ [name: string]: unknown }>;

/** The longest `range`, as in the sandbox. */
const MAX_RANGE = 100_000;

const range: Callable = (args) => {
  const [first = 0, second, by = 1] = args.map((value) => {
    if (!isNumber(value)) throw new TemplateError('range needs whole numbers');
    return numberOf(value);
  });
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (by === 0) throw new TemplateError('range() arg 3 must not be zero');
  const length = Math.max(0, Math.ceil((stop - start) / by));
  if (length > MAX_RANGE) throw new TemplateError(`range is too big; it may have at most ${MAX_RANGE} entries`);
  return Array.from({ length }, (_, i) => start + i * by);
};

/** Entries of a dictionary, or pairs, and named arguments. */
function entriesOf(args: readonly Value[], keywords: ReadonlyMap<string, Value>): Map<Value, Value> {
  const [given] = args;
  const entries = given instanceof Map ? [...given] : given === undefined ? [] : iterate(given).map(iterate);
  return dictOf([...entries, ...keywords] as [Value, Value][]);
}

const namespace: Callable = (args, keywords) => {
  const made = new Namespace();
  for (const [name, value] of entriesOf(args, keywords)) made.attributes.set(String(name), value);
  return made;
};

const joiner: Callable = ([separator = ', ']) => {
  let used = false;
  return () => {
    const text = used ? separator : '';
    used = true;
    return text;
  };
};

const cycler: Callable = (items) => {
  let at = 0;
  const next: Callable = () => items[at++ % items.length];
  const reset: Callable = () => {
    at = 0;
    return null;
  };
  return new Attributes('Cycler', (name) => {
    if (name === 'next') return next;
    return name === 'reset' ? reset : name === 'current' ? items[at % items.length] : undefined;
  });
};

const raise: Callable = ([message]) => {
  throw new TemplateError(print(message));
};

/**
 * Reads a chat template; the result renders it. `date` (YYYY-MM-DD) is what `strftime_now` takes for now, at midnight.
 * Throws InputError, when it is rendered, for a template that is wrong or needs what is not supported, and for messages
 * that it refuses. `where` names it.
 */
export function chatTemplate(template: string, where: string): (values: TemplateValues, date: string) => string {
  let parsed: Statement[] | undefined;
  return (values, date) => {
    try {
      parsed ??= parseTemplate(template);
      const scope = new Scope();
      const now: Callable = ([format]) => strftime(date, print(format));
      const dict: Callable = entriesOf;
      const given = { tools: null, documents: null, ...values };
      const functions = { range, dict, namespace, joiner, cycler, raise_exception: raise, strftime_now: now };
      for (const [name, value] of Object.entries(functions)) scope.set(name, value);
      for (const [name, value] of Object.entries(given)) scope.set(name, fromJson(value));
      return printed(parsed, scope);
    } catch (error) {
      const reason = error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message;
      throw new InputError(`The chat template of ${where} fails on these messages: ${reason}`);
    }
  };
}
