/** Brings pixels to another size by straight lines, as libvips does with the kernel `linear`. */
import type { Extent } from './picture-value.js';

/** For each of `to` places: where its part of `from` places begins, and what each of these weighs. */
interface Weights {
  readonly first: number;
  readonly weight: readonly number[];
}

/**
 * Triangles around the centre of each new place, as wide as it is where the picture shrinks, so that
 * every old pixel counts; between neighbours where it grows, from the corner of each new place as
 * libvips has it. Places beyond the edge repeat it.
 */
function weightsOf(from: number, to: number): Weights[] {
  const ratio = from / to;
  const reach = Math.max(1, ratio);
  const middle = ratio < 1 ? 0 : 0.5;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + middle) * ratio - 0.5;
    const first = Math.ceil(centre - reach);
    const last = Math.floor(centre + reach);
    const weight = new Map<number, number>();
    for (let at = first; at <= last; at++) {
      const place = Math.min(from - 1, Math.max(0, at));
      const share = Math.max(0, 1 - Math.abs(at - centre) / reach);
      weight.set(place, (weight.get(place) ?? 0) + share);
    }
    const places = [...weight.keys()];
    const sum = places.reduce((total, place) => total + weight.get(place)!, 0);
    return { first: places[0]!, weight: places.map((place) => weight.get(place)! / sum) };
  });
}

/** One axis: `before` lines of `from` places with `after` numbers each. */
function along(
  data: ArrayLike<number>,
  [before, from, after]: readonly [number, number, number],
  to: number,
): Float32Array {
  const out = new Float32Array(before * to * after);
  const weights = weightsOf(from, to);
  for (let line = 0; line < before; line++) {
    weights.forEach(({ first, weight }, i) => {
      const target = (line * to + i) * after;
      weight.forEach((share, k) => {
        const source = (line * from + first + k) * after;
        for (let c = 0; c < after; c++) out[target + c]! += share * data[source + c]!;
      });
    });
  }
  return out;
}

/** Bytes [height, width, C] from those [H, W, C] of an extent. */
export function resample(
  bytes: Uint8Array,
  own: Extent,
  height: number,
  width: number,
): Uint8Array {
  if (own.height === height && own.width === width) return bytes;
  const tall = along(bytes, [1, own.height, own.width * own.channels], height);
  const small = along(tall, [height, own.width, own.channels], width);
  return Uint8Array.from(small, Math.round);
}
