/** Keeps the encoded rows of a training: in memory while they are few, else in a temporary file. */
import type { BagColumn, Columns } from '../core/column.js';
import type { FieldEntry } from '../mixture/bundle.js';
import { createBlocks } from './block-file.js';
import { joinPacked, type Packed, sharePacked, takePacked } from './packed.js';
import { type MemoryParts, openSource, type SourceParts } from './source.js';

export interface Store {
  /** All rows. */
  readonly source: SourceParts;
  /** The held-out rows, or all: gates and early stopping ask for single ones. */
  readonly held: MemoryParts;
  /** The place of a held-out row in `held`. */
  readonly placeOf: (row: number) => number;
  /** Mean number of ids in a row, by bag port. */
  readonly lengths: Readonly<Record<string, number>>;
  /** What tells these rows from others: arrays, or a hash. */
  readonly identity: unknown;
  close(): void;
}

export interface Keeping {
  readonly rows: number;
  /** Rising. */
  readonly heldOut: Int32Array;
  readonly blockRows: number;
  /** Bytes that rows may take in all. */
  readonly memory: number;
  /** Bytes of a row. */
  readonly bytes: number;
  /** The fields whose values are kept as they are. */
  readonly quick: readonly FieldEntry[];
  /** The rows in order, `size` at a time; may be called once. */
  readonly packed: (size?: number) => AsyncIterable<Packed>;
}

/** Rows may take this part of the memory, beside which windows and copies are needed. */
const part = 1 / 4;

function inMemory(packed: Packed, quick: readonly FieldEntry[]): Store {
  const all = { quick, packed: sharePacked(packed) };
  const bags = Object.entries(packed.columns).filter(([, column]) => column.form === 'bag');
  return {
    source: all,
    held: all,
    placeOf: (row) => row,
    lengths: Object.fromEntries(
      bags.map(([port, bag]) => [port, (bag as BagColumn).ids.length / Math.max(1, packed.rows)]),
    ),
    identity: all.packed,
    close: () => undefined,
  };
}

/** The rows of a block that are held out, as places in the block. */
function heldIn(heldOut: Int32Array, cursor: number, from: number, to: number): Int32Array {
  let end = cursor;
  while (end < heldOut.length && heldOut[end]! < to) end++;
  return heldOut.subarray(cursor, end).map((row) => row - from);
}

async function inFile(keeping: Keeping): Promise<Store> {
  const { heldOut, blockRows, quick, rows } = keeping;
  const blocks = createBlocks(blockRows);
  try {
    const held: Packed[] = [];
    let from = 0;
    let cursor = 0;
    for await (const block of keeping.packed(blockRows)) {
      blocks.add(block);
      const own = heldIn(heldOut, cursor, from, from + block.rows);
      held.push(takePacked(block, own));
      cursor += own.length;
      from += block.rows;
    }
    const index = blocks.index();
    const lengths = Object.entries(index.entries).map(([port, counts]) => [
      port,
      counts.reduce((a, b) => a + b, 0) / Math.max(1, rows),
    ]);
    const places = new Map<number, number>();
    heldOut.forEach((row, place) => {
      places.set(row, place);
    });
    return {
      source: { quick, index },
      held: { quick, packed: sharePacked(joinPacked(held)) },
      placeOf: (row) => places.get(row)!,
      lengths: Object.fromEntries(lengths),
      identity: index.digest,
      close: () => blocks.close(),
    };
  } catch (error) {
    blocks.close();
    throw error;
  }
}

/** Keeps rows where they fit; a closed store can be read no more. */
export async function keepRows(keeping: Keeping): Promise<Store> {
  const { rows, memory, bytes, quick } = keeping;
  if (rows * bytes > memory * part) return inFile(keeping);
  const all: Packed[] = [];
  for await (const some of keeping.packed()) all.push(some);
  return inMemory(joinPacked(all), quick);
}

/** Columns of some ports of all held-out rows, whose places are those of `placeOf`. */
export function heldColumns({ held }: Pick<Store, 'held'>, ports: readonly string[]): Columns {
  const all = Int32Array.from({ length: held.packed.rows }, (_, row) => row);
  const { columns } = openSource(held, ports).pick(all);
  return Object.fromEntries(ports.map((port) => [port, columns[port]!]));
}
