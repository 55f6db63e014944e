/** Lays columns out as the feeds of a serving graph; a hidden field is zeros or an empty bag. */
import type { BagColumn, Column, Columns } from '../core/column.js';

export interface Feed {
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** Rows of the columns that make a batch: `rows[port]` holds row indices, -1 for a hidden value. */
export interface Selected {
  readonly columns: Columns;
  readonly rows: (port: string) => Int32Array;
}

function valuesFeed(data: Float32Array, width: number, rows: Int32Array): Feed {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row >= 0) out.set(data.subarray(row * width, (row + 1) * width), i * width);
  }
  return { data: out, dims: [rows.length, width] };
}

function longest(bag: BagColumn, rows: Int32Array): number {
  let most = 1;
  for (const row of rows) {
    if (row >= 0) most = Math.max(most, bag.offsets[row + 1]! - bag.offsets[row]!);
  }
  return most;
}

/** A bag padded to its longest row with id 0 and weight 0: [B, L] twice. */
function bagFeeds(port: string, bag: BagColumn, rows: Int32Array): Record<string, Feed> {
  const length = longest(bag, rows);
  const ids = new Int32Array(rows.length * length);
  const weights = new Float32Array(rows.length * length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row < 0) continue;
    const from = bag.offsets[row]!;
    const to = bag.offsets[row + 1]!;
    for (let at = from, out = i * length; at < to; at++, out++) {
      ids[out] = bag.ids[at]!;
      weights[out] = bag.weights[at]!;
    }
  }
  const dims = [rows.length, length];
  return { [`${port}:ids`]: { data: ids, dims }, [`${port}:weights`]: { data: weights, dims } };
}

/** Feeds of a serving graph for the named ports. */
export function servingFeeds(ports: readonly string[], selected: Selected): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const port of ports) {
    const column: Column = selected.columns[port]!;
    const rows = selected.rows(port);
    if (column.form === 'values') feeds[port] = valuesFeed(column.data, column.width, rows);
    else Object.assign(feeds, bagFeeds(port, column, rows));
  }
  return feeds;
}

/** The same rows as columns of their own: dense feeds, and bags of just these rows. */
export function trainingBatch(
  ports: readonly string[],
  selected: Selected,
): { feeds: Record<string, Feed>; bags: Record<string, BagColumn> } {
  const feeds: Record<string, Feed> = {};
  const bags: Record<string, BagColumn> = {};
  for (const port of ports) {
    const column = selected.columns[port]!;
    const rows = selected.rows(port);
    if (column.form === 'values') feeds[port] = valuesFeed(column.data, column.width, rows);
    else bags[port] = takeBag(column, rows);
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
    ids.set(bag.ids.subarray(bag.offsets[row]!, bag.offsets[row + 1]!), offsets[i]!);
    weights.set(bag.weights.subarray(bag.offsets[row]!, bag.offsets[row + 1]!), offsets[i]!);
  }
  return { form: 'bag', width: bag.width, ids, weights, offsets };
}
