/** Cuts rows into slices whose padded bags fit in memory, rows of like length together. */
import type { Encoded } from './encoded.js';

/** Padded cells (rows x most ids of all bags) of one slice at the most, unless it is a single row. */
const mostCells = 1 << 17;
const mostRows = 512;

export interface Slice {
  readonly rows: Int32Array;
  /** Where each row stands in the list that was cut. */
  readonly places: Int32Array;
}

function bagLength(ports: readonly string[], encoded: Encoded, row: number): number {
  let length = 0;
  for (const port of ports) {
    const column = encoded.columns[port]!;
    const at = encoded.position(port, row);
    if (column.form === 'bag' && at >= 0) length += column.offsets[at + 1]! - column.offsets[at]!;
  }
  return Math.max(1, length);
}

/** Slices of rows that all take the same memory, in their order. */
function evenSlices(rows: Int32Array): Slice[] {
  const places = Int32Array.from(rows.keys());
  return Array.from({ length: Math.ceil(rows.length / mostRows) }, (_, i) => {
    const [from, to] = [i * mostRows, (i + 1) * mostRows];
    return { rows: rows.subarray(from, to), places: places.subarray(from, to) };
  });
}

/** Slices of `rows`, each safe to pad. */
export function memorySlices(
  rows: Int32Array,
  ports: readonly string[],
  encoded: Encoded,
): Slice[] {
  if (!ports.some((port) => encoded.columns[port]!.form === 'bag')) return evenSlices(rows);
  const lengths = Int32Array.from(rows, (row) => bagLength(ports, encoded, row));
  const order = Int32Array.from(rows.keys()).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const slices: Slice[] = [];
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (
      to < order.length &&
      to - from < mostRows &&
      (to - from + 1) * lengths[order[to]!]! <= mostCells
    )
      to++;
    const places = order.slice(from, to);
    slices.push({ rows: places.map((place) => rows[place]!), places });
    from = to;
  }
  return slices;
}
