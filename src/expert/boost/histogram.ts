/** Sums of slopes by leaf and bin of one feature, and what splits by it would gain. */

/** Rows of a tree so far: those of leaf l are order[starts[l]] to order[starts[l + 1] - 1]. */
export interface Leaves {
  readonly order: Int32Array;
  readonly starts: Int32Array;
}

/**
 * What splits are judged by: [N, width + 1] slopes, then the weight of the row; multiples of a power
 * of two (see `toUnits`), so that sums of them are exact and do not depend on the order.
 */
export interface Pull {
  readonly width: number;
  readonly data: Float32Array;
}

/** Steps from 0 to the largest number: sums of 2^32 rows are whole in a float64. */
const units = 2 ** 20;

/** Rounds numbers in place to multiples of a power of two. */
export function toUnits(data: Float32Array): void {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]!));
  if (most === 0) return;
  // Beside a number this large a float64 holds nothing finer than the unit.
  const coarse = (1.5 * 2 ** 52 * 2 ** Math.ceil(Math.log2(most))) / units;
  for (let i = 0; i < data.length; i++) data[i] = data[i]! + coarse - coarse;
}

/** Adds rows `from` to `to` of the order to sums [bins, width + 1] that begin at `base`. */
function addRows(
  sums: Float64Array,
  base: number,
  bins: Uint8Array,
  { width, data }: Pull,
  order: Int32Array,
  from: number,
  to: number,
): void {
  const each = width + 1;
  for (let i = from; i < to; i++) {
    const row = order[i]!;
    const at = base + bins[row]! * each;
    const own = row * each;
    for (let k = 0; k < each; k++) sums[at + k]! += data[own + k]!;
  }
}

/** The sums [leaves, bins, width + 1] of leaves of which nothing is known, into `sums`. */
export function sumLeaves(
  sums: Float64Array,
  bins: Uint8Array,
  count: number,
  pull: Pull,
  { order, starts }: Leaves,
): void {
  const size = count * (pull.width + 1);
  const leaves = starts.length - 1;
  sums.fill(0, 0, leaves * size);
  for (let leaf = 0; leaf < leaves; leaf++)
    addRows(sums, leaf * size, bins, pull, order, starts[leaf]!, starts[leaf + 1]!);
}

/**
 * The sums after every leaf was split in two, from those before: only the smaller half of each is
 * added up, and the other is what is left.
 */
export function sumHalves(
  sums: Float64Array,
  before: Float64Array,
  bins: Uint8Array,
  count: number,
  pull: Pull,
  { order, starts }: Leaves,
): void {
  const size = count * (pull.width + 1);
  const parents = (starts.length - 1) / 2;
  sums.fill(0, 0, 2 * parents * size);
  for (let parent = 0; parent < parents; parent++) {
    const [from, middle, to] = [
      starts[2 * parent]!,
      starts[2 * parent + 1]!,
      starts[2 * parent + 2]!,
    ];
    const isLeft = middle - from < to - middle;
    const small = (2 * parent + (isLeft ? 0 : 1)) * size;
    const large = (2 * parent + (isLeft ? 1 : 0)) * size;
    const [first, end] = isLeft ? [from, middle] : [middle, to];
    if (from === to) continue;
    addRows(sums, small, bins, pull, order, first, end);
    const whole = parent * size;
    for (let i = 0; i < size; i++) sums[large + i] = before[whole + i]! - sums[small + i]!;
  }
}

/** The sums [width + 1] over the bins of the leaf that begins at `base`, into `total`. */
function totalOf(total: Float64Array, sums: Float64Array, base: number, size: number): void {
  const each = total.length;
  total.fill(0);
  for (let at = base; at < base + size; at += each)
    if (sums[at + each - 1] !== 0) for (let k = 0; k < each; k++) total[k]! += sums[at + k]!;
}

/** Adds what each threshold scores in the leaf that begins at `base`; empty bins change nothing. */
function scoreLeaf(
  scores: Float64Array,
  sums: Float64Array,
  base: number,
  total: Float64Array,
  unsplit: number,
  l2: number,
): void {
  const each = total.length;
  const width = each - 1;
  const left = new Float64Array(each);
  let now = unsplit;
  for (let b = 0, at = base; b < scores.length; b++, at += each) {
    const more = sums[at + width]!;
    if (more !== 0) {
      let low = 0;
      let high = 0;
      for (let k = 0; k < width; k++) {
        const sum = left[k]! + sums[at + k]!;
        left[k] = sum;
        const rest = total[k]! - sum;
        low += sum * sum;
        high += rest * rest;
      }
      const weight = left[width]! + more;
      left[width] = weight;
      const other = total[width]! - weight;
      now = other > 0 ? low / (weight + l2) + high / (other + l2) : unsplit;
    }
    scores[b]! += now;
  }
}

/**
 * Adds to `scores` [bins - 1], for every threshold, the sum over the halves of each leaf of
 * |slopes|^2 / (weight + l2): what the loss would fall by, up to a factor. Gives the same of the
 * leaves unsplit.
 */
export function scoreSplits(
  scores: Float64Array,
  sums: Float64Array,
  leaves: number,
  width: number,
  l2: number,
): number {
  const size = (scores.length + 1) * (width + 1);
  const total = new Float64Array(width + 1);
  let all = 0;
  for (let base = 0; base < leaves * size; base += size) {
    totalOf(total, sums, base, size);
    const weight = total[width]!;
    if (weight <= 0) continue;
    let length = 0;
    for (let k = 0; k < width; k++) length += total[k]! * total[k]!;
    const unsplit = length / (weight + l2);
    all += unsplit;
    scoreLeaf(scores, sums, base, total, unsplit, l2);
  }
  return all;
}
