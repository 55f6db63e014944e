/** Copies of what an expert learned that differ a little, so that clones can part. */
import type { Random } from '../core/random.js';
import type { Learned } from '../tensor/trace-serving.js';

function shaken(values: Float32Array, scale: number, stream: Random): Float32Array {
  return values.map((value) => (value === 0 ? 0 : value * (1 + scale * stream.normal())));
}

/** Every number times 1 + scale x a standard normal one; what is 0 (ids never seen) stays 0. */
export function perturbed(learned: Learned, scale: number, stream: Random): Learned {
  const all = (list: Readonly<Record<string, Float32Array>>) =>
    Object.fromEntries(
      Object.entries(list).map(([name, values]) => [
        name,
        scale === 0 ? values.slice() : shaken(values, scale, stream),
      ]),
    );
  return { weights: all(learned.weights), tables: all(learned.tables) };
}
