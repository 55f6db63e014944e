/** Hashed tables outside the graph: bags summed forward, only the touched rows updated backward. */
import type { BagColumn } from '../core/column.js';
import type { Random } from '../core/random.js';
import { type Init, initialise } from '../tensor/init.js';
import { createRows, type TableRows } from './table-rows.js';

export interface Table {
  readonly rows: number;
  readonly width: number;
  /** [rows, width]: a view that ends when a larger batch is summed or updated. */
  readonly data: Float32Array;
  readonly numbers: TableRows;
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
}

export interface TableSpec {
  readonly rows: number;
  readonly width: number;
  readonly init: Init;
  readonly random: Random;
}

function makeScratch(): Scratch {
  const none = new Int32Array(0);
  const lists = { touched: none, first: none, last: none, next: none, entry: none, source: none };
  return { stamp: 0, ...lists };
}

/** New tables with starting values. */
export function makeTables(specs: readonly TableSpec[]): Table[] {
  const all = createRows(specs);
  return specs.map(({ rows, width, init, random }, i) => {
    const numbers = all[i]!;
    numbers.data.set(initialise(init, [rows, width], random));
    return {
      rows,
      width,
      numbers,
      get data() {
        return numbers.data;
      },
      accumulators: new Float32Array(rows),
      stamps: new Int32Array(rows),
      slots: new Int32Array(rows),
      scratch: makeScratch(),
    };
  });
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
  const { numbers, width } = table;
  const length = rowsOfBatch.length * width;
  numbers.open(rowsOfBatch.length);
  numbers.batch.fill(0, 0, length);
  for (let b = 0; b < rowsOfBatch.length; b++) {
    const row = rowsOfBatch[b]!;
    numbers.sum(bags, bags.offsets[row]!, bags.offsets[row + 1]!, b);
  }
  out.set(numbers.batch.subarray(0, length));
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

/** The Adagrad step of a row along a direction whose squares sum to `squares`, which are added up. */
function paceOf({ accumulators, width }: Table, row: number, squares: number): number {
  const sofar = accumulators[row]! + squares / width;
  accumulators[row] = sofar;
  return 1 / (Math.sqrt(sofar) + 1e-8);
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
  const { width, scratch, numbers } = table;
  const count = chainUses(table, bags, rowsOfBatch);
  const { touched, first, next, entry, source } = scratch;
  numbers.open(rowsOfBatch.length);
  numbers.batch.set(gradient.subarray(0, rowsOfBatch.length * width));
  const norms = Float64Array.from(rowsOfBatch, (_, b) => sumOfSquares(gradient, b * width, width));
  const kept = 1 - rate * l2;
  const uses = { next, source, entry, weights: bags.weights };
  for (let slot = 0; slot < count; slot++) {
    const head = first[slot]!;
    const row = touched[slot]!;
    if (next[head]! < 0) {
      // used once: the row's gradient is the batch row's times the weight
      const factor = bags.weights[entry[head]!]!;
      const squares = factor * factor * norms[source[head]!]!;
      if (squares === 0) continue;
      numbers.step(row, source[head]!, kept, rate * factor * paceOf(table, row, squares));
    } else {
      numbers.sumToTotal(head, uses);
      const squares = sumOfSquares(numbers.total, 0, width);
      if (squares === 0) continue;
      numbers.stepTotal(row, kept, rate * paceOf(table, row, squares));
    }
  }
  return count;
}
