/** The part of the tables that some rows use: what a model says of few rows needs no more of it. */
import type { BagColumn, Column, Columns, Port } from '../core/column.js';
import type { FieldPorts } from '../expert/expert.js';

/** Ports and columns whose ids count only what is used. */
export interface Compact {
  readonly fields: FieldPorts;
  /** Bags of the used rows; the others hold ids without meaning. */
  readonly columns: Columns;
  /** The ids that are used, in rising order, by bag port: row i of a small table is row kept[i]. */
  readonly kept: Readonly<Record<string, Int32Array>>;
}

/** The ids in some rows of a bag in rising order; one at least, since a table needs a row. */
function usedIds({ width, ids, offsets }: BagColumn, rows: Int32Array): Int32Array {
  const used = new Uint8Array(width);
  for (const row of rows) for (let i = offsets[row]!; i < offsets[row + 1]!; i++) used[ids[i]!] = 1;
  let count = 0;
  for (let id = 0; id < width; id++) count += used[id]!;
  const kept = new Int32Array(Math.max(1, count));
  for (let id = 0, at = 0; id < width; id++) if (used[id] === 1) kept[at++] = id;
  return kept;
}

function renumbered(bag: BagColumn, rows: Int32Array, kept: Int32Array): BagColumn {
  const place = new Int32Array(bag.width);
  kept.forEach((id, at) => {
    place[id] = at;
  });
  const ids = new Int32Array(bag.ids.length);
  for (const row of rows)
    for (let i = bag.offsets[row]!; i < bag.offsets[row + 1]!; i++) ids[i] = place[bag.ids[i]!]!;
  return { ...bag, width: kept.length, ids };
}

/** Brings the bags among `columns` down to what the given rows use. */
export function compact(fields: FieldPorts, columns: Columns, rows: Int32Array): Compact {
  const kept: Record<string, Int32Array> = {};
  const small: Record<string, Column> = {};
  const widths = new Map<string, number>();
  for (const [port, column] of Object.entries(columns)) {
    small[port] = column;
    if (column.form !== 'bag') continue;
    const used = usedIds(column, rows);
    kept[port] = used;
    small[port] = renumbered(column, rows, used);
    widths.set(port, used.length);
  }
  const narrowed = (field: string, ports: Readonly<Record<string, Port>>) =>
    Object.entries(ports).map(([name, port]) => {
      const width = widths.get(`${field}:${name}`);
      return [name, width === undefined ? port : { ...port, width }];
    });
  const entries = Object.entries(fields).map(([field, ports]) => [
    field,
    Object.fromEntries(narrowed(field, ports)),
  ]);
  return { fields: Object.fromEntries(entries), columns: small, kept };
}
