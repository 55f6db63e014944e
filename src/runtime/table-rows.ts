/** Rows of hashed tables in WebAssembly memory: weighted sums and steps, four numbers at a time. */
import {
  type Code,
  growTo,
  instantiate,
  type Memory,
  memoryOf,
  type WasmFunction,
  wasm,
} from './wasm.js';

const number = Float32Array.BYTES_PER_ELEMENT;

/** Entries of a bag that are summed in one call. */
const mostEntries = 1024;
/** Where the lists of a call lie: byte offsets of rows, then weights. */
const weightsAt = mostEntries * number;
const listsEnd = 2 * weightsAt;

const { get, set, v, f, loop } = wasm;

/** `c` counts bytes along a row; `blocks` of 16 are held in registers while all entries are added. */
function sumBlocks(c: number, limit: Code, blocks: number): Code {
  const [end, out, at, row, weight, sums] = [0, 1, 4, 5, 6, [7, 8, 9, 10]];
  const all = [...Array(blocks).keys()];
  const target = wasm.add(get(out), get(c));
  return loop(c, limit, 16 * blocks, [
    all.map((i) => set(sums[i]!, v.load(target, 16 * i))),
    set(at, wasm.index(0)),
    loop(at, get(end), number, [
      set(row, wasm.add(wasm.load(get(at), 0), get(c))),
      set(weight, v.splat(f.load(get(at), weightsAt))),
      all.map((i) =>
        set(sums[i]!, v.add(get(sums[i]!), v.mul(v.load(get(row), 16 * i), get(weight)))),
      ),
    ]),
    all.map((i) => v.store(target, 16 * i, get(sums[i]!))),
  ]);
}

/** (end of entries, out, bytes of a row) adds weighted rows of the lists to the row at `out`. */
function sumRows(): Code {
  const [end, out, bytes, c, at, one] = [0, 1, 2, 3, 4, 11];
  const target = wasm.add(get(out), get(c));
  const row = wasm.add(wasm.load(get(at), 0), get(c));
  return [
    sumBlocks(c, wasm.and(get(bytes), ~63), 4),
    sumBlocks(c, wasm.and(get(bytes), ~15), 1),
    loop(c, get(bytes), number, [
      set(one, f.load(target, 0)),
      set(at, wasm.index(0)),
      loop(at, get(end), number, [
        set(one, f.add(get(one), f.mul(f.load(row, 0), f.load(get(at), weightsAt)))),
      ]),
      f.store(target, 0, get(one)),
    ]),
  ];
}

/** (to, from, bytes, kept, step): to = kept x to - step x from. */
function stepRow(): Code {
  const [to, from, bytes, kept, step, c, keep, pace] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [a, b] = [wasm.add(get(to), get(c)), wasm.add(get(from), get(c))];
  return [
    set(keep, v.splat(get(kept))),
    set(pace, v.splat(get(step))),
    loop(c, wasm.and(get(bytes), ~15), 16, [
      v.store(a, 0, v.sub(v.mul(v.load(a, 0), get(keep)), v.mul(v.load(b, 0), get(pace)))),
    ]),
    loop(c, get(bytes), number, [
      f.store(a, 0, f.sub(f.mul(f.load(a, 0), get(kept)), f.mul(f.load(b, 0), get(step)))),
    ]),
  ];
}

type Functions = Record<'sum' | 'step', (...parameters: number[]) => number>;

function compile(memory: Memory): Functions {
  const vectors = (count: number) => new Array<'v128'>(count).fill('v128');
  const sum: WasmFunction = {
    name: 'sum',
    parameters: ['i32', 'i32', 'i32'],
    locals: ['i32', 'i32', 'i32', ...vectors(5), 'f32'],
    body: sumRows(),
  };
  const step: WasmFunction = {
    name: 'step',
    parameters: ['i32', 'i32', 'i32', 'f32', 'f32'],
    locals: ['i32', ...vectors(2)],
    body: stepRow(),
  };
  return instantiate([sum, step], memory) as Functions;
}

/** A list of entries: which row of the table each names, and its weight. */
export interface Entries {
  readonly ids: Int32Array;
  readonly weights: Float32Array;
}

/** Uses of rows in chains: each names the one that follows, or -1, its row of the batch, and its entry. */
export interface Uses {
  readonly next: Int32Array;
  readonly source: Int32Array;
  readonly entry: Int32Array;
  readonly weights: Float32Array;
}

