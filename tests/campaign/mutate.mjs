// Makes bad inputs of good ones: bytes are cut, flipped, removed, repeated and spliced, hostile words are put in, values of JSON are
// replaced. Everything depends on the random numbers that are passed in.

/** Numbers from 0 to 1 that depend on the seed only (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)] };
}

/** Characters that rule terminals, break lines or turn the direction of reading; names and paths that lead elsewhere. */
const WORDS = [
  ...['\u001b[2J', '\u0000', '\r', '\n', '\u2028', '\u202e', '\ufeff', '\u009b31m', '\ud800', '\u{1f9ea}', 'e\u0301'],
  ...['__proto__', 'constructor', 'toString', 'length', '../outside', '/etc/passwd', '<script>alert(1)</script>'],
  ...[
    '\\',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '_{',
    '^{',
    '\\frac{',
    '\\sqrt[',
    '$',
    '%',
    '&',
    '=',
    ',',
    ':',
    ' ',
  ],
  ...[
    '{{',
    '}}',
    '{%',
    '%}',
    '{% for i in range(9999999) %}x{% endfor %}',
    'null',
    'true',
    '- *a',
    '&a',
    '!!js/function',
  ],
];
const NUMBERS = [
  ...[
    '1e309',
    '-1e309',
    '9007199254740993',
    '4294967296',
    '2147483648',
    '-1',
    '0',
    '-0',
    '1e-320',
    '0.1',
    'NaN',
    'Infinity',
  ],
  ...['99999999999999999999999999', '200000000', '3000000000', '0x10', '1_000', '00'],
];
const VALUES = [
  ...[null, true, false, 0, -1, 0.5, 2 ** 31, 2 ** 53, 3e9, 1e308, '', 'x', 'a\u001b[31mb', 'x'.repeat(5000)],
  ...[[], {}, [[]], [null], [1, 'a'], { a: 1 }, { length: 1e9 }, { toString: 1 }, '9'.repeat(400)],
];
const OPENERS = ['[', '{"a":', '(', '_{', '^{', '\\frac{', '{{', '- - ', '"', '<', '\\left('];

/** A value of JSON with one of its parts replaced, removed, renamed or nested. */
function mutateJson(value, random) {
  if (typeof value !== 'object' || value === null || random.next() < 0.15) return random.pick(VALUES);
  const keys = Object.keys(value);
  if (keys.length === 0) return random.pick(VALUES);
  const key = random.pick(keys);
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const what = random.next();
  if (what < 0.15) {
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else delete copy[key];
  } else if (what < 0.25) {
    if (Array.isArray(copy)) copy.push(random.pick(VALUES));
    else copy[random.pick(WORDS)] = copy[key];
  } else copy[key] = mutateJson(copy[key], random);
  return copy;
}

/** The JSON of the bytes, or of one of their lines, mutated; undefined where they hold none. */
function asJson(bytes, random) {
  const text = bytes.toString('utf8');
  const attempt = (part) => {
    try {
      return JSON.stringify(mutateJson(JSON.parse(part), random));
    } catch {
      return undefined;
    }
  };
  if (!/^\s*[[{]/.test(text)) return undefined;
  const whole = attempt(text);
  if (whole !== undefined) return Buffer.from(whole);
  const lines = text.split('\n');
  const at = random.below(lines.length);
  const line = attempt(lines[at]);
  return line === undefined ? undefined : Buffer.from([...lines.slice(0, at), line, ...lines.slice(at + 1)].join('\n'));
}

const insert = (bytes, at, part) => Buffer.concat([bytes.subarray(0, at), Buffer.from(part), bytes.subarray(at)]);

/** Ways to spoil bytes; `other` are the bytes of another good input. */
const WAYS = [
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let i = 0; i <= random.below(8) && copy.length > 0; i++)
      copy[random.below(copy.length)] ^= 1 << random.below(8);
    return copy;
  },
  (bytes, random) => {
    const [a, b] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((x, y) => x - y);
    return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)]);
  },
  (bytes, random) => {
    const [a, b] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((x, y) => x - y);
    return insert(bytes, b, bytes.subarray(a, Math.min(b, a + 20_000)));
  },
  (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))]),
  (bytes, random) => insert(bytes, random.below(bytes.length + 1), random.pick(WORDS)),
  (bytes, random) => insert(bytes, random.below(bytes.length + 1), random.pick(NUMBERS)),
  (bytes, random) => insert(bytes, random.below(bytes.length + 1), random.pick(OPENERS).repeat(1 + random.below(3000))),
  // A number of the text becomes another one.
  (bytes, random) => {
    const text = bytes.toString('latin1');
    const found = [...text.slice(0, 50_000).matchAll(/-?\d+(\.\d+)?/g)];
    if (found.length === 0) return insert(bytes, 0, random.pick(NUMBERS));
    const { index, 0: digits } = random.pick(found);
    return Buffer.from(`${text.slice(0, index)}${random.pick(NUMBERS)}${text.slice(index + digits.length)}`, 'latin1');
  },
  // Eight bytes of a binary header become a huge or a negative integer.
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length < 8) return copy;
    const sizes = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, BigInt(copy.length)];
    copy.writeBigUInt64LE(random.pick(sizes), random.below(Math.min(copy.length - 8, 400) + 1));
    return copy;
  },
];

/** One bad input; most are spoilt once or twice, since more than that fails at the first check. */
export function mutate(bytes, other, random) {
  let spoilt = bytes;
  for (let times = 1 + random.below(2); times > 0; times--) {
    const structured = random.next() < 0.5 ? asJson(spoilt, random) : undefined;
    spoilt = structured ?? random.pick(WAYS)(spoilt, random, other);
  }
  return spoilt;
}
