/** Builds ragged columns: counted, weighted by tf-idf and scaled to unit length, row by row. */
import type { BagColumn } from '../core/column.js';
import type { Vocabulary } from './vocabulary.js';

/** A growing list of whole numbers, reused between records. */
export interface Scratch {
  items: Int32Array;
  length: number;
}

export const scratch = (): Scratch => ({ items: new Int32Array(1024), length: 0 });

/** Appends one item, growing the list when it is full. */
export function push(list: Scratch, item: number): void {
  if (list.length === list.items.length) {
    const wider = new Int32Array(list.items.length * 2);
    wider.set(list.items);
    list.items = wider;
  }
  list.items[list.length++] = item;
}

interface Growing {
  ids: Int32Array;
  weights: Float32Array;
  length: number;
}

function grow(bag: Growing, more: number): void {
  if (bag.length + more <= bag.ids.length) return;
  const size = Math.max(bag.ids.length * 2, bag.length + more);
  const ids = new Int32Array(size);
  const weights = new Float32Array(size);
  ids.set(bag.ids);
  weights.set(bag.weights);
  bag.ids = ids;
  bag.weights = weights;
}

/** Turns runs of equal ids at the head of `sorted` into ids with (1 + ln count) x idf, unit length. */
function appendRow(bag: Growing, sorted: Int32Array, idf: Float32Array | undefined): void {
  const start = bag.length;
  let squares = 0;
  grow(bag, sorted.length);
  for (let i = 0; i < sorted.length; ) {
    const id = sorted[i]!;
    let count = 1;
    while (i + count < sorted.length && sorted[i + count] === id) count++;
    const weight = (1 + Math.log(count)) * (idf === undefined ? 1 : idf[id]!);
    bag.ids[bag.length] = id;
    bag.weights[bag.length++] = weight;
    squares += weight * weight;
    i += count;
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let i = start; i < bag.length; i++) bag.weights[i]! *= scale;
}

/**
 * Encodes `rows` records: `buckets(row, out)` lists the hash buckets of one record; those that the
 * vocabulary knows become ids. Without a vocabulary, buckets below `width` are ids themselves.
 */
export function bagColumn(
  rows: number,
  width: number,
  buckets: (row: number, out: Scratch) => void,
  vocabulary?: Vocabulary,
): BagColumn {
  const list = scratch();
  const bag: Growing = { ids: new Int32Array(64), weights: new Float32Array(64), length: 0 };
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    list.length = 0;
    buckets(row, list);
    let known = 0;
    for (let i = 0; i < list.length; i++) {
      const id = vocabulary === undefined ? list.items[i]! : vocabulary.id[list.items[i]!]!;
      if (id >= 0) list.items[known++] = id;
    }
    appendRow(bag, list.items.subarray(0, known).sort(), vocabulary?.idf);
    offsets[row + 1] = bag.length;
  }
  const ids = bag.ids.slice(0, bag.length);
  return { form: 'bag', width, ids, weights: bag.weights.slice(0, bag.length), offsets };
}
