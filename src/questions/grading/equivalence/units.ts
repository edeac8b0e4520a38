/** Reads quantities: a number in the notations that models write, and its unit by the library js-quantities. */
import Qty from 'js-quantities';
import { withDigits } from './complex';
import { parseExpression } from './expression';
import { joinedDigits, plainSigns, unwrapped, withoutLayout } from './notation';

/** A number and the text after it. `written` is the text of the number. */
export interface Quantity {
  readonly value: number;
  readonly unit: string;
  readonly written: string;
}

/**
 * A unit as a factor to SI base units and a number for its dimensions (angles have none). `zero` is what the scale's zero is in kelvins, for
 * temperatures in degrees.
 */
export interface Unit {
  readonly factor: number;
  readonly dimensions: number;
  readonly zero: number;
}

/** Symbols that the library has under another name or not at all. A factor stands before the units that it multiplies. */
const NAMES: ReadonlyMap<string, string> = new Map(
  (
    'K=degK, kelvin=degK, kelvins=degK, °C=degC, °F=degF, °=deg, degree=deg, degrees=deg, rads=rad, sec=s, secs=s, hr=h, hrs=h, yr=year, ' +
    'yrs=year, Year=year, Years=year, mins=min, KJ=kJ, kj=kJ, KPa=kPa, kPA=kPa, KPA=kPa, Kg=kg, KG=kg, kgs=kg, Km=km, ATM=atm, Torr=torr, ' +
    'Bar=bar, mbar=0.001 bar, kbar=1000 bar, Å=angstrom, Angstrom=angstrom, Angstroms=angstrom, amu=u, kt=knot, kts=knot, mole=mol, moles=mol, ' +
    'cc=cm3, sq=1, cu=1, percent=%, litres=liter, litre=liter, metres=meter, D=3.33564e-30 C m, debye=3.33564e-30 C m, e=1.602176634e-19 C, month=0.0833333333333333 year, ' +
    'months=0.0833333333333333 year, ha=10000 m2, hartree=4.3597447222e-18 J, Ry=2.1798723611e-18 J, lx=1 cd m-2, ' +
    'photon=1, photons=1, electron=1, electrons=1, particle=1, particles=1, molecule=1, molecules=1, atom=1, atoms=1, ion=1, ions=1, ' +
    'ohms=ohm, nucleus=1, nuclei=1, decay=1, decays=1, count=1, counts=1, proton=1, protons=1, neutron=1, neutrons=1, rev=6.283185307179586'
  )
    .split(', ')
    .map((pair) => pair.split('=') as [string, string]),
);
/** Words of sentences that the library takes for units. */
const PROSE =
  /^(?:at|a|an|are|point|points|each|of|is|to|the|and|or|on|for|by|with|dot|cup|cups|stone|league|dozen|gross|score|cell|cells|dB|u|then|per|so)$/;

const known = new Map<string, Unit | null>();

/** Factor and dimensions of one symbol or word; undefined for what is none. */
function lookUp(symbol: string): Unit | undefined {
  const found = known.get(symbol);
  if (found !== undefined) return found ?? undefined;
  const unit = find(symbol) ?? null;
  if (symbol.length < 30 && known.size < 10_000) known.set(symbol, unit);
  return unit ?? undefined;
}

function find(symbol: string): Unit | undefined {
  if (PROSE.test(symbol) || symbol.length > 30) return undefined;
  const name = NAMES.get(symbol);
  if (name?.includes(' ') || /^[\d.]/.test(name ?? '')) {
    const [factor = '', ...units] = (name as string).split(' ');
    const rest = units.length > 0 ? readUnit(units.join(' ')) : { factor: 1, dimensions: 0 };
    return rest && { factor: Number(factor) * rest.factor, dimensions: rest.dimensions, zero: 0 };
  }
  const unit = byLibrary(name ?? symbol);
  if (unit) return { ...unit, zero: { degC: 273.15, degF: 255.372222222222 }[name ?? symbol] ?? 0 };
  // Symbols that are written together, and prefixes of symbols that have another name there.
  for (let i = 1; i < Math.min(symbol.length, 6); i++) {
    const [first, second] = [lookUp(symbol.slice(0, i)), lookUp(symbol.slice(i))];
    const named = NAMES.get(symbol.slice(i));
    const prefix = i === 1 && named !== undefined ? PREFIXES.get(symbol.slice(0, 1)) : undefined;
    if (prefix !== undefined && second) return { ...second, factor: prefix * second.factor };
    if (first && second && i < 3 && /^[A-ZΩ]|^(?:kg|mol|cm|kW|Pa|lb|ft)/.test(symbol) && symbol.length < 6)
      return { factor: first.factor * second.factor, dimensions: first.dimensions + second.dimensions, zero: 0 };
  }
  return undefined;
}

