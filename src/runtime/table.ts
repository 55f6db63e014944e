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
  /** Which batch a row was last touched in, and its slot in that batch; [rows] each. */
  readonly stamps: Int32Array;
  readonly slots: Int32Array;
  readonly scratch: Scratch;
}

/** What an update needs for a moment; grows to the largest batch. A use is one entry of a bag. */
interface Scratch {
  stamp: number;
  /** Rows touched by this batch in the order of their first use, by slot. */
  touched: Int32Array;
  /** The first and last use of a row, by slot. */
  first: Int32Array;
  last: Int32Array;
  /** The next use of the same row, or -1; its entry and its row of the batch; by use. */
  next: Int32Array;
  entry: Int32Array;
  source: Int32Array;
  /** [width] */
  readonly total: Float32Array;
}

export interface TableSpec {
  readonly rows: number;
  readonly width: number;
  readonly init: Init;
  readonly random: Random;
}

function makeScratch(width: number): Scratch {
  const none = new Int32Array(0);
  const lists = { touched: none, first: none, last: none, next: none, entry: none, source: none };
  return { stamp: 0, ...lists, total: new Float32Array(width) };
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
    scratch: makeScratch(width),
  };
}

/** Copies of some rows, one after the other. */
export function rowsOf({ data, width }: Table, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return out;
}

/** Writes the weighted sums of table rows [B, width] for some rows of a bag column into `out`. */
export function sum(
  table: Table,
  bags: BagColumn,
  rowsOfBatch: Int32Array,
  out: Float32Array,
): void {
  out.fill(0, 0, rowsOfBatch.length * table.width);
  for (let b = 0; b < rowsOfBatch.length; b++) {
    const row = rowsOfBatch[b]!;
    sumBag(table, bags, bags.offsets[row]!, bags.offsets[row + 1]!, out, b * table.width);
  }
}

/** Adds entries `start` to `end` into `out` at `target`, four at a time: half the time of one. */
function sumBag(
  { width, data }: Table,
  { ids, weights }: BagColumn,
  start: number,
  end: number,
  out: Float32Array,
  target: number,
): void {
  let i = start;
  for (; i + 3 < end; i += 4) {
    const w0 = weights[i]!;
    const w1 = weights[i + 1]!;
    const w2 = weights[i + 2]!;
    const w3 = weights[i + 3]!;
    const r0 = ids[i]! * width;
    const r1 = ids[i + 1]! * width;
    const r2 = ids[i + 2]! * width;
    const r3 = ids[i + 3]! * width;
    for (let j = 0; j < width; j++) {
      const first = w0 * data[r0 + j]! + w1 * data[r1 + j]!;
      out[target + j] = out[target + j]! + first + (w2 * data[r2 + j]! + w3 * data[r3 + j]!);
    }
  }
  for (; i < end; i++) {
    const w = weights[i]!;
    const row = ids[i]! * width;
    for (let j = 0; j < width; j++) out[target + j] = out[target + j]! + w * data[row + j]!;
  }
}

/** Makes the scratch large enough for `uses` entries. */
function grow(scratch: Scratch, uses: number): void {
  if (scratch.next.length >= uses) return;
  scratch.touched = new Int32Array(uses);
  scratch.first = new Int32Array(uses);
  scratch.last = new Int32Array(uses);
  scratch.next = new Int32Array(uses);
  scratch.entry = new Int32Array(uses);
  scratch.source = new Int32Array(uses);
}

