/** Builds ragged columns: counted, weighted by tf-idf and scaled to unit length, row by row. */
import type { BagColumn } from '../core/column.js';
import { idfSteps, idOf, type Vocabulary } from './vocabulary.js';

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

/** How often each id occurs in the row at hand; all zeros between rows. */
let counts = new Int32Array(1024);

/** Leaves each item once, in the order in which they came first, and counts them; returns how many are left. */
function countItems({ items, length }: Scratch, width: number): number {
  if (counts.length < width) counts = new Int32Array(width);
  let distinct = 0;
  for (let i = 0; i < length; i++) {
    const item = items[i]!;
    if (counts[item]!++ === 0) items[distinct++] = item;
  }
  return distinct;
}

/** Turns items into ids with (1 + ln count) x idf, unit length. */
function appendRow(bag: Growing, list: Scratch, width: number, idf: Uint8Array | undefined): void {
  const distinct = countItems(list, width);
  const start = bag.length;
  let squares = 0;
  grow(bag, distinct);
  for (let i = 0; i < distinct; i++) {
    const id = list.items[i]!;
    const count = counts[id]!;
    counts[id] = 0;
    const told = count === 1 ? 1 : 1 + Math.log(count);
    const weight = idf === undefined ? told : told * (idf[id]! / idfSteps);
    bag.ids[bag.length] = id;
    bag.weights[bag.length++] = weight;
    squares += weight * weight;
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let i = start; i < bag.length; i++) bag.weights[i]! *= scale;
}

/** Kept between calls, which never overlap: what is made is copied out. */
const list = scratch();
const bag: Growing = { ids: new Int32Array(1024), weights: new Float32Array(1024), length: 0 };

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
  const offsets = new Int32Array(rows + 1);
  bag.length = 0;
  for (let row = 0; row < rows; row++) {
    list.length = 0;
    buckets(row, list);
    if (vocabulary !== undefined) keepKnown(list, vocabulary);
    appendRow(bag, list, width, vocabulary?.idf);
    offsets[row + 1] = bag.length;
  }
  const ids = bag.ids.slice(0, bag.length);
  return { form: 'bag', width, ids, weights: bag.weights.slice(0, bag.length), offsets };
}

/** Turns buckets into ids in place, leaving out those that are not known. */
function keepKnown(list: Scratch, vocabulary: Vocabulary): void {
  const { items, length } = list;
  let known = 0;
  for (let i = 0; i < length; i++) {
    const id = idOf(vocabulary, items[i]!);
    if (id >= 0) items[known++] = id;
  }
  list.length = known;
}
