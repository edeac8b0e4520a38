/** What a run or an evaluation was made from, known by content; and whether what it goes on with is the same. */
import { InputError } from './errors';
import type { Inputs, RunConfig } from './rows';

/** The names of the inputs that are not the same in both, or in one of them alone. */
export const changedInputs = (a: Inputs, b: Inputs): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);

/**
 * Compares the inputs with which something began with those that it would go on with. Throws InputError that names what changed;
 * returns a sentence where the beginning recorded none, as programs before this record did. `where` is the folder, `instead` what
 * to do other than restore them.
 */
export function requireSameInputs(
  begun: Inputs | undefined,
  now: Inputs,
  { where, instead }: { readonly where: string; readonly instead: string },
): string | undefined {
  if (!begun)
    return `${where} was begun by an earlier version, which recorded no checksums of model and data: whether they are still the same is not known.`;
  const changed = changedInputs(begun, now);
  if (changed.length === 0) return undefined;
  const each = changed.map(
    (name) => `${name.replaceAll('_', ' ')} (SHA-256 ${short(begun[name])} there, ${short(now[name])} here)`,
  );
  throw new InputError(
    `${where} was begun with other ${each.join(', other ')}; restore what it began with, or ${instead}.`,
  );
}

const short = (digest: string | undefined): string => (digest === undefined ? 'none' : `${digest.slice(0, 12)}...`);

/** What decides the last digits of a run's numbers beside its settings and inputs. */
export type Machine = Pick<RunConfig, 'threads' | 'cpu' | 'platform' | 'versions'> &
  Partial<Pick<RunConfig, 'kernels'>>;

/** A sentence that names what of the machine differs from where `where` was begun; undefined where nothing that was recorded does. */
export function otherMachine(where: string, begun: Machine, now: Machine): string | undefined {
  const facts = ({ threads, cpu, platform, kernels, versions: { node, tensorflow } }: Machine) => ({
    ...{ threads, cpu, platform, kernels, node, TensorFlow: tensorflow },
  });
  const [there, here] = [facts(begun), facts(now)];
  const changed = (Object.keys(there) as (keyof typeof there)[])
    .filter((name) => there[name] !== undefined && here[name] !== undefined && there[name] !== here[name])
    .map((name) => `${name} ${there[name]} there, ${here[name]} here`);
  if (changed.length === 0) return undefined;
  return `${where} was begun elsewhere (${changed.join('; ')}): from here on its numbers may differ in the last digits from those of an uninterrupted one.`;
}
