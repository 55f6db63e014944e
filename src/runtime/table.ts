/** Hashed tables outside the graph: bags summed forward, only the touched rows updated backward. */
import type { BagColumn } from '../core/column.js';
import type { Random } from '../core/random.js';
import { type Init, initialise } from '../tensor/init.js';

export interface Table {
  readonly rows: number;
  readonly width: number;
  /** [rows, width] */
  readonly data: Float32Array;
  /** [rows], the sum of mean squared gradients so far. */
  readonly accumulators: Float32Array;
  /** Which batch a row was last touched in, and where its gradient is kept; [rows] each. */
  readonly stamps: Int32Array;
  readonly slots: Int32Array;
  readonly scratch: Scratch;
}

/** What an update needs for a moment; grows to the largest batch. */
interface Scratch {
  stamp: number;
  /** Rows touched by this batch in the order of their first use. */
  touched: Int32Array;
  /** [touched, width] */
  gradients: Float32Array;
}

export interface TableSpec {
  readonly rows: number;
  readonly width: number;
  readonly init: Init;
  readonly random: Random;
}

/** A new table with starting values. */
export function makeTable({ rows, width, init, random }: TableSpec): Table {
  return {
    rows,
    width,
    data: initialise(init, [rows, width], random),
    accumulators: new Float32Array(rows),
    stamps: new Int32Array(rows),
    slots: new Int32Array(rows),
    scratch: { stamp: 0, touched: new Int32Array(0), gradients: new Float32Array(0) },
  };
}

/** Writes the weighted sums of table rows [B, width] for some rows of a bag column into `out`. */
export function sum(
  table: Table,
  bags: BagColumn,
  rowsOfBatch: Int32Array,
  out: Float32Array,
): void {
  const { width, data } = table;
  const { ids, weights, offsets } = bags;
  const even = width - (width % 8);
  for (let b = 0; b < rowsOfBatch.length; b++) {
    const row = rowsOfBatch[b]!;
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    const target = b * width;
    for (let j = 0; j < even; j += 8)
      sumEight(data, ids, weights, start, end, width, j, out, target + j);
    for (let j = even; j < width; j++) {
      let total = 0;
      for (let i = start; i < end; i++) total += weights[i]! * data[ids[i]! * width + j]!;
      out[target + j] = total;
    }
  }
}

/** Eight neighbouring columns at once, kept in registers over the whole bag. */
function sumEight(
  data: Float32Array,
  ids: Int32Array,
  weights: Float32Array,
  start: number,
  end: number,
  width: number,
  column: number,
  out: Float32Array,
  target: number,
): void {
  const f = Math.fround;
  let s0 = f(0);
  let s1 = f(0);
  let s2 = f(0);
  let s3 = f(0);
  let s4 = f(0);
  let s5 = f(0);
  let s6 = f(0);
  let s7 = f(0);
  for (let i = start; i < end; i++) {
    const w = weights[i]!;
    const at = (Math.imul(ids[i]!, width) + column) | 0;
    s0 = f(s0 + f(w * data[at]!));
    s1 = f(s1 + f(w * data[at + 1]!));
    s2 = f(s2 + f(w * data[at + 2]!));
    s3 = f(s3 + f(w * data[at + 3]!));
    s4 = f(s4 + f(w * data[at + 4]!));
    s5 = f(s5 + f(w * data[at + 5]!));
    s6 = f(s6 + f(w * data[at + 6]!));
    s7 = f(s7 + f(w * data[at + 7]!));
  }
  out[target] = s0;
  out[target + 1] = s1;
  out[target + 2] = s2;
  out[target + 3] = s3;
  out[target + 4] = s4;
  out[target + 5] = s5;
  out[target + 6] = s6;
  out[target + 7] = s7;
}

/** Gives every row that the batch touches a slot; returns how many there are. */
function assignSlots(
  { stamps, slots, scratch }: Table,
  bags: BagColumn,
  rowsOfBatch: Int32Array,
): number {
  const { ids, offsets } = bags;
  let uses = 0;
  for (const row of rowsOfBatch) uses += offsets[row + 1]! - offsets[row]!;
  if (scratch.touched.length < uses) scratch.touched = new Int32Array(uses);
  const { touched } = scratch;
  scratch.stamp = (scratch.stamp + 1) | 0;
  const stamp = scratch.stamp;
  let count = 0;
  for (const row of rowsOfBatch) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const id = ids[i]!;
      if (stamps[id] === stamp) continue;
      stamps[id] = stamp;
      slots[id] = count;
      touched[count++] = id;
    }
  }
  return count;
}

/** Adds the gradient of every use into the slot of its row. */
function accumulate(
  table: Table,
  bags: BagColumn,
  rowsOfBatch: Int32Array,
  gradient: Float32Array,
): void {
  const { width, slots } = table;
  const { ids, weights, offsets } = bags;
  const sums = table.scratch.gradients;
  const even = width - (width % 4);
  for (let b = 0; b < rowsOfBatch.length; b++) {
    const row = rowsOfBatch[b]!;
    const from = b * width;
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const w = weights[i]!;
      const to = slots[ids[i]!]! * width;
      for (let j = 0; j < even; j += 4) {
        sums[to + j] = sums[to + j]! + w * gradient[from + j]!;
        sums[to + j + 1] = sums[to + j + 1]! + w * gradient[from + j + 1]!;
        sums[to + j + 2] = sums[to + j + 2]! + w * gradient[from + j + 2]!;
        sums[to + j + 3] = sums[to + j + 3]! + w * gradient[from + j + 3]!;
      }
      for (let j = even; j < width; j++) sums[to + j] = sums[to + j]! + w * gradient[from + j]!;
    }
  }
}

/**
 * Row-wise Adagrad (Duchi et al. 2011, one accumulator per row) on the rows the batch touches.
 * `gradient` is [B, width]; `l2` pulls touched rows to zero. Returns how many rows were touched.
 */
export function update(
  table: Table,
  bags: BagColumn,
  rowsOfBatch: Int32Array,
  gradient: Float32Array,
  rate: number,
  { l2 = 0 }: { readonly l2?: number } = {},
): number {
  const { width, data, accumulators, scratch } = table;
  const count = assignSlots(table, bags, rowsOfBatch);
  const needed = count * width;
  if (scratch.gradients.length < needed) scratch.gradients = new Float32Array(needed);
  else scratch.gradients.fill(0, 0, needed);
  accumulate(table, bags, rowsOfBatch, gradient);
  const { touched, gradients } = scratch;
  for (let slot = 0; slot < count; slot++) {
    const row = touched[slot]!;
    const from = slot * width;
    const to = row * width;
    let squares = 0;
    for (let j = 0; j < width; j++) {
      const g = gradients[from + j]!;
      squares += g * g;
    }
    if (squares === 0) continue;
    const total = accumulators[row]! + squares / width;
    accumulators[row] = total;
    const step = rate / (Math.sqrt(total) + 1e-8);
    const kept = 1 - rate * l2;
    for (let j = 0; j < width; j++)
      data[to + j] = kept * data[to + j]! - step * gradients[from + j]!;
  }
  return count;
}
