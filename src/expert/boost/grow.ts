/** Grows one symmetric tree: every level splits all leaves by one feature at one threshold. */
import type { Binned } from './bins.js';
import { type Leaves, type Pull, scoreSplits, sumHalves, sumLeaves } from './histogram.js';

/** A level: rows whose bin is above `threshold` go right. */
export interface Split {
  readonly feature: number;
  readonly threshold: number;
}

export interface Growth {
  readonly depth: number;
  /** Added to the weight of every leaf. */
  readonly l2: number;
}

/** A split must gain this share of the score at least: less is rounding. */
const leastGain = 1e-9;

/** Numbers of sums that are kept from level to level; what is beyond is added up anew. */
const mostKept = 2 ** 24;

/** Room for the sums of each feature at this level and at the one before, used tree after tree. */
interface Room {
  now: Float64Array;
  before: Float64Array;
  /** Whether `before` holds sums of the level before. */
  known: boolean;
}

/** Stably parts every leaf in two by a split. */
function part({ order, starts }: Leaves, bins: Uint8Array, threshold: number): Leaves {
  const next = new Int32Array(order.length);
  const ends = new Int32Array(2 * starts.length - 1);
  for (let leaf = 0; leaf + 1 < starts.length; leaf++) {
    let right = 0;
    const [from, to] = [starts[leaf]!, starts[leaf + 1]!];
    for (let i = from; i < to; i++) right += bins[order[i]!]! > threshold ? 1 : 0;
    let [low, high] = [from, to - right];
    ends[2 * leaf] = from;
    ends[2 * leaf + 1] = high;
    for (let i = from; i < to; i++) {
      const row = order[i]!;
      if (bins[row]! > threshold) next[high++] = row;
      else next[low++] = row;
    }
  }
  ends[ends.length - 1] = order.length;
  return { order: next, starts: ends };
}

/** Scores of the thresholds of a feature, and of the leaves as they are. */
function scoresOf(
  { bins, thresholds }: Binned,
  room: Room,
  pull: Pull,
  leaves: Leaves,
  l2: number,
) {
  const count = thresholds.length + 1;
  const many = leaves.starts.length - 1;
  if (room.known) sumHalves(room.now, room.before, bins, count, pull, leaves);
  else sumLeaves(room.now, bins, count, pull, leaves);
  const scores = new Float64Array(thresholds.length);
  const unsplit = scoreSplits(scores, room.now, many, pull.width, l2);
  return { scores, unsplit };
}

/** The place of the first of the highest scores. */
function highest(scores: Float64Array): number {
  let at = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[at]!) at = i;
  return at;
}

/** Room for every feature while it lasts; the features beyond share one, and keep nothing in it. */
function roomsFor(features: readonly Binned[], width: number, leaves: number): Room[] {
  const sizes = features.map(({ thresholds }) => (thresholds.length + 1) * (width + 1) * leaves);
  const common = new Float64Array(sizes.reduce((a, b) => Math.max(a, b), 0));
  let kept = 0;
  return sizes.map((size): Room => {
    kept += 2 * size;
    if (kept > mostKept) return { now: common, before: common, known: false };
    return { now: new Float64Array(size), before: new Float64Array(size), known: false };
  });
}

/** What is known of a room at this level is what was before at the next. */
function turn(room: Room): void {
  if (room.now === room.before) return;
  [room.now, room.before, room.known] = [room.before, room.now, true];
}

/** Makes a grower of trees over these features, whose rooms it keeps; `width` as in `Pull`. */
export function grower(features: readonly Binned[], width: number, { depth, l2 }: Growth) {
  const rooms = roomsFor(features, width, 2 ** (depth - 1));
  const bestSplit = (used: readonly number[], pull: Pull, leaves: Leaves): Split | undefined => {
    let best: (Split & { gain: number }) | undefined;
    for (const feature of used) {
      const { scores, unsplit } = scoresOf(features[feature]!, rooms[feature]!, pull, leaves, l2);
      const threshold = highest(scores);
      const gain = (scores[threshold] ?? 0) - unsplit;
      if (gain > (best?.gain ?? leastGain * unsplit)) best = { feature, threshold, gain };
      turn(rooms[feature]!);
    }
    return best && { feature: best.feature, threshold: best.threshold };
  };
  return (used: readonly number[], pull: Pull, rows: Int32Array): Split[] => {
    for (const room of rooms) room.known = false;
    let leaves: Leaves = { order: rows, starts: Int32Array.of(0, rows.length) };
    const splits: Split[] = [];
    while (splits.length < depth) {
      const split = bestSplit(used, pull, leaves);
      if (split === undefined) break;
      splits.push(split);
      leaves = part(leaves, features[split.feature]!.bins, split.threshold);
    }
    return splits;
  };
}

/** The leaf of every row among 2^splits: the first split is the highest bit. */
export function leavesOf(
  features: readonly Binned[],
  splits: readonly Split[],
  rows: number,
): Int32Array {
  const leaf = new Int32Array(rows);
  for (const { feature, threshold } of splits) {
    const { bins } = features[feature]!;
    for (let row = 0; row < rows; row++)
      leaf[row] = 2 * leaf[row]! + (bins[row]! > threshold ? 1 : 0);
  }
  return leaf;
}
