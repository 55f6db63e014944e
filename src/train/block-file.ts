/** A temporary file of rows in blocks, which vanishes with the process however that ends. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BagColumn, ValuesColumn } from '../core/column.js';
import { MonbanError } from '../core/fault.js';
import { writeFault } from '../core/file.js';
import { claimTemporary, removeQuietly } from '../core/temporary.js';
import type { Packed } from './packed.js';

/** What is written: raw values are read by models that learn nothing, of held-out rows alone. */
type Stored = ValuesColumn | BagColumn;

/** Where blocks lie in an open file; plain data, so that threads of the process can read it. */
export interface BlockIndex {
  readonly file: number;
  /** SHA-256 of all that was written, in hexadecimal. */
  readonly digest: string;
  readonly rows: number;
  /** Rows of every block but the last. */
  readonly blockRows: number;
  /** By field or port: the byte at which each block begins. */
  readonly starts: Readonly<Record<string, Float64Array>>;
  /** By bag port: entries in each block. */
  readonly entries: Readonly<Record<string, Int32Array>>;
  /** By port: a column without rows. */
  readonly empty: Readonly<Record<string, Stored>>;
}

export interface BlockWriter {
  /** Adds the next block; throws MonbanError where the disk is full. */
  add(block: Packed): void;
  index(): BlockIndex;
  close(): void;
}

let made = 0;

/** An open file without a name, or where that cannot be with one that is removed on closing. */
function openNameless(folder: string): { file: number; path: string } {
  const path = `${claimTemporary(join(folder, 'monban-rows'))}.${made++}`;
  try {
    const file = openSync(path, 'wx+', 0o600);
    removeQuietly(path);
    return { file, path };
  } catch (error) {
    throw writeFault(path, error);
  }
}

function fullFault(folder: string, error: unknown): unknown {
  const code = String((error as NodeJS.ErrnoException).code);
  if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)) return writeFault(folder, error);
  const expected = 'room for the rows that do not fit into memory';
  const todo = 'free some room, set TMPDIR to a folder on another disk, or raise training.memory';
  return new MonbanError({ where: folder, expected, found: code, todo }, 1);
}

const bytes = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function arraysOf(column: Stored): ArrayBufferView[] {
  return column.form === 'values' ? [column.data] : [column.offsets, column.ids, column.weights];
}

const emptied = (column: Stored): Stored =>
  column.form === 'values'
    ? { ...column, data: new Float32Array(0) }
    : {
        ...column,
        ids: new Int32Array(0),
        weights: new Float32Array(0),
        offsets: new Int32Array(1),
      };

function writeAll(file: number, array: ArrayBufferView, at: number): number {
  const data = bytes(array);
  for (let done = 0; done < data.length; )
    done += writeSync(file, data, done, data.length - done, at + done);
  return at + data.length;
}

function append(lists: Record<string, number[]>, name: string, value: number): void {
  const list = lists[name] ?? [];
  lists[name] = list;
  list.push(value);
}

/** Writes blocks into an open file and remembers where they are. */
export function blockWriter(file: number, blockRows: number, folder: string): BlockWriter {
  const starts: Record<string, number[]> = {};
  const entries: Record<string, number[]> = {};
  const empty: Record<string, Stored> = {};
  let rows = 0;
  let end = 0;
  const hash = createHash('sha256');
  const put = (name: string, arrays: readonly ArrayBufferView[]) => {
    append(starts, name, end);
    for (const array of arrays) {
      hash.update(bytes(array));
      end = writeAll(file, array, end);
    }
    end = Math.ceil(end / 8) * 8;
  };
  return {
    add(block) {
      try {
        for (const [field, values] of Object.entries(block.values)) put(field, [values]);
        for (const [port, column] of Object.entries(block.columns)) {
          if (column.form === 'raw') {
            hash.update(JSON.stringify(Array.from<unknown>(column.data)));
            continue;
          }
          put(port, arraysOf(column));
          empty[port] ??= emptied(column);
          if (column.form === 'bag') append(entries, port, column.ids.length);
        }
      } catch (error) {
        throw fullFault(folder, error);
      }
      rows += block.rows;
    },
    index: () => ({
      ...{ file, rows, blockRows, empty },
      digest: hash.copy().digest('hex'),
      starts: mapped(starts, (list) => Float64Array.from(list)),
      entries: mapped(entries, (list) => Int32Array.from(list)),
    }),
    close: () => closeSync(file),
  };
}

function mapped<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Begins a file among the system's temporary ones. */
export function createBlocks(blockRows: number, folder = tmpdir()): BlockWriter {
  const { file, path } = openNameless(folder);
  const writer = blockWriter(file, blockRows, folder);
  return {
    ...writer,
    close() {
      writer.close();
      removeQuietly(path);
    },
  };
}

function readBytes(file: number, length: number, from: number): ArrayBuffer {
  const buffer = new ArrayBuffer(length);
  const data = new Uint8Array(buffer);
  for (let done = 0; done < length; ) {
    const count = readSync(file, data, done, length - done, from + done);
    if (count === 0) throw new Error('the temporary file of rows ends too soon');
    done += count;
  }
  return buffer;
}

function readColumn(index: BlockIndex, port: string, block: number, rows: number): Stored {
  const column = index.empty[port]!;
  const start = index.starts[port]![block]!;
  if (column.form === 'values') {
    const buffer = readBytes(index.file, rows * column.width * 4, start);
    return { ...column, data: new Float32Array(buffer) };
  }
  const count = index.entries[port]![block]!;
  const buffer = readBytes(index.file, (rows + 1 + 2 * count) * 4, start);
  return {
    ...column,
    offsets: new Int32Array(buffer, 0, rows + 1),
    ids: new Int32Array(buffer, (rows + 1) * 4, count),
    weights: new Float32Array(buffer, (rows + 1 + count) * 4, count),
  };
}

/** Reads some fields and ports of a block. */
export function readBlock(
  index: BlockIndex,
  block: number,
  fields: readonly string[],
  ports: readonly string[],
): Packed {
  const rows = Math.min(index.blockRows, index.rows - block * index.blockRows);
  const read = (field: string) =>
    new Float64Array(readBytes(index.file, rows * 8, index.starts[field]![block]!));
  return {
    rows,
    values: Object.fromEntries(fields.map((field) => [field, read(field)])),
    columns: Object.fromEntries(ports.map((port) => [port, readColumn(index, port, block, rows)])),
  };
}
