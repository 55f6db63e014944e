/** Seeded random numbers: one independent stream per purpose, the same on every machine. */
import { murmur3 } from './hash.js';

/** Where a stream is: it goes on from there with the same numbers. */
export type RandomState = readonly [number, number, number, number];

export interface Random {
  /** A whole number in [0, 2^32). */
  word(): number;
  /** A number in [0, 1) with 32 random bits. */
  uniform(): number;
  /** A standard normal number (Box-Muller). */
  normal(): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  /** Shuffles in place (Fisher-Yates) and returns the array. */
  shuffle<A extends Int32Array | Uint32Array | unknown[]>(items: A): A;
  /** An independent stream named by `label`; does not advance this one. */
  fork(label: string): Random;
  state(): RandomState;
  /** Goes to where a stream of the same seed and label was. */
  load(state: RandomState): void;
}

/** A stream for a seed and a label (sfc32, seeded by murmur3). */
export function random(seed: number, label = ''): Random {
  const key = `${seed}/${label}`;
  let a = murmur3(key, 1) | 0;
  let b = murmur3(key, 2) | 0;
  let c = murmur3(key, 3) | 0;
  let counter = 1;
  const word = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) word();
  const uniform = (): number => word() / 4294967296;
  const below = (n: number): number => Math.floor(uniform() * n);
  return {
    word,
    uniform,
    below,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const swap = items[i]!;
        items[i] = items[j]!;
        items[j] = swap;
      }
      return items;
    },
    fork: (next) => random(seed, `${label}/${next}`),
    state: () => [a, b, c, counter],
    load(state) {
      [a, b, c, counter] = state;
    },
  };
}
