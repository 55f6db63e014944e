/** Lazy encoding: each port of a batch once, when first wanted, and only for the rows that want it. */
import type { Column } from '../core/column.js';
import type { Coder } from '../encoder/encoder.js';
import { fieldOf } from '../mixture/wiring.js';
import { type Batch, takeValues } from './batch.js';

/** The parts of a model that encoding needs. */
export interface EncodingModel {
  readonly manifest: { readonly fields: readonly unknown[] };
  readonly coders: Readonly<Record<string, Coder>>;
  readonly fieldIndex: ReadonlyMap<string, number>;
  readonly watch: { readonly encoded?: (port: string, rows: number) => void };
}

/** Ports of one batch, encoded when first wanted and only for the rows that want them. */
export interface Encoded {
  /** Encodes the port for these rows where that has not been done. */
  want(port: string, rows: Int32Array): void;
  readonly columns: Record<string, Column>;
  /** Position of a batch row in the port's column, -1 where the field is absent or hidden. */
  position(port: string, row: number): number;
}

/** Lazy encoding of a batch; `presence` [B, F] hides fields. */
export function encodeLazily(model: EncodingModel, batch: Batch, presence: Uint8Array): Encoded {
  const width = model.manifest.fields.length;
  const columns: Record<string, Column> = {};
  const places: Record<string, Int32Array> = {};
  return {
    columns,
    position: (port, row) => places[port]![row]!,
    want(port, rows) {
      if (columns[port] !== undefined) return;
      const field = fieldOf(port);
      const f = model.fieldIndex.get(field)!;
      const given = rows.filter((row) => presence[row * width + f] === 1);
      const place = new Int32Array(batch.rows).fill(-1);
      given.forEach((row, i) => {
        place[row] = i;
      });
      const name = port.slice(field.length + 1);
      const values =
        given.length === batch.rows
          ? batch.values[field]!
          : takeValues(batch.values[field]!, given);
      columns[port] = model.coders[field]!.encode(values, [name])[name]!;
      places[port] = place;
      model.watch.encoded?.(port, given.length);
    },
  };
}
