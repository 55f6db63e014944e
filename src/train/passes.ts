/** The order in which an expert meets its rows: all at random where they are few, else by blocks. */
import { type Random, random } from '../core/random.js';

/** How rows are read; the same whether they lie in memory or in a file, and so are the bytes. */
export interface Reading {
  /** Rows that lie together. */
  readonly blockRows: number;
  /** Blocks that are mixed with each other. */
  readonly windowBlocks: number;
}

/** Held-out rows are looked at after so many rows at least, however long an epoch is. */
export const lookRows = 196_608;
/** Bytes of rows that a thread mixes at once. */
const windowBytes = 96 * 2 ** 20;
const mostBlockRows = 4096;
const mostBlockBytes = 8 * 2 ** 20;
const fewestBlocks = 4;

/** Rows of a block, given the bytes of one: a power of two, so that batches fill blocks. */
export function blockRowsOf(bytes: number): number {
  let rows = mostBlockRows;
  while (rows > 1 && rows * bytes > mostBlockBytes) rows /= 2;
  return rows;
}

/** How an expert reads that needs so many bytes of a row. */
export function readingOf(blockRows: number, bytes: number): Reading {
  const most = lookRows / blockRows;
  const blocks = Math.floor(windowBytes / (blockRows * Math.max(1, bytes)));
  return { blockRows, windowBlocks: Math.max(fewestBlocks, Math.min(most, blocks)) };
}

/** Passes that make an epoch: one, but where rows are many. */
export function passesPerEpoch(rows: number): number {
  return Math.max(1, Math.round(rows / lookRows));
}

/** Rows [from, to) of a rising list that lie in the same block, as cuts between the blocks. */
function cutsOf(rows: Int32Array, blockRows: number): number[] {
  const cuts = [0];
  for (let i = 1; i < rows.length; i++)
    if (Math.floor(rows[i]! / blockRows) !== Math.floor(rows[i - 1]! / blockRows)) cuts.push(i);
  return [...cuts, rows.length];
}

/** Rows that are held at once, in random order, and the share of the pass that they are. */
export interface Window {
  readonly rows: Int32Array;
  readonly share: number;
}

/**
 * The windows of pass `pass` (from 0) in which every row of the epoch is met once. Where all rows fit
 * into one window `rows` is shuffled in place, and that is all; else `rows` must rise and is left as
 * it is: blocks are dealt to the passes of an epoch at random (by `seed` and `label`), then rows are
 * shuffled (by `stream`) within windows of several blocks, so that reads are long and memory is bound.
 */
export function* windowsOf(
  rows: Int32Array,
  { blockRows, windowBlocks }: Reading,
  pass: number,
  stream: Random,
  { seed, label }: { readonly seed: number; readonly label: string },
): Generator<Window> {
  if (rows.length <= windowBlocks * blockRows) {
    yield { rows: stream.shuffle(rows), share: 1 };
    return;
  }
  const passes = passesPerEpoch(rows.length);
  const cuts = cutsOf(rows, blockRows);
  const order = Int32Array.from({ length: cuts.length - 1 }, (_, i) => i);
  random(seed, `${label}/blocks/${Math.floor(pass / passes)}`).shuffle(order);
  const part = (i: number) => Math.floor((order.length * i) / passes);
  const own = order.subarray(part(pass % passes), part((pass % passes) + 1));
  for (let from = 0; from < own.length; from += windowBlocks) {
    const blocks = own.subarray(from, from + windowBlocks);
    const pieces = Array.from(blocks, (block) => rows.subarray(cuts[block]!, cuts[block + 1]!));
    const window = new Int32Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      window.set(piece, at);
      at += piece.length;
    }
    yield { rows: stream.shuffle(window), share: blocks.length / own.length };
  }
}
