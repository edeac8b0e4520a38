/** Python's arithmetic, on numbers and on sequences. */
import {
  Float,
  isNumber,
  numberOf,
  print,
  represent,
  TemplateError,
  Tuple,
  tupleOf,
  typeName,
  type Value,
} from './values';

/** Longer texts and lists out of a repetition are a mistake, or an attack. */
const MAX_REPEATED = 10_000_000;

const asResult = (value: number, float: boolean): Value => {
  if (float) return new Float(value);
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? 0 : value;
  throw new TemplateError('a whole number has become too large');
};

export function negative(value: Value): Value {
  if (isNumber(value)) return asResult(-numberOf(value), value instanceof Float);
  throw new TemplateError(`bad operand type for unary -: '${typeName(value)}'`);
}

export function positive(value: Value): Value {
  if (isNumber(value)) return asResult(numberOf(value), value instanceof Float);
  throw new TemplateError(`bad operand type for unary +: '${typeName(value)}'`);
}

export function binary(operator: string, a: Value, b: Value): Value {
  if (isNumber(a) && isNumber(b)) return arithmetic(operator, a, b);
  if (operator === '+') {
    if (typeof a === 'string' && typeof b === 'string') return a + b;
    if (a instanceof Tuple && b instanceof Tuple) return tupleOf(...a, ...b);
    if (typeName(a) === 'list' && typeName(b) === 'list') return [...(a as Value[]), ...(b as Value[])];
  }
  if (operator === '*') {
    const [sequence, times] = isNumber(a) ? [b, a] : [a, b];
    if (typeof times === 'number' || typeof times === 'boolean') return repeat(sequence, Math.max(0, Number(times)));
  }
  if (operator === '%' && typeof a === 'string') return formatted(a, b);
  throw new TemplateError(`unsupported operand types for ${operator}: '${typeName(a)}' and '${typeName(b)}'`);
}

function repeat(sequence: Value, times: number): Value {
  const length = typeof sequence === 'string' || Array.isArray(sequence) ? sequence.length : 0;
  if (length * times > MAX_REPEATED) throw new TemplateError('a repetition has become too long');
  if (typeof sequence === 'string') return sequence.repeat(times);
  if (!Array.isArray(sequence)) throw new TemplateError(`a '${typeName(sequence)}' cannot be repeated`);
  const items = Array.from({ length: times }, () => [...sequence]).flat();
  return sequence instanceof Tuple ? tupleOf(...items) : items;
}

type Number = number | boolean | Float;

function arithmetic(operator: string, left: Number, right: Number): Value {
  const [a, b] = [numberOf(left), numberOf(right)];
  const float = left instanceof Float || right instanceof Float;
  if (b === 0 && ['/', '//', '%'].includes(operator)) throw new TemplateError('division by zero');
  switch (operator) {
    case '+':
      return asResult(a + b, float);
    case '-':
      return asResult(a - b, float);
    case '*':
      return asResult(a * b, float);
    case '/':
      return new Float(a / b);
    case '//':
      return asResult(Math.floor(a / b), float);
    case '%': {
      // The remainder has the sign of the divisor.
      const rest = a % b;
      return asResult(rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest, float);
    }
    default:
      if (a === 0 && b < 0) throw new TemplateError('0 cannot be raised to a negative power');
      if (a < 0 && !Number.isInteger(b)) throw new TemplateError('a power is not a real number');
      return asResult(a ** b, float || b < 0);
  }
}

/** `'%s and %d' % values`, with the plain conversions. */
export function formatted(format: string, given: Value): string {
  const values = given instanceof Tuple ? [...given] : [given];
  const text = format.replace(/%(%|[-+ #0-9.*(]*[a-zA-Z])/g, (whole, conversion: string) => {
    if (conversion === '%') return '%';
    const match = /^(?:\.(\d+))?([sdrif])$/.exec(conversion);
    if (!match) throw new TemplateError(`the conversion ${whole} is not supported`);
    if (values.length === 0) throw new TemplateError('not enough arguments for format string');
    const value = values.shift();
    const [, digits, kind] = match;
    if (kind === 's') return digits === undefined ? print(value) : [...print(value)].slice(0, +digits).join('');
    if (kind === 'r') return represent(value);
    if (!isNumber(value)) throw new TemplateError(`%${kind} needs a number, not ${typeName(value)}`);
    const number = numberOf(value);
    return kind === 'f' ? number.toFixed(digits === undefined ? 6 : +digits) : String(Math.trunc(number));
  });
  if (values.length > 0 && (given instanceof Tuple || !(given instanceof Map)))
    throw new TemplateError('not all arguments converted during string formatting');
  return text;
}
