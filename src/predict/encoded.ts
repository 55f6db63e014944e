/** Lazy encoding: each port of a batch once, when first wanted, and only for the rows that want it. */
import type { Column } from '../core/column.js';
import type { Values } from '../data/column.js';
import type { Coder } from '../encoder/encoder.js';
import { allRows, type Batch, takeValues } from './batch.js';

/** Where a port comes from: a field, its place among the fields, and the port's name there. */
export interface PortSource {
  readonly field: string;
  readonly index: number;
  readonly name: string;
  readonly coder: Coder;
}

/** The parts of a model that encoding needs. */
export interface EncodingModel {
  readonly manifest: { readonly fields: readonly unknown[] };
  readonly sources: ReadonlyMap<string, PortSource>;
  readonly watch: { readonly encoded?: (port: string, rows: number) => void };
}

/** Ports of one batch, encoded when first wanted and only for the rows that want them. */
export interface Encoded {
  /** Encodes the port for these rows, which rise, where that has not been done. */
  want(port: string, rows: Int32Array): void;
  /** Adds a port that is no field's, given for every row. */
  add(port: string, column: Column): void;
  readonly columns: Record<string, Column>;
  /** Position of a batch row in the port's column, -1 where the field is absent or hidden. */
  position(port: string, row: number): number;
  /** The same for several rows. */
  positions(port: string, rows: Int32Array): Int32Array;
}

/** Places of the only row of a batch: given, and absent. */
const first = Int32Array.of(0);
const nowhere = Int32Array.of(-1);

function single(present: number, rows: Int32Array): Int32Array {
  return present === 1 && rows.length === 1 ? first : nowhere;
}

function count(place: Int32Array): number {
  let given = 0;
  for (const at of place) if (at >= 0) given++;
  return given;
}

/** The values of those rows that have a place. */
function takenAt(all: Values, rows: Int32Array, place: Int32Array): Values {
  return takeValues(
    all,
    rows.filter((row) => place[row]! >= 0),
  );
}

/** Columns of no rows, made once: most fields of a mixed record are absent. */
const empties = new WeakMap<PortSource, Column>();
const nobody = new Int32Array(0);

function emptyOf(source: PortSource, all: Values): Column {
  const known = empties.get(source);
  if (known !== undefined) return known;
  const { coder, name } = source;
  const made = coder.encode(takeValues(all, nobody), [name])[name]!;
  empties.set(source, made);
  return made;
}

/** Lazy encoding of a batch; `presence` [B, F] hides fields. */
export function encodeLazily(model: EncodingModel, batch: Batch, presence: Uint8Array): Encoded {
  const width = model.manifest.fields.length;
  const columns: Record<string, Column> = {};
  const places = new Map<string, Int32Array>();
  /** Ports that hold every row of the batch, each at its own place. */
  const complete = new Set<string>();
  const placesOf = (index: number, rows: Int32Array): Int32Array => {
    const place = new Int32Array(batch.rows).fill(-1);
    let given = 0;
    for (const row of rows) if (presence[row * width + index] === 1) place[row] = given++;
    return place;
  };
  return {
    columns,
    position: (port, row) => places.get(port)![row]!,
    positions(port, rows) {
      const place = places.get(port)!;
      if (batch.rows === 1) return place;
      return complete.has(port) ? rows : rows.map((row) => place[row]!);
    },
    add(port, column) {
      columns[port] = column;
      complete.add(port);
      places.set(port, allRows(batch));
    },
    want(port, rows) {
      if (columns[port] !== undefined) return;
      const source = model.sources.get(port)!;
      const { field, index, name, coder } = source;
      const all = batch.values[field]!;
      const place = batch.rows === 1 ? single(presence[index]!, rows) : placesOf(index, rows);
      const given = count(place);
      if (given === batch.rows) complete.add(port);
      columns[port] =
        given === 0
          ? emptyOf(source, all)
          : coder.encode(given === batch.rows ? all : takenAt(all, rows, place), [name])[name]!;
      places.set(port, place);
      model.watch.encoded?.(port, given);
    },
  };
}