/** Chains the entries of the batch by table row, in their order; returns how many rows there are. */
function chainUses(table: Table, { ids, offsets }: BagColumn, rowsOfBatch: Int32Array): number {
  const { stamps, slots, scratch } = table;
  let uses = 0;
  for (const row of rowsOfBatch) uses += offsets[row + 1]! - offsets[row]!;
  grow(scratch, uses);
  const { touched, first, last, next, entry, source } = scratch;
  scratch.stamp = (scratch.stamp + 1) | 0;
  let count = 0;
  let use = 0;
  for (let b = 0; b < rowsOfBatch.length; b++) {
    const row = rowsOfBatch[b]!;
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++, use++) {
      const id = ids[i]!;
      entry[use] = i;
      source[use] = b;
      next[use] = -1;
      if (stamps[id] === scratch.stamp) {
        const slot = slots[id]!;
        next[last[slot]!] = use;
        last[slot] = use;
      } else {
        stamps[id] = scratch.stamp;
        slots[id] = count;
        touched[count] = id;
        first[count] = use;
        last[count++] = use;
      }
    }
  }
  return count;
}

/** The sum of squares of `width` numbers from `start`, in four independent sums for speed. */
function sumOfSquares(x: Float32Array, start: number, width: number): number {
  const even = start + (width & ~3);
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = start;
  for (; i < even; i += 4) {
    a += x[i]! * x[i]!;
    b += x[i + 1]! * x[i + 1]!;
    c += x[i + 2]! * x[i + 2]!;
    d += x[i + 3]! * x[i + 3]!;
  }
  for (; i < start + width; i++) a += x[i]! * x[i]!;
  return a + b + (c + d);
}

/** Sums the gradients of all uses of a row into `total` [width]. */
function sumChain(
  { first, next, entry, source, total }: Scratch,
  slot: number,
  weights: Float32Array,
  gradient: Float32Array,
): void {
  const width = total.length;
  const head = first[slot]!;
  const weight = weights[entry[head]!]!;
  const start = source[head]! * width;
  for (let j = 0; j < width; j++) total[j] = weight * gradient[start + j]!;
  for (let use = next[head]!; use >= 0; use = next[use]!) {
    const w = weights[entry[use]!]!;
    const from = source[use]! * width;
    for (let j = 0; j < width; j++) total[j] = total[j]! + w * gradient[from + j]!;
  }
}

/** Takes one Adagrad step on a row along a direction [width] whose squares sum to `squares`. */
function descend(
  { data, accumulators, width }: Table,
  row: number,
  direction: Float32Array,
  { from, factor, squares }: { from: number; factor: number; squares: number },
  { rate, kept }: { rate: number; kept: number },
): void {
  if (squares === 0) return;
  const sofar = accumulators[row]! + squares / width;
  accumulators[row] = sofar;
  const step = (rate * factor) / (Math.sqrt(sofar) + 1e-8);
  const to = row * width;
  const even = width & ~3;
  let j = 0;
  for (; j < even; j += 4) {
    const a = kept * data[to + j]! - step * direction[from + j]!;
    const b = kept * data[to + j + 1]! - step * direction[from + j + 1]!;
    const c = kept * data[to + j + 2]! - step * direction[from + j + 2]!;
    const d = kept * data[to + j + 3]! - step * direction[from + j + 3]!;
    data[to + j] = a;
    data[to + j + 1] = b;
    data[to + j + 2] = c;
    data[to + j + 3] = d;
  }
  for (; j < width; j++) data[to + j] = kept * data[to + j]! - step * direction[from + j]!;
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
  const { width, scratch } = table;
  const count = chainUses(table, bags, rowsOfBatch);
  const { touched, first, next, entry, source, total } = scratch;
  const norms = Float64Array.from(rowsOfBatch, (_, b) => sumOfSquares(gradient, b * width, width));
  const pace = { rate, kept: 1 - rate * l2 };
  for (let slot = 0; slot < count; slot++) {
    const head = first[slot]!;
    if (next[head]! < 0) {
      // used once: the row's gradient is the batch row's times the weight
      const factor = bags.weights[entry[head]!]!;
      const squares = factor * factor * norms[source[head]!]!;
      const from = source[head]! * width;
      descend(table, touched[slot]!, gradient, { from, factor, squares }, pace);
    } else {
      sumChain(scratch, slot, bags.weights, gradient);
      const squares = sumOfSquares(total, 0, width);
      descend(table, touched[slot]!, total, { from: 0, factor: 1, squares }, pace);
    }
  }
  return count;
}