const PREFIXES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    T: 1e12,
    G: 1e9,
    M: 1e6,
    k: 1e3,
    h: 100,
    d: 0.1,
    c: 0.01,
    m: 1e-3,
    u: 1e-6,
    n: 1e-9,
    p: 1e-12,
    f: 1e-15,
  }),
);

/** The library's number for one dimension of angle. */
const ANGLE = 20 ** 9;

/** Names that every object has, which the library takes for units of its own. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype);

function byLibrary(symbol: string): Omit<Unit, 'zero'> | undefined {
  if (!/^(?:[A-Za-zΩ]+|%)$/.test(symbol) || INHERITED.some((name) => symbol.includes(name))) return undefined;
  try {
    const quantity = Qty(symbol).toBase();
    const { scalar } = quantity;
    const dimensions = (quantity as unknown as { signature: number }).signature;
    return { factor: scalar, dimensions: dimensions - Math.round(dimensions / ANGLE) * ANGLE };
  } catch (error) {
    if (error instanceof Qty.Error) return undefined;
    throw error;
  }
}

/** A unit's text with plain symbols, exponents behind them, and `/`. */
const plainUnit = (text: string): string =>
  unwrapped(
    plainSigns(text)
      .replace(
        /\\AA(?![a-z])|\\mathring\s*\{\s*(?:\\mathrm\s*\{)?\s*A\s*\}*|\\(?:text|mathrm)\s*\{\s*\\r\{A\}\s*\}/g,
        ' Å ',
      )
      .replace(/\\(?:hat|vec|bar|overline)\s*\{(?:[^{}]|\{[^{}]*\})*\}/g, ' ')
      .replace(/\\frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}/g, ' $1 / ($2) ')
      .replace(/(\\(?:text|mathrm|mathbf|mathit|textrm|mbox|operatorname|rm|bf)\s*\{[^{}]*\})/g, '$1 '),
  )
    .replace(/(?<!\\)[$~]|\{\s*\}|\\(?:left|right)(?![a-z])/g, ' ')
    .replace(/(?<!\\)\\[,;:! ]/g, ' ')
    .replace(/\\mu\s*/g, 'u')
    .replace(/\\Omega\s*/g, 'ohm ')
    .replace(/\\degree\s*([CF])(?![a-z])/g, ' °$1 ')
    .replace(/\\degree|\{?\\circ\}?/g, ' ° ')
    .replace(/\bdegrees?\s+(?=[CFK]\b|celsius|fahrenheit|kelvin)/gi, '')
    .replace(/\bcelsius\b|\bcentigrade\b/gi, '°C')
    .replace(/\bfahrenheit\b/gi, '°F')
    .replace(/(?<=\bft)[-. ]*(?:\\cdot)?\s*(?=lbs?\b)/g, ' ')
    .replace(/\b(ft|foot)[ -]+(?:lbs?|pounds?)\b/g, 'ft lbf')
    .replace(/\blbs?\b(?=\s*(?:\/|per)?\s*(?:in(?:ch)?(?:es)?|ft)\s*(?:\^\s*\{?\s*-?2|\s*squared|2))/g, 'lbf')
    .replace(/\bsquare\s+([a-z]+)/gi, '$1^2')
    .replace(/\bcubic\s+([a-z]+)/gi, '$1^3')
    .replace(/\s+squared\b/gi, '^2')
    .replace(/\s+cubed\b/gi, '^3')
    .replace(/\bper\b/gi, '/')
    .replace(/\\cdot|\\times|\*/g, ' ')
    .replace(/\s*\^\s*\{?\s*\(?\s*([+-]?\d+)\s*\)?\s*\}?/g, '^$1 ')
    .replace(/[{}]|\\[a-z]+/g, ' ');

/**
 * Reads the unit at the start of a text, such as `m/s^2`, `kJ mol^-1`, `$\mathrm{~J} / \mathrm{K}$` or `meters per second`; words after it are
 * ignored. Undefined when the first word is not a known unit.
 */
export function readUnit(text: string): Unit | undefined {
  if (text.length > 300) return undefined;
  let [factor, dimensions, sign, count, zero] = [1, 0, 1, 0, 0];
  for (const [token] of plainUnit(text).matchAll(/[/()]|[^\s/()]+/g)) {
    if (token === '/') sign = -1;
    if ('/()1'.includes(token)) continue;
    const [, symbol = '', exponent] = /^(.*?)(?:\^?([+-]?\d+))?[.,;:]*$/.exec(token) ?? [];
    // "in" is an inch only where a unit's exponent or nothing follows.
    const unit = lookUp(symbol);
    if (!unit) break;
    count++;
    const times = sign * Number(exponent ?? 1);
    factor *= unit.factor ** times;
    dimensions += unit.dimensions * times;
    zero = count === 1 && times === 1 ? unit.zero : 0;
  }
  return count === 0 ? undefined : { factor, dimensions, zero };
}

/** Whether two units measure the same kind of quantity. */
export const sameDimensions = (a: Unit, b: Unit): boolean => a.dimensions === b.dimensions;

/** A value in one unit as a value in another of the same dimensions. */
export const converted = (value: number, from: Unit, to: Unit): number =>
  from.zero === to.zero ? (value * from.factor) / to.factor : (value * from.factor + from.zero - to.zero) / to.factor;

/** What a number in the first unit is multiplied with to be in the second; 1 where one of them is not known, undefined where they measure different things. */
export function sameUnits(from: string, to: string): number | undefined {
  const [a, b] = [readUnit(from), readUnit(to)];
  if (!a || !b) return 1;
  return sameDimensions(a, b) && a.zero === b.zero ? Number((a.factor / b.factor).toPrecision(12)) : undefined;
}

/**
 * Splits a unit such as `$10^{-3}$ mol` into its power of ten and the unit after it; the power is 0 if there is none.
 */
export function splitPower(unit: string): { readonly power: number; readonly unit: string } {
  const plain = unit.replace(/\\(?:mathrm|text)\s*\{\s*(10\s*\^\s*(?:\{[^{}]*\}|\d+))\s*\}/, '$1');
  const match = /^\s*\$?\s*10\s*\^\s*\{?\s*([+-]?\d+)\s*\}?\s*\$?(.*)$/s.exec(plain.replace(/[−–]/g, '-'));
  return match ? { power: Number(match[1]), unit: (match[2] as string).trim() } : { power: 0, unit };
}

const STARTS = /(?<![\w.\\^_])[+-]?\s*(?:\d|\.\d|\\(?:frac|sqrt|pi)(?![a-z]))/;
const NUMBERS =
  /(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+(?!\w))?|\.\d+|[\s+\-*/^(){}]|\\(?:frac|sqrt|pi|times|cdot|div)(?![a-z]))+/y;
