/** Batches: the values of some records by field, checked and brought to what the fields read. */
import { type Fault, MonbanError, show } from '../core/fault.js';
import { nearest } from '../core/nearest.js';
import type { Chunk, Values } from '../data/column.js';
import { conform } from '../encoder/conform.js';
import type { Encoder } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';

export interface Batch {
  readonly rows: number;
  /** By field, in the storage that its kind reads. */
  readonly values: Readonly<Record<string, Values>>;
}

export interface BatchField {
  readonly name: string;
  readonly column: string;
  readonly kind: string;
}

/** One record as JSON: values by field (or column) name; absent, null and "" count as missing. */
export type JsonRecord = Readonly<Record<string, unknown>>;

type Cell = number | string | readonly string[] | null;

function cell(value: unknown, kind: Encoder, where: string, faults: Fault[]): Cell {
  if (value === null || value === undefined) return null;
  if (kind.storage === 'list' && Array.isArray(value)) {
    if (value.every((item) => ['string', 'number'].includes(typeof item))) return value.map(String);
  } else if (typeof value === 'boolean') {
    return kind.storage === 'number' ? Number(value) : String(Number(value));
  } else if (typeof value === 'number' && kind.storage !== 'list') {
    return value;
  } else if (typeof value === 'string') {
    if (kind.storage !== 'number' || value.trim() === '' || !Number.isNaN(Number(value)))
      return value;
  }
  const expected = { number: 'a number', text: 'a text', list: 'a list of texts' }[kind.storage];
  faults.push({ where, expected, found: show(value), todo: 'mend the value, or leave it out' });
  return null;
}

function unknownNames(
  record: JsonRecord,
  known: ReadonlySet<string>,
  ignored: ReadonlySet<string>,
  where: string,
): Fault[] {
  return Object.keys(record).flatMap((name) => {
    if (known.has(name) || ignored.has(name)) return [];
    const close = nearest(name, known);
    if (close === undefined) return [];
    return [
      {
        where: `${where}.${name}`,
        expected: 'a field of the model',
        found: show(name),
        todo: `did you mean "${close}"? Other names are passed over`,
      },
    ];
  });
}

/**
 * Records as JSON to a batch. A name that is nearly a field's is a fault, so that a mistyped field
 * is never silently missing; other extra names are passed over. Throws MonbanError with all faults.
 */
export function recordBatch(
  records: readonly JsonRecord[],
  fields: readonly BatchField[],
  ignored: readonly string[] = [],
): Batch {
  const faults: Fault[] = [];
  const known = new Set(fields.flatMap(({ name, column }) => [name, column]));
  const extra = new Set(ignored);
  records.forEach((record, i) => {
    const where = records.length === 1 ? 'record' : `record ${i + 1}`;
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      faults.push({ where, expected: 'a JSON object', found: show(record) });
    } else faults.push(...unknownNames(record, known, extra, where));
  });
  if (faults.length > 0) throw new MonbanError(faults);
  const values = fields.map(({ name, column, kind }): [string, Values] => {
    const encoder = encoders.get(kind);
    const cells = records.map((record, i) =>
      cell(
        record[name] ?? record[column],
        encoder,
        `${records.length === 1 ? 'record' : `record ${i + 1}`}.${name}`,
        faults,
      ),
    );
    return [name, faults.length > 0 ? [] : conform(cells as Values, encoder.storage, name)];
  });
  if (faults.length > 0) throw new MonbanError(faults);
  return { rows: records.length, values: Object.fromEntries(values) };
}

/** Columns read from data to a batch. */
export function chunkBatch(chunk: Chunk, fields: readonly BatchField[]): Batch {
  const values = fields.map(({ name, column, kind }): [string, Values] => [
    name,
    conform(chunk.columns[column]!, encoders.get(kind).storage, column),
  ]);
  return { rows: chunk.rows, values: Object.fromEntries(values) };
}

/** Rows `from` to `to` of a batch, sharing its memory where it can. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  const values = Object.entries(batch.values).map(([name, column]): [string, Values] => [
    name,
    column instanceof Float64Array ? column.subarray(from, to) : (column.slice(from, to) as Values),
  ]);
  return { rows: to - from, values: Object.fromEntries(values) };
}

/** The given rows of a column. */
export function takeValues(column: Values, rows: Int32Array): Values {
  if (column instanceof Float64Array) return Float64Array.from(rows, (row) => column[row]!);
  return Array.from(rows, (row) => column[row]!) as Values;
}
