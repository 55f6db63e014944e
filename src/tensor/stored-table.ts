/** Tables of a served model: stored as float32 or int8, read by ids and weights. */
import { mul } from './op/arithmetic.js';
import { reshape } from './op/broadcast.js';
import { cast } from './op/choose.js';
import { gather } from './op/lookup.js';
import { matmul } from './op/matmul.js';
import { quantiseRows } from './quantise.js';
import { constant, type Tensor } from './tensor.js';

export interface StoredTable {
  /** [rows, width], float32 or int8. */
  readonly rows: Tensor;
  /** [rows], only of a quantised table. */
  readonly scales?: Tensor;
}

/** Puts tables of one width under each other, as constants of the graph. */
export function storeTables(
  tables: readonly Float32Array[],
  width: number,
  quantise: boolean,
): StoredTable {
  const data = new Float32Array(tables.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const table of tables) {
    data.set(table, at);
    at += table.length;
  }
  const rows = data.length / width;
  if (!quantise) return { rows: constant(data, [rows, width]) };
  const { values, scales } = quantiseRows(data, rows, width);
  return { rows: constant(values, [rows, width]), scales: constant(scales, [rows]) };
}

/** Weighted sums [B, P, width] of the rows at ids [B, L], one for each row of weights [B, P, L]. */
export function lookUp(ids: Tensor, weights: Tensor, { rows, scales }: StoredTable): Tensor {
  const [batch, length] = ids.shape;
  const scaled =
    scales === undefined
      ? weights
      : mul(weights, reshape(gather(scales, ids), [batch!, 1, length!]));
  return matmul(scaled, cast(gather(rows, ids), 'float32'));
}
