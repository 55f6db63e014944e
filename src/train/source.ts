/** Where batches come from: rows in memory, or blocks of them in a file. */
import type { Columns } from '../core/column.js';
import type { FieldEntry } from '../mixture/bundle.js';
import { fieldOf } from '../mixture/wiring.js';
import { type BlockIndex, readBlock } from './block-file.js';
import { encodeField, joinPacked, type Packed, quickCoders } from './packed.js';

/** Rows in memory; plain data that crosses to a thread. */
export interface MemoryParts {
  /** The fields whose values are encoded batch by batch. */
  readonly quick: readonly FieldEntry[];
  readonly packed: Packed;
}

/** Rows in a file; plain data that crosses to a thread. */
export interface FileParts {
  readonly quick: readonly FieldEntry[];
  readonly index: BlockIndex;
}

export type SourceParts = MemoryParts | FileParts;

/** Columns that hold some rows, and where: `at(port)[i]` is the place of row i of those asked for. */
export interface Picked {
  readonly columns: Columns;
  readonly at: (port: string) => Int32Array;
}

export interface Source {
  /** Readies these rows for being picked, and no others. */
  load(rows: Int32Array): void;
  pick(rows: Int32Array): Picked;
}

type Pick = (packed: Packed, rows: Int32Array) => Picked;

/** Picks rows of the ports, encoding what is kept as it is. */
function picker(quick: readonly FieldEntry[], ports: readonly string[]): Pick {
  const read = new Set(ports.map(fieldOf));
  const coders = Object.entries(quickCoders(quick.filter(({ name }) => read.has(name))));
  const names = new Set(coders.map(([field]) => field));
  return (packed, rows) => {
    const columns: Record<string, Columns[string]> = { ...packed.columns };
    for (const [field, coder] of coders) {
      const values = packed.values[field]!;
      const own = new Float64Array(rows.length);
      for (let i = 0; i < own.length; i++) own[i] = values[rows[i]!]!;
      Object.assign(columns, encodeField(coder, field, own, ports));
    }
    const places = Int32Array.from(rows.keys());
    return { columns, at: (port) => (names.has(fieldOf(port)) ? places : rows) };
  };
}

function fromMemory({ quick, packed }: MemoryParts, ports: readonly string[]): Source {
  const pick = picker(quick, ports);
  return { load: () => undefined, pick: (rows) => pick(packed, rows) };
}

function fromFile({ quick, index }: FileParts, ports: readonly string[]): Source {
  const pick = picker(quick, ports);
  const fields = new Set(ports.map(fieldOf));
  const kept = quick.map(({ name }) => name).filter((name) => fields.has(name));
  const encoded = ports.filter((port) => index.empty[port] !== undefined);
  const { blockRows } = index;
  const places = new Int32Array(Math.ceil(index.rows / blockRows));
  let window: Packed | undefined;
  let loaded = '';
  return {
    load(rows) {
      const blocks = [...new Set(rows.map((row) => Math.floor(row / blockRows)))];
      blocks.sort((a, b) => a - b);
      if (blocks.join() === loaded) return;
      loaded = blocks.join();
      // Let go of before the next is read, for two would be held at once.
      window = undefined;
      const read = blocks.map((block) => [block, readBlock(index, block, kept, encoded)] as const);
      places.fill(-1);
      let at = 0;
      for (const [block, { rows: count }] of read) {
        places[block] = at;
        at += count;
      }
      window = joinPacked(read.map(([, packed]) => packed));
    },
    pick(rows) {
      const local = rows.map((row) => places[Math.floor(row / blockRows)]! + (row % blockRows));
      return pick(window!, local);
    },
  };
}

/** Opens rows for reading some ports of them. */
export function openSource(parts: SourceParts, ports: readonly string[]): Source {
  return 'index' in parts ? fromFile(parts, ports) : fromMemory(parts, ports);
}
