/** murmur3, the hash of features and seeds. */

/** The last step of murmur3: `h` is the blended state, xor the length. */
export function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** One step of murmur3: the state `h` with one more code unit `k`. */
export function blend(h: number, k: number): number {
  k = Math.imul(k, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  h ^= Math.imul(k, 0x1b873593);
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/**
 * A 32-bit hash of UTF-16 code units `start` to `end` of a text, in the manner of
 * murmur3 (Appleby 2011), one unit per block, so that no substring is ever cut out.
 */
export function murmur3(text: string, seed = 0, start = 0, end = text.length): number {
  let h = seed | 0;
  for (let i = start; i < end; i++) h = blend(h, text.charCodeAt(i));
  return mix(h ^ (end - start));
}

/** Combines two 32-bit hashes into one. */
export function combine(a: number, b: number): number {
  return mix(blend(a | 0, b | 0));
}
