/** Features as small whole numbers: where a value lies among at most 255 thresholds. */

/** One feature over N rows: bin b holds the values from thresholds[b - 1] on and below thresholds[b]. */
export interface Binned {
  /** Rising; one fewer than there are bins. */
  readonly thresholds: Float32Array;
  /** [N] */
  readonly bins: Uint8Array;
}

/** More bins do not fit a byte. */
export const mostBins = 256;

/** How many values are looked at to find thresholds. */
const mostSeen = 200_000;

/** A number above `low` and at most `high`, half way where float32 has one. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle > low ? middle : high;
}

/** Thresholds between values: between all of them, or about as many rows from one to the next. */
export function thresholdsOf(values: Float32Array, most: number): Float32Array {
  const every = Math.ceil(values.length / mostSeen);
  const sorted = values.filter((value, i) => i % every === 0 && Number.isFinite(value)).sort();
  const starts: number[] = [];
  for (let i = 1; i < sorted.length; i++) if (sorted[i]! > sorted[i - 1]!) starts.push(i);
  const cut = (i: number): number => between(sorted[i - 1]!, sorted[i]!);
  if (starts.length < most) return Float32Array.from(starts, cut);
  const chosen: number[] = [];
  let next = 1;
  for (const start of starts) {
    if (start < (next * sorted.length) / most) continue;
    chosen.push(start);
    next = Math.floor((start * most) / sorted.length) + 1;
  }
  return Float32Array.from(chosen, cut);
}

/** How many thresholds a value reaches; one that is not a number reaches none. */
function binOf(value: number, thresholds: Float32Array): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value >= thresholds[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Values by thresholds that are known. */
export function toBins(values: Float32Array, thresholds: Float32Array): Uint8Array {
  const bins = new Uint8Array(values.length);
  for (let row = 0; row < bins.length; row++) bins[row] = binOf(values[row]!, thresholds);
  return bins;
}
