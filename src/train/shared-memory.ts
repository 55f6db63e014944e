/** Moves columns into shared memory, so that worker threads read them without a copy. */
import type { Column, Columns } from '../core/column.js';

type Arrays = Float32Array | Int32Array | Uint8Array | Int8Array | Float64Array;

/** A copy of the array in shared memory. */
export function shareArray<A extends Arrays>(array: A): A {
  const make = array.constructor as new (buffer: SharedArrayBuffer) => A;
  const shared = new make(new SharedArrayBuffer(array.byteLength));
  shared.set(array as never);
  return shared;
}

function shareColumn(column: Column): Column {
  if (column.form === 'values') return { ...column, data: shareArray(column.data) };
  if (column.form === 'raw') {
    const { data } = column;
    return data instanceof Float64Array ? { ...column, data: shareArray(data) } : column;
  }
  const { ids, weights, offsets } = column;
  return {
    ...column,
    ids: shareArray(ids),
    weights: shareArray(weights),
    offsets: shareArray(offsets),
  };
}

export function shareColumns(columns: Columns): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([port, column]) => [port, shareColumn(column)]),
  );
}
