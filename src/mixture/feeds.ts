/** Lays columns out as the feeds of a graph; a hidden field is zeros or an empty bag. */
import type { BagColumn, Column, Columns, ValuesColumn } from '../core/column.js';
import type { DenseFeed } from '../expert/expert.js';
import { presencePort, sharedPort } from '../gate/gate.js';
import { feedNames } from '../tensor/served-ports.js';

export interface Feed {
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** Rows of the columns that make a batch: `rows[port]` holds row indices, -1 for a hidden value. */
export interface Selected {
  readonly columns: Columns;
  readonly rows: (port: string) => Int32Array;
}

/** Runs up to this length are copied one by one: a view of each would cost more than the copy. */
const shortRun = 128;

/** Copies the numbers from `from` to `to` into `out` at `at`. */
function copyRun<A extends Float32Array | Int32Array>(
  data: A,
  from: number,
  to: number,
  out: A,
  at: number,
): void {
  if (to - from > shortRun) out.set(data.subarray(from, to), at);
  else for (let i = from, o = at; i < to; i++, o++) out[o] = data[i]!;
}

function valuesFeed({ data, width, shape }: ValuesColumn, rows: Int32Array): DenseFeed {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row >= 0) copyRun(data, row * width, (row + 1) * width, out, i * width);
  }
  return { data: out, dims: [rows.length, ...(shape ?? [width])] };
}

type Picked<C extends Column> = { readonly column: C; readonly rows: Int32Array };

type Feeds = Record<string, Feed>;
/** Whether a graph reads the input of this name. */
type Reads = (name: string) => boolean;

/** Rows of the picked ports laid out from `offset(p)` on, `stride` numbers apart. */
function layOut(
  ports: readonly Picked<ValuesColumn>[],
  data: Float32Array,
  stride: number,
  offset: (p: number) => number,
): Float32Array {
  for (let p = 0; p < ports.length; p++) {
    const { column, rows } = ports[p]!;
    const { data: from, width } = column;
    for (let i = 0, out = offset(p); i < rows.length; i++, out += stride) {
      const row = rows[i]!;
      if (row < 0) continue;
      for (let j = 0; j < width; j++) data[out + j] = from[row * width + j]!;
    }
  }
  return data;
}

/** Dense ports side by side, or one after the other and padded to the widest. */
function denseFeeds(ports: readonly Picked<ValuesColumn>[], batch: number, reads: Reads): Feeds {
  const feeds: Feeds = {};
  if (reads(feedNames.values)) {
    const starts = [0];
    for (const { column } of ports) starts.push(starts.at(-1)! + column.width);
    const wide = starts.at(-1)!;
    const data = layOut(ports, new Float32Array(batch * wide), wide, (p) => starts[p]!);
    feeds[feedNames.values] = { data, dims: [batch, wide] };
  }
  if (reads(feedNames.blocks)) {
    const widest = ports.reduce((most, { column }) => Math.max(most, column.width), 1);
    const zeros = new Float32Array(ports.length * batch * widest);
    const data = layOut(ports, zeros, widest, (p) => p * batch * widest);
    feeds[feedNames.blocks] = { data, dims: [ports.length, batch, widest] };
  }
  return feeds;
}

/** Ids of all bags in the longest row, at least one. */
function longest(bags: readonly Picked<BagColumn>[], batch: number): number {
  let most = 1;
  for (let i = 0; i < batch; i++) {
    let length = 0;
    for (const { column, rows } of bags) {
      const row = rows[i]!;
      if (row >= 0) length += column.offsets[row + 1]! - column.offsets[row]!;
    }
    if (length > most) most = length;
  }
  return most;
}

