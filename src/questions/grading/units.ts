/** Reads quantities in answers: a number in the notations that models write, and a unit in SI terms. */

/** A number and the text after it. */
export interface Quantity {
  readonly value: number;
  readonly unit: string;
}

/**
 * A unit as a factor to SI base units and the exponents of its base units; degrees Celsius count as a base unit of
 * their own.
 */
export interface Unit {
  readonly factor: number;
  readonly dimensions: ReadonlyMap<string, number>;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

const PREFIXES: ReadonlyMap<string, number> = new Map(
  Object.entries({ T: 1e12, G: 1e9, M: 1e6, k: 1e3, h: 100, d: 0.1, c: 0.01, m: 1e-3, µ: 1e-6, n: 1e-9, p: 1e-12 }),
);
const PREFIX_WORDS: readonly (readonly [string, string])[] =
  'tera T, giga G, mega M, kilo k, hecto h, deci d, centi c, milli m, micro µ, nano n, pico p'
    .split(', ')
    .map((pair) => pair.split(' ') as [string, string]);

/** For each symbol, the factor, and the base units with their exponents. */
const UNITS: ReadonlyMap<string, readonly [number, string]> = new Map(
  [
    ...['m 1 m', 'g 1e-3 kg', 's 1 s', 'A 1 A', 'K 1 K', 'mol 1 mol', '°C 1 C', '% .01', 't 1e3 kg', 'Hz 1 s-1'],
    ...['N 1 kg m s-2', 'Pa 1 kg m-1 s-2', 'J 1 kg m2 s-2', 'W 1 kg m2 s-3', 'C 1 A s', 'V 1 kg m2 s-3 A-1'],
    ...['Ω 1 kg m2 s-3 A-2', 'F 1 kg-1 m-2 s4 A2', 'T 1 kg s-2 A-1', 'L 1e-3 m3', 'l 1e-3 m3', 'M 1e3 mol m-3'],
    ...['min 60 s', 'h 3600 s', 'd 86400 s', 'yr 31557600 s', 'eV 1.602177e-19 kg m2 s-2', 'Wh 3600 kg m2 s-2'],
    ...['cal 4.184 kg m2 s-2', 'atm 101325 kg m-1 s-2', 'bar 1e5 kg m-1 s-2'],
  ].map((line) => {
    const [symbol, factor, ...bases] = line.split(' ');
    return [symbol as string, [Number(factor), bases.join(' ')] as const];
  }),
);
const WORDS: ReadonlyMap<string, string> = new Map(
  (
    'meter m, metre m, gram g, second s, sec s, ampere A, amp A, kelvin K, mole mol, newton N, pascal Pa, joule J, watt W, ' +
    'hertz Hz, coulomb C, volt V, ohm Ω, farad F, tesla T, liter L, litre L, minute min, hour h, hr h, day d, year yr, ' +
    'electronvolt eV, calorie cal, atmosphere atm, bar bar, percent %, celsius °C, tonne t'
  )
    .split(', ')
    .map((pair) => pair.split(' ') as [string, string]),
);

/** Sign, digits, decimals, e-notation, a power, a power of ten after a times sign, and a divisor. */
const NUMBER =
  /(?<![\w.])([+-]?\s?(?:\d+(?:\.\d*)?|\.\d+))(?:e([+-]?\d+)(?!\w))?(?:\s*\^\s*\(?([+-]?\d+)\)?)?(?:\s*[*x]\s*10\s*\^\s*\(?([+-]?\d+)\)?)?(?:\s*\/\s*(\d+(?:\.\d+)?))?/i;

/**
 * The quantity in a final answer: the number after the last `=` or `≈` that is followed by one, with powers of ten,
 * fractions and thousands separators. Undefined when there is no number.
 */
export function readQuantity(text: string): Quantity | undefined {
  for (const side of plainNotation(text).split('=').reverse()) {
    const match = NUMBER.exec(side);
    if (!match) continue;
    const [all, digits, e, power, ten, divisor] = match;
    const base = Number((digits as string).replace(/\s/, '')) * 10 ** Number(e ?? 0);
    const value = (base ** Number(power ?? 1) * 10 ** Number(ten ?? 0)) / Number(divisor ?? 1);
    return { value, unit: side.slice(match.index + all.length).trim() };
  }
  return undefined;
}

/**
 * Splits a unit such as `$10^{-3}$ mol` into its power of ten and the unit after it; the power is 0 if there is none.
 */
export function splitPower(unit: string): { readonly power: number; readonly unit: string } {
  const match = /^\s*\$?\s*10\s*\^\s*\{?\s*([+-]?\d+)\s*\}?\s*\$?(.*)$/s.exec(unit);
  return match ? { power: Number(match[1]), unit: (match[2] as string).trim() } : { power: 0, unit };
}

/**
 * Replaces LaTeX and typographic marks by the plain forms that the functions here read. A run of blanks becomes one first: several
 * patterns that allow blanks would otherwise try every way to share it.
 */
function plainNotation(text: string): string {
  return plainExponents(text.replace(/[\s~]+/g, ' '))
    .replace(/\\d?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, '$1/$2')
    .replace(/\\(?:times|cdot)|[×·⋅]/g, '*')
    .replace(/\\(?:approx|simeq)|≈/g, '=')
    .replace(/\^?\s*\{?\s*(?:\\circ|°)\s*\}?\s*/g, ' °')
    .replace(/\\Omega/g, 'Ω')
    .replace(/\\mu\s*|μ/g, 'µ')
    .replace(/\\%/g, '%')
    .replace(/[−–]/g, '-')
    .replace(/[{}]/g, '')
    .replace(/(\d)[, ](?=\d{3}(?!\d))/g, '$1');
}

function plainExponents(text: string): string {
  return text.replace(
    /[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/g,
    (digits) => `^${digits.replaceAll('⁻', '-').replace(/[^-]/g, (digit) => String(SUPERSCRIPTS.indexOf(digit)))}`,
  );
}

/**
 * Reads the unit at the start of a text, such as `m/s^2`, `kJ mol^-1` or `meters per second`; words after it are
 * ignored. Undefined when the first word is not a known unit.
 */
export function readUnit(text: string): Unit | undefined {
  const plain = plainNotation(text)
    .replace(/\bdegrees?\s+/gi, '')
    .replace(/\s+squared\b/gi, '2')
    .replace(/\s+cubed\b/gi, '3')
    .replace(/\bper\b/gi, '/')
    .replace(/\\[a-z]+|[*()]/g, ' ')
    .replace(/\^/g, '');
  const dimensions = new Map<string, number>();
  let factor = 1;
  let sign = 1;
  let known = 0;
  for (const [token] of plain.matchAll(/\/|[^\s/]+/g)) {
    if (token === '/') sign = -1;
    if (token === '/' || token === '1') continue;
    const [, symbol = '', exponent] = /^(.*?)([+-]?\d+)?[.,;]*$/.exec(token) ?? [];
    const unit = lookUp(symbol);
    if (!unit) break;
    known++;
    const times = sign * Number(exponent ?? 1);
    factor *= unit[0] ** times;
    for (const [, base = '', power] of unit[1].matchAll(/([a-z]+)(-?\d+)?/gi))
      dimensions.set(base, (dimensions.get(base) ?? 0) + Number(power ?? 1) * times);
  }
  if (known === 0) return undefined;
  return { factor, dimensions: new Map([...dimensions].filter(([, power]) => power !== 0)) };
}

/** Factor and base units of one symbol or word, with or without a prefix. */
function lookUp(symbol: string): readonly [number, string] | undefined {
  const exact = UNITS.get(symbol) ?? wordUnit(symbol);
  if (exact) return exact;
  const spelled = PREFIX_WORDS.find(([word]) => symbol.toLowerCase().startsWith(word));
  const unit = spelled ? wordUnit(symbol.slice(spelled[0].length)) : UNITS.get(symbol.slice(1));
  const factor = PREFIXES.get(spelled ? spelled[1] : symbol.slice(0, 1));
  return unit && factor !== undefined ? [factor * unit[0], unit[1]] : undefined;
}

function wordUnit(word: string): readonly [number, string] | undefined {
  const lower = word.toLowerCase();
  return UNITS.get(WORDS.get(lower) ?? WORDS.get(lower.replace(/s$/, '')) ?? '');
}

/** Whether two units measure the same kind of quantity. */
export function sameDimensions({ dimensions: a }: Unit, { dimensions: b }: Unit): boolean {
  return a.size === b.size && [...a].every(([base, power]) => b.get(base) === power);
}