const LONGEST_NUMBER = 120;

/**
 * The quantity in a final answer: the number after the last `=` or `≈` that is followed by one, with powers of ten,
 * fractions, roots, π and thousands separators. Undefined when there is no number.
 */
export function readQuantity(text: string): Quantity | undefined {
  const plain = joinedDigits(
    withoutLayout(plainSigns(text).replace(/(\d)\s*[xX]\s*(?=10\s*\^)/g, '$1\\times ')).replace(/\s+/g, ' '),
  ).replace(/\{\s*([+-]?\d[\d.]*)\s*\}(?=\s*\\times)/g, '$1');
  for (const side of plain.split(/=|\\approx/).reverse()) {
    const start = STARTS.exec(side)?.index;
    if (start === undefined) continue;
    NUMBERS.lastIndex = /[+-]/.test(side[start] as string) ? start : start;
    const run = NUMBERS.exec(side)?.[0].slice(0, LONGEST_NUMBER) ?? '';
    for (const written of prefixes(run)) {
      const read = parseExpression(written);
      const value = read && withDigits(30, () => read.value(new Map()).re.toNumber());
      if (value === undefined || !Number.isFinite(value)) continue;
      return { value, written: written.trim(), unit: side.slice(start + written.length).trim() };
    }
  }
  return undefined;
}

/** A text and what is left of it without its last piece, without the last two, ... */
function* prefixes(text: string): Generator<string> {
  const pieces = text.match(/\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+|\\[a-z]+|\s+|./g) ?? [];
  for (let n = pieces.length; n > 0; n--) yield pieces.slice(0, n).join('');
}

/** A number and its unit in a mathematical answer; undefined where no unit can be told from letters of the mathematics. */
export function splitUnit(text: string): { readonly body: string; readonly unit: string } | undefined {
  const [, body = '', unit = ''] =
    /^(.*?(?:[\d)}%]|\\(?:pi|degree)))\s*(\\(?:text|mathrm|mathbf|textbf|mbox|textrm|mathit|operatorname|rm)\s*\{.*|(?:\\mu\s*|\\Omega|\\%)?(?<=\s)[A-Za-z][A-Za-z]+.*)$/s.exec(
      text,
    ) ??
    /^(.*?[\d)}])\s+([A-Za-z]+(?:\s*\/\s*[A-Za-z]+)?(?:\^?\{?-?\d\}?)?)$/s.exec(text) ??
    [];
  return body === '' || /[=<>]/.test(unit) ? undefined : { body, unit };
}
