/**
 * Seeded random numbers, of two kinds. `uniformAt` is a pure function of its keys, so that a sample's noise does not
 * depend on the batch it is drawn in. `createRandom` is a stream whose state can be saved and restored.
 */

/** Mixes one word into a running MurmurHash3. */
function mixWord(hash: number, word: number): number {
  let k = Math.imul(word | 0, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const mixed = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** MurmurHash3's final mixing after `words` words; 32 bits. */
function finish(hash: number, words: number): number {
  let h = hash ^ (words * 4);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const START = 0x9747b28c;

/** Mixes 32-bit words into one (MurmurHash3). */
export function hashWords(...words: readonly number[]): number {
  return finish(words.reduce(mixWord, START), words.length);
}

/** 32-bit hash of a string of any length, for keys such as question ids. */
export function hashString(text: string): number {
  let hash = START;
  for (let i = 0; i < text.length; i++) hash = mixWord(hash, text.charCodeAt(i));
  return finish(hash, text.length);
}

/** Uniform number in [0, 1) with 24 random bits, determined by the keys, e.g. (seed, question, sample, position). */
export function uniformAt(...keys: readonly number[]): number {
  return (hashWords(...keys) >>> 8) / 0x1000000;
}

/** A stream of random numbers; `state` restores it exactly. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Integer from low to high, both included. */
  int(low: number, high: number): number;
  /** One element, uniformly. Throws on an empty array. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
  /** Standard normal number (Box-Muller). */
  normal(): number;
  /** The four words that determine all further numbers. */
  state(): number[];
}

/** xoshiro128**, seeded from one number (hashed into four words) or restored from `state()`. */
export function createRandom(seedOrState: number | readonly number[]): Random {
  let [a, b, c, d] =
    typeof seedOrState === 'number'
      ? ([1, 2, 3, 4].map((i) => hashWords(seedOrState, i)) as [number, number, number, number])
      : (seedOrState as unknown as [number, number, number, number]);
  const bits = (): number => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = (): number => ((bits() >>> 5) * 0x4000000 + (bits() >>> 6)) / 0x20000000000000;
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    int,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('pick: the array is empty');
      return items[int(0, items.length - 1)] as (typeof items)[number];
    },
    shuffle: (items) => {
      const copy = items.slice();
      for (let i = copy.length - 1; i > 0; i--) {
        const j = int(0, i);
        [copy[i], copy[j]] = [copy[j] as (typeof copy)[number], copy[i] as (typeof copy)[number]];
      }
      return copy;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    state: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
  };
}
