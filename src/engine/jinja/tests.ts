/** Jinja's tests (`is defined`). */
import { binary } from './operators';
import { stringMethods } from './strings';
import {
  compare,
  contains,
  equal,
  Float,
  isCallable,
  isNumber,
  print,
  TemplateError,
  typeName,
  type Value,
} from './values';

type Test = (value: Value, ...args: Value[]) => boolean;

const remainder = (value: Value, by: Value): Value => binary('%', value, by);
const ofText =
  (name: 'islower' | 'isupper'): Test =>
  (value) =>
    stringMethods[name]?.(print(value))([], new Map()) === true;
const isSequence: Test = (value) =>
  value === undefined || typeof value === 'string' || Array.isArray(value) || value instanceof Map;
const [eq, ne, lt, le, gt, ge]: Test[] = [
  equal,
  (a, b) => !equal(a, b),
  (a, b) => compare(a, b) < 0,
  (a, b) => compare(a, b) <= 0,
  (a, b) => compare(a, b) > 0,
  (a, b) => compare(a, b) >= 0,
];

const TESTS: Readonly<{ [name: string]: Test | undefined }> = {
  defined: (value) => value !== undefined,
  undefined: (value) => value === undefined,
  none: (value) => value === null,
  true: (value) => value === true,
  false: (value) => value === false,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => typeof value === 'number',
  float: (value) => value instanceof Float,
  number: (value) => isNumber(value),
  string: (value) => typeof value === 'string',
  mapping: (value) => value instanceof Map,
  iterable: isSequence,
  sequence: isSequence,
  callable: (value) => isCallable(value),
  odd: (value) => equal(remainder(value, 2), 1),
  even: (value) => equal(remainder(value, 2), 0),
  divisibleby: (value, by) => equal(remainder(value, by), 0),
  lower: ofText('islower'),
  upper: ofText('isupper'),
  sameas: (value, other) => typeName(value) === typeName(other) && value === other,
  in: contains,
  ...{ eq, '==': eq, equalto: eq, ne, '!=': ne, lt, '<': lt, lessthan: lt, le, '<=': le },
  ...{ gt, '>': gt, greaterthan: gt, ge, '>=': ge },
};

/** The test of a name. Throws TemplateError where there is none. */
export function testNamed(name: string): Test {
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  if (test) return test;
  throw new TemplateError(`the test ${JSON.stringify(name)} is not supported`);
}
