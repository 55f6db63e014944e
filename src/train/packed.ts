/** Rows as they wait to train: numbers that are quick to encode as they are, the rest encoded. */
import type { BagColumn, Column, Columns, RawColumn, ValuesColumn } from '../core/column.js';
import { joinArrays } from '../core/join.js';
import type { Values } from '../data/column.js';
import type { Coder } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';
import type { FieldEntry } from '../mixture/bundle.js';
import { takeBag } from '../mixture/feeds.js';
import { fieldOf } from '../mixture/wiring.js';
import { takeValues } from '../predict/batch.js';
import { shareArray, shareColumns } from './shared-memory.js';

export interface Packed {
  readonly rows: number;
  /** By field, to be encoded batch by batch: eight bytes where steps of a number take two hundred. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** By port (`field:port`). */
  readonly columns: Columns;
}

/** Whether values of a field are kept as they are: one number each, and nothing to load. */
export function isQuick(kind: string, coder: Coder): boolean {
  return encoders.get(kind).storage === 'number' && coder.load === undefined;
}

/** The port's name within its field. */
const portOf = (port: string): string => port.slice(fieldOf(port).length + 1);

/** The wanted ports (`field:port`) of a field. */
export function encodeField(
  coder: Coder,
  field: string,
  values: Values,
  wanted: readonly string[],
): Columns {
  const own = wanted.filter((port) => fieldOf(port) === field).map(portOf);
  const encoded = own.length === 0 ? {} : coder.encode(values, own);
  return Object.fromEntries(
    Object.entries(encoded).map(([port, column]) => [`${field}:${port}`, column]),
  );
}

/** Opens the coders of the fields whose values are kept as they are. */
export function quickCoders(fields: readonly FieldEntry[]): Readonly<Record<string, Coder>> {
  const opened = fields.map(({ name, kind, state }) => ({
    ...{ name, kind },
    coder: encoders.get(kind).open(state),
  }));
  const quick = opened.filter(({ kind, coder }) => isQuick(kind, coder));
  return Object.fromEntries(quick.map(({ name, coder }) => [name, coder]));
}

function joinBags(bags: readonly BagColumn[]): BagColumn {
  const rows = bags.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
  const offsets = new Int32Array(rows + 1);
  let at = 1;
  let base = 0;
  for (const bag of bags) {
    for (let i = 1; i < bag.offsets.length; i++) offsets[at++] = base + bag.offsets[i]!;
    base += bag.ids.length;
  }
  const ids = joinArrays(
    Int32Array,
    bags.map((bag) => bag.ids),
  );
  const weights = joinArrays(
    Float32Array,
    bags.map((bag) => bag.weights),
  );
  return { form: 'bag', width: bags[0]!.width, ids, weights, offsets };
}

function joinRaw(columns: readonly RawColumn[]): RawColumn {
  const parts = columns.map(({ data }) => data);
  const data =
    parts[0] instanceof Float64Array
      ? joinArrays(Float64Array, parts as readonly Float64Array[])
      : parts.flatMap((part) => [...part] as (string | null)[]);
  return { form: 'raw', width: 1, data };
}

/** A column of some rows after others; at least one part. */
export function joinColumns(columns: readonly Column[]): Column {
  const [first] = columns;
  if (first!.form === 'raw') return joinRaw(columns as readonly RawColumn[]);
  if (first!.form === 'bag') return joinBags(columns as readonly BagColumn[]);
  const data = (columns as readonly ValuesColumn[]).map((column) => column.data);
  return { ...first!, data: joinArrays(Float32Array, data) };
}

/** Some rows after others; at least one part. */
export function joinPacked(parts: readonly Packed[]): Packed {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const values = Object.keys(first.values).map((field) => [
    field,
    joinArrays(
      Float64Array,
      parts.map((part) => part.values[field]!),
    ),
  ]);
  const columns = Object.keys(first.columns).map((port) => [
    port,
    joinColumns(parts.map((part) => part.columns[port]!)),
  ]);
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    values: Object.fromEntries(values),
    columns: Object.fromEntries(columns),
  };
}

function takeColumn(column: Column, rows: Int32Array): Column {
  if (column.form === 'bag') return takeBag(column, rows);
  if (column.form === 'raw')
    return { ...column, data: takeValues(column.data, rows) as RawColumn['data'] };
  const { width, data } = column;
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { ...column, data: out };
}

/** Copies of the given rows. */
export function takePacked({ values, columns }: Packed, rows: Int32Array): Packed {
  const taken = Object.entries(values).map(([field, column]) => [
    field,
    Float64Array.from(rows, (row) => column[row]!),
  ]);
  const ports = Object.entries(columns).map(([port, column]) => [port, takeColumn(column, rows)]);
  return {
    rows: rows.length,
    values: Object.fromEntries(taken),
    columns: Object.fromEntries(ports),
  };
}

/** A copy that threads read without one of their own. */
export function sharePacked({ rows, values, columns }: Packed): Packed {
  const shared = Object.entries(values).map(([field, column]) => [field, shareArray(column)]);
  return { rows, values: Object.fromEntries(shared), columns: shareColumns(columns) };
}

/** Bytes of a short text, about. */
const perText = 40;

function bytesOf(column: Column): number {
  if (column.form === 'values') return column.data.byteLength;
  if (column.form === 'raw') return column.data.length * perText;
  return column.ids.byteLength + column.weights.byteLength + column.offsets.byteLength;
}

/** Bytes of a row by field that is kept as it is, and by port. */
export function rowBytes({ rows, values, columns }: Packed): Readonly<Record<string, number>> {
  const count = Math.max(1, rows);
  return Object.fromEntries([
    ...Object.keys(values).map((field) => [field, 8]),
    ...Object.entries(columns).map(([port, column]) => [port, bytesOf(column) / count]),
  ]);
}