/** All bags of a row one after the other, padded to the longest row with id 0 and weight 0. */
function bagFeeds(bags: readonly Picked<BagColumn>[], batch: number, reads: Reads): Feeds {
  const length = longest(bags, batch);
  const count = bags.length;
  const ids = new Int32Array(batch * length);
  const weights = new Float32Array(batch * length);
  const wide = reads(feedNames.spread);
  const spread = new Float32Array(wide ? batch * count * length : 0);
  for (let i = 0; i < batch; i++) {
    let at = i * length;
    let base = 0;
    for (let p = 0; p < count; p++) {
      const { column, rows } = bags[p]!;
      const row = rows[i]!;
      const ahead = (i * count + p - i) * length;
      const to = row < 0 ? 0 : column.offsets[row + 1]!;
      for (let from = row < 0 ? 0 : column.offsets[row]!; from < to; from++, at++) {
        const weight = column.weights[from]!;
        ids[at] = column.ids[from]! + base;
        weights[at] = weight;
        if (wide) spread[at + ahead] = weight;
      }
      base += column.width;
    }
  }
  return {
    [feedNames.ids]: { data: ids, dims: [batch, length] },
    [feedNames.weights]: { data: weights, dims: [batch, 1, length] },
    ...(wide ? { [feedNames.spread]: { data: spread, dims: [batch, count, length] } } : {}),
  };
}

/**
 * Feeds of a serving graph over the named ports, in the order in which it was made; see
 * `feedNames`; a port of its own is fed by its name. Joint inputs that the graph does not read are
 * left out where `reads` tells.
 */
export function servingFeeds(
  ports: readonly string[],
  selected: Selected,
  reads: Reads = () => true,
): Feeds {
  const dense: Picked<ValuesColumn>[] = [];
  const bags: Picked<BagColumn>[] = [];
  const feeds: Feeds = {};
  let batch = 0;
  for (const port of ports) {
    const column = selected.columns[port]!;
    const rows = selected.rows(port);
    batch = rows.length;
    if (column.form === 'raw') throw new Error(`${port}: no graph of Monban reads raw values`);
    if (column.form === 'bag') bags.push({ column, rows });
    else if (column.own === true) feeds[port] = valuesFeed(column, rows);
    else dense.push({ column, rows });
  }
  if (dense.length > 0) Object.assign(feeds, denseFeeds(dense, batch, reads));
  return bags.length > 0 ? Object.assign(feeds, bagFeeds(bags, batch, reads)) : feeds;
}

/** The same rows as columns of their own: dense feeds, and bags of just these rows. */
export function trainingBatch(
  ports: readonly string[],
  selected: Selected,
): { feeds: Record<string, DenseFeed>; bags: Record<string, BagColumn> } {
  const feeds: Record<string, DenseFeed> = {};
  const bags: Record<string, BagColumn> = {};
  for (const port of ports) {
    const column = selected.columns[port]!;
    const rows = selected.rows(port);
    if (column.form === 'values') feeds[port] = valuesFeed(column, rows);
    else if (column.form === 'bag') bags[port] = takeBag(column, rows);
  }
  return { feeds, bags };
}

/** The rows of a bag, in the order asked; -1 gives an empty row. */
export function takeBag(bag: BagColumn, rows: Int32Array): BagColumn {
  const offsets = new Int32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const count = row < 0 ? 0 : bag.offsets[row + 1]! - bag.offsets[row]!;
    offsets[i + 1] = offsets[i]! + count;
  }
  const ids = new Int32Array(offsets[rows.length]!);
  const weights = new Float32Array(offsets[rows.length]!);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row < 0) continue;
    const [from, to] = [bag.offsets[row]!, bag.offsets[row + 1]!];
    copyRun(bag.ids, from, to, ids, offsets[i]!);
    copyRun(bag.weights, from, to, weights, offsets[i]!);
  }
  return { form: 'bag', width: bag.width, ids, weights, offsets };
}

/** What a gate's serving graph is fed besides `open`, in order: ports, presence, the shared expert. */
export function gateInputs({
  ports,
  shared,
}: {
  readonly ports: readonly string[];
  readonly shared: number;
}): string[] {
  return [...ports, presencePort, ...(shared < 0 ? [] : [sharedPort])];
}
