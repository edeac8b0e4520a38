/**
 * Python's random numbers (Mersenne Twister, Matsumoto and Nishimura 1998), for orders that must be the same as in
 * Python.
 */

const N = 624;
const M = 397;

/** The part of `random.Random(seed)` that is needed for orders. */
export interface PythonRandom {
  /** `getrandbits(bits)`, up to 32 bits. */
  bits(bits: number): number;
  /** `sample(range(n), n)`. */
  sample(n: number): number[];
  /** The order into which `shuffle` brings n items: place i gets item `order[i]`. */
  shuffle(n: number): number[];
}

/** `random.Random(seed)` for a seed of up to 32 bits. */
export function pythonRandom(seed: number): PythonRandom {
  const state = initialState(seed);
  let at = N;
  const next = (): number => {
    if (at === N) {
      twist(state);
      at = 0;
    }
    let y = state[at++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  const bits = (count: number): number => next() >>> (32 - count);
  const below = (n: number): number => {
    const width = 32 - Math.clz32(n);
    let draw = bits(width);
    while (draw >= n) draw = bits(width);
    return draw;
  };
  const indices = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  return {
    bits,
    sample(n) {
      const pool = indices(n);
      return indices(n).map((i) => {
        const j = below(n - i);
        const taken = pool[j] as number;
        pool[j] = pool[n - i - 1] as number;
        return taken;
      });
    },
    shuffle(n) {
      const order = indices(n);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1);
        [order[i], order[j]] = [order[j] as number, order[i] as number];
      }
      return order;
    },
  };
}

/** `init_by_array([seed])` of the reference implementation. */
function initialState(seed: number): Uint32Array {
  const state = new Uint32Array(N);
  state[0] = 19650218;
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, mixed(state, i - 1)) + i;
  let i = 1;
  for (let k = N; k > 0; k--) {
    state[i] = ((state[i] as number) ^ Math.imul(mixed(state, i - 1), 1664525)) + seed;
    i = following(state, i);
  }
  for (let k = N - 1; k > 0; k--) {
    state[i] = ((state[i] as number) ^ Math.imul(mixed(state, i - 1), 1566083941)) - i;
    i = following(state, i);
  }
  state[0] = 0x80000000;
  return state;
}

const mixed = (state: Uint32Array, i: number): number => (state[i] as number) ^ ((state[i] as number) >>> 30);

/** The next place to mix. After the last place comes the second, and the first gets the last word. */
function following(state: Uint32Array, i: number): number {
  if (i + 1 < N) return i + 1;
  state[0] = state[N - 1] as number;
  return 1;
}

function twist(state: Uint32Array): void {
  for (let k = 0; k < N; k++) {
    const y = ((state[k] as number) & 0x80000000) | ((state[(k + 1) % N] as number) & 0x7fffffff);
    state[k] = (state[(k + M) % N] as number) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}
