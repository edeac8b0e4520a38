/** Reads the columns of one published row, with errors that name the place and the column. */

import { InputError } from '../../../base/records/errors';
import type { Json, Question } from '../../../base/records/question';
import type { Row } from '../../../engine/files/row';
import { letterAt } from '../../grading/letters';

/** Access to a row by column names; of several names, the first that the row has counts. */
export interface Fields {
  readonly where: string;
  readonly key?: string;
  /** The raw value; undefined for a missing column and for null. */
  value(...names: readonly string[]): unknown;
  /** Text or number, trimmed. Throws InputError when missing or blank. */
  text(...names: readonly string[]): string;
  /** The same, but undefined when missing or blank. */
  optional(...names: readonly string[]): string | undefined;
  /** The same, but empty where the column is there and its cell is blank. Throws InputError when there is no such column. */
  blankable(...names: readonly string[]): string;
  /** The texts of a list. Throws InputError when it is not a list of texts. */
  texts(...names: readonly string[]): string[];
  /** A whole number. Throws InputError when it is not one. */
  integer(...names: readonly string[]): number;
  /** An InputError about this row. */
  wrong(problem: string): InputError;
}

const asText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

export function fieldsOf({ fields, where, key }: Row): Fields {
  const wrong = (problem: string) => new InputError(`${where}: ${problem}`);
  const value = (...names: readonly string[]): unknown => {
    const name = names.find((each) => fields[each] !== undefined && fields[each] !== null);
    return name === undefined ? undefined : fields[name];
  };
  const missing = (names: readonly string[], needed: string): InputError => {
    const name = names.find((each) => each in fields);
    if (name !== undefined) return wrong(`the column "${name}" needs ${needed}; correct the row.`);
    const listed = Object.keys(fields).slice(0, 12).join(', ');
    return wrong(
      `there is no column ${names.map((each) => `"${each}"`).join(' or ')}; the row has ${listed || 'none'}.`,
    );
  };
  const text = (...names: readonly string[]): string => {
    const found = asText(value(...names));
    if (found === undefined) throw missing(names, 'a text that is not empty');
    return found;
  };
  return {
    where,
    ...(key !== undefined && { key }),
    value,
    text,
    optional: (...names) => asText(value(...names)),
    blankable: (...names) => {
      if (!names.some((name) => name in fields)) throw missing(names, 'a text');
      const found = value(...names);
      return found === undefined || (typeof found === 'string' && found.trim() === '') ? '' : text(...names);
    },
    texts: (...names) => {
      const list = value(...names);
      const found = Array.isArray(list) ? list.map(asText) : [];
      if (found.length === 0 || found.includes(undefined)) throw missing(names, 'a list of texts');
      return found as string[];
    },
    integer: (...names) => {
      const found = Number(text(...names));
      if (!Number.isInteger(found)) throw missing(names, 'a whole number');
      return found;
    },
    wrong,
  };
}

/** Metadata without the values that a row lacks. */
export const metadata = (values: Readonly<Record<string, Json | undefined>>): NonNullable<Question['metadata']> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Record<string, Json>;

/** The letter in a cell: `B`, `b` or `(B)`. Throws InputError when there is no such choice. */
export function choiceOf(fields: Fields, choices: readonly string[], ...names: readonly string[]): string {
  const found = /^\(?([A-Za-z])[).]?$/.exec(fields.text(...names))?.[1]?.toUpperCase();
  if (found !== undefined && found <= letterAt(choices.length - 1)) return found;
  const last = letterAt(choices.length - 1);
  throw fields.wrong(`"${fields.text(...names)}" is not one of the letters A to ${last}; correct the row.`);
}
