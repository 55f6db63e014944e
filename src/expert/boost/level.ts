/** Names and codes as numbers: what the target is like where each of them is given. */
import type { BagColumn } from '../../core/column.js';
import { shift } from './inputs.js';

/** What is known of the target: [N, width] numbers whose means tell, and the weight of each row. */
export interface Telling {
  readonly width: number;
  readonly data: Float32Array;
  readonly weights: Float32Array;
  /** [N] the part of each row, below `parts`: rows of one part must not tell about each other. */
  readonly part: Uint8Array;
  readonly parts: number;
}

/** Rows that a name is thought to have had beside its own, at the mean of all. */
const smoothing = 10;

/** Sums [parts, ids, width + 1] of the telling numbers and of the weights. */
function sumsOf(bag: BagColumn, { width, data, weights, part, parts }: Telling): Float64Array {
  const each = width + 1;
  const sums = new Float64Array(parts * bag.width * each);
  for (let row = 0; row < part.length; row++) {
    const weight = weights[row]!;
    for (let i = bag.offsets[row]!; i < bag.offsets[row + 1]!; i++) {
      const at = (part[row]! * bag.width + bag.ids[i]!) * each;
      for (let k = 0; k < width; k++) sums[at + k]! += weight * data[row * width + k]!;
      sums[at + width]! += weight;
    }
  }
  return sums;
}

/** Drawn towards nothing where rows are few, within (-1, 1), and above what an absent field has. */
function toNumber(sum: number, weight: number): number {
  const mean = sum / (weight + smoothing);
  return shift + mean / (1 + Math.abs(mean));
}

export interface Levels {
  /** [ids, width] for rows that were not among them. */
  readonly table: Float32Array;
  /** [parts, ids, width] for the rows of a part, by what the others tell. */
  readonly apart: Float32Array;
}

/** The numbers of every id of a bag. */
export function levelsOf(bag: BagColumn, telling: Telling): Levels {
  const { width, parts } = telling;
  const each = width + 1;
  const sums = sumsOf(bag, telling);
  const whole = new Float64Array(bag.width * each);
  for (let i = 0; i < sums.length; i++) whole[i % whole.length]! += sums[i]!;
  const apart = new Float32Array(parts * bag.width * width);
  const table = new Float32Array(bag.width * width);
  for (let place = 0; place < parts * bag.width; place++) {
    const [own, all] = [place * each, (place % bag.width) * each];
    const weight = whole[all + width]!;
    for (let k = 0; k < width; k++) {
      const others = whole[all + k]! - sums[own + k]!;
      apart[place * width + k] = toNumber(others, Math.max(0, weight - sums[own + width]!));
      if (place < bag.width) table[place * width + k] = toNumber(whole[all + k]!, weight);
    }
  }
  return { table, apart };
}

/** Sums [width] columns of [N] over the ids of each row, by one table, or by one for each part. */
export function levelColumns(
  bag: BagColumn,
  table: Float32Array,
  width: number,
  part?: Uint8Array,
): Float32Array[] {
  const rows = bag.offsets.length - 1;
  const columns = Array.from({ length: width }, () => new Float32Array(rows));
  for (let row = 0; row < rows; row++) {
    const from = (part?.[row] ?? 0) * bag.width;
    for (let i = bag.offsets[row]!; i < bag.offsets[row + 1]!; i++) {
      const at = (from + bag.ids[i]!) * width;
      for (let k = 0; k < width; k++) columns[k]![row]! += bag.weights[i]! * table[at + k]!;
    }
  }
  return columns;
}
