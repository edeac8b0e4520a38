/** Sizes of a notebook that can be changed from outside, for a quick pass over every cell or for a larger study. */
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';

export type Parameter = string | number | boolean;

/**
 * The defaults, replaced by the values in the environment variable RCSD_PARAMS (a JSON object). Throws InputError for
 * text that is not a JSON object, for a name that the notebook does not have, and for a value of another type.
 */
export function params<T extends Readonly<Record<string, Parameter>>>(defaults: T): T {
  const given = readObject(process.env.RCSD_PARAMS ?? '{}');
  for (const [name, value] of Object.entries(given)) {
    const usual = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (usual === undefined) {
      throw new InputError(
        `RCSD_PARAMS: this notebook has no parameter ${name}; it has ${Object.keys(defaults).join(', ')}.`,
      );
    }
    if (typeof value !== typeof usual) {
      throw new InputError(`RCSD_PARAMS: ${name} must be a ${typeof usual}, but is ${shownValue(value)}.`);
    }
  }
  return { ...defaults, ...given };
}

function readObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InputError(`RCSD_PARAMS must be a JSON object such as {"steps": 4}.`);
}
