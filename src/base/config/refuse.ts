/** How combinations of settings are refused. */
import { InputError } from '../records/errors';

/** Throws InputError when the condition holds. */
export function refuse(condition: boolean, message: string): void {
  if (condition) throw new InputError(message);
}