/** Rows [rows, width] of a table, and rows [B, width] of a batch beside them. */
export interface TableRows {
  /** [rows, width]; another view of the same numbers after the batch of any table has grown. */
  readonly data: Float32Array;
  /** [B, width] of the batch at hand. */
  readonly batch: Float32Array;
  /** [width] */
  readonly total: Float32Array;
  /** Makes room for a batch of `rows`. */
  open(rows: number): void;
  /** Adds the weighted rows of entries `from` to `to` to row `b` of the batch. */
  sum(entries: Entries, from: number, to: number, b: number): void;
  /** Sums the weighted rows of the batch of a chain of uses into the total. */
  sumToTotal(first: number, uses: Uses): void;
  /** row = kept x row - step x row b of the batch. */
  step(row: number, b: number, kept: number, step: number): void;
  /** row = kept x row - step x total. */
  stepTotal(row: number, kept: number, step: number): void;
}

export interface Shape {
  readonly rows: number;
  readonly width: number;
}

/** Tables in one memory: lists, a total, the tables, and at its end the batch at hand of any of them. */
interface Arena {
  readonly memory: Memory;
  readonly functions: Functions;
  readonly batchAt: number;
}

const upTo = (bytes: number): number => Math.ceil(bytes / 16) * 16;

function viewsOf({ memory, batchAt }: Arena, at: number, { rows, width }: Shape, room: number) {
  const view = (from: number, length: number) => new Float32Array(memory.buffer, from, length);
  return {
    offsets: new Int32Array(memory.buffer, 0, mostEntries),
    weights: view(weightsAt, mostEntries),
    total: view(listsEnd, width),
    data: view(at, rows * width),
    batch: view(batchAt, room * width),
  };
}

/** The table that begins at `at`. */
function rowsIn(arena: Arena, at: number, shape: Shape): TableRows {
  const { memory, functions, batchAt } = arena;
  const { width } = shape;
  const bytes = width * number;
  let room = 0;
  let views = viewsOf(arena, at, shape, room);
  const now = () => {
    if (views.data.buffer !== memory.buffer) views = viewsOf(arena, at, shape, room);
    return views;
  };
  const rowAt = (row: number): number => at + row * bytes;
  const placeAt = (b: number): number => batchAt + b * bytes;
  return {
    get data() {
      return now().data;
    },
    get batch() {
      return now().batch;
    },
    get total() {
      return now().total;
    },
    open(count) {
      if (count <= room) return;
      growTo(memory, batchAt + count * bytes);
      room = count;
      views = viewsOf(arena, at, shape, room);
    },
    sum({ ids, weights }, from, to, b) {
      const { offsets, weights: factors } = now();
      for (let start = from; start < to; start += mostEntries) {
        const count = Math.min(mostEntries, to - start);
        for (let i = 0; i < count; i++) {
          offsets[i] = rowAt(ids[start + i]!);
          factors[i] = weights[start + i]!;
        }
        functions.sum(count * number, placeAt(b), bytes);
      }
    },
    sumToTotal(first, { next, source, entry, weights }) {
      const { offsets, weights: factors, total } = now();
      for (let j = 0; j < width; j++) total[j] = 0;
      for (let use = first; use >= 0; ) {
        let count = 0;
        for (; use >= 0 && count < mostEntries; use = next[use]!, count++) {
          offsets[count] = placeAt(source[use]!);
          factors[count] = weights[entry[use]!]!;
        }
        functions.sum(count * number, listsEnd, bytes);
      }
    },
    step: (row, b, kept, pace) => void functions.step(rowAt(row), placeAt(b), bytes, kept, pace),
    stepTotal: (row, kept, pace) => void functions.step(rowAt(row), listsEnd, bytes, kept, pace),
  };
}

function openArena(shapes: readonly Shape[]): TableRows[] {
  let end = upTo(listsEnd + Math.max(...shapes.map(({ width }) => width)) * number);
  const starts = shapes.map(({ rows, width }) => {
    const start = end;
    end = upTo(start + rows * width * number);
    return start;
  });
  const memory = memoryOf(end);
  const arena = { memory, functions: compile(memory), batchAt: end };
  return shapes.map((shape, i) => rowsIn(arena, starts[i]!, shape));
}

/** Bytes of tables in one memory, of which there may be four times as many with a batch; a larger table is alone. */
const mostBytes = 2 ** 30;

/** Tables of zeros. They share memory: a process can have some thousands of them, whatever their size. */
export function createRows(shapes: readonly Shape[]): TableRows[] {
  const groups: Shape[][] = [];
  let taken = Number.POSITIVE_INFINITY;
  for (const shape of shapes) {
    const bytes = shape.rows * shape.width * number;
    if (taken + bytes > mostBytes) {
      groups.push([]);
      taken = 0;
    }
    groups.at(-1)!.push(shape);
    taken += bytes;
  }
  return groups.flatMap(openArena);
}
