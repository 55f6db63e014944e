/** Batches: the values of some records by field, checked and brought to what the fields read. */
import { type Fault, MonbanError, show } from '../core/fault.js';
import { slipOf } from '../core/nearest.js';
import type { Chunk, Values } from '../data/column.js';
import { isMissingMark } from '../data/missing.js';
import { conform } from '../encoder/conform.js';
import type { Encoder, Storage } from '../encoder/encoder.js';
import { encoders } from '../encoder/encoders.js';

export interface Batch {
  readonly rows: number;
  /** What number the first record has in the data, for what is said of faults; 1 without it. */
  readonly first?: number;
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

const expected = {
  number: 'a number',
  text: 'a text',
  list: 'a list of texts or numbers',
  any: 'a text or a list',
} as const;

/** An item of a list as text; what holds several numbers stays JSON, and no number is NaN as in data. */
function item(value: unknown): string | undefined {
  if (value === null) return 'NaN';
  if (typeof value === 'boolean') return String(Number(value));
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value !== 'object') return undefined;
  const flat = Object.values(value as object).every(
    (one) => one === null || typeof one !== 'object',
  );
  return flat
    ? JSON.stringify(value, (_, one) => (one === true || one === false ? +one : one))
    : undefined;
}

/** Whether nested lists form a grid: no row is shorter than another, and none stands beside a number. */
function isEven(list: readonly unknown[]): boolean {
  const rows = list.filter((one) => Array.isArray(one));
  if (rows.length === 0) return true;
  const wide = rows[0]!.length;
  return rows.length === list.length && rows.every((row) => row.length === wide && isEven(row));
}

/** A JSON value as a cell; undefined where it does not fit the storage. */
function cell(value: unknown, storage: Storage): Cell | undefined {
  if (value === null || value === undefined) return null;
  if (storage === 'any' && Array.isArray(value)) {
    // Rows of pixels may be nested.
    const items: unknown[] = value.flat(3);
    const fits =
      isEven(value) && items.every((one) => typeof one === 'string' || typeof one === 'number');
    return fits ? items.map(String) : undefined;
  }
  if (storage === 'list' && Array.isArray(value)) {
    const numeric = value.some((one) => one !== null && typeof one !== 'string');
    const items = value.filter((one) => one !== null || numeric).map(item);
    return items.every((one) => one !== undefined) ? items : undefined;
  }
  if (storage === 'any') return typeof value === 'string' ? value : undefined;
  if (typeof value === 'boolean') return storage === 'number' ? Number(value) : String(value);
  if (typeof value === 'number') {
    if (storage === 'text') return String(value);
    return storage === 'list' ? undefined : value;
  }
  if (typeof value !== 'string') return undefined;
  return storage !== 'number' || isMissingMark(value) || !Number.isNaN(Number(value))
    ? value
    : undefined;
}

function unknownNames(
  record: JsonRecord,
  known: ReadonlySet<string>,
  fields: readonly BatchField[],
): [name: string, meant: string][] {
  const strange = Object.keys(record).filter((name) => !known.has(name));
  if (strange.length === 0) return [];
  const given = (name: string) => record[name] !== undefined;
  const open = fields.filter(({ name, column }) => !given(name) && !given(column));
  const free = open.flatMap(({ name, column }) => [name, column]);
  return strange.flatMap((name): [string, string][] => {
    const meant = slipOf(name, free);
    return meant === undefined ? [] : [[name, meant]];
  });
}

/**
 * Makes batches of JSON records. A name that is a slip of a field that is not given is a fault, so
 * that a mistyped field is never silently missing; other extra names are passed over. The function
 * throws MonbanError with all faults, which count records from `first` on.
 */
export function recordReader(
  fields: readonly BatchField[],
  ignored: readonly string[] = [],
): (records: readonly JsonRecord[], first?: number) => Batch {
  const known = new Set([...fields.flatMap(({ name, column }) => [name, column]), ...ignored]);
  const storages = fields.map(({ kind }) => encoders.get(kind).storage);
  return (records, first) => {
    const faults: Fault[] = [];
    const alone = first === undefined && records.length === 1;
    const place = (i: number) => (alone ? 'record' : `record ${i + (first ?? 1)}`);
    records.forEach((record, i) => {
      if (typeof record !== 'object' || record === null || Array.isArray(record)) {
        faults.push({ where: place(i), expected: 'a JSON object', found: show(record) });
        return;
      }
      for (const [name, meant] of unknownNames(record, known, fields)) {
        faults.push({
          where: `${place(i)}.${name}`,
          expected: 'a field of the model',
          found: show(name),
          todo: `did you mean "${meant}"? Other names are passed over`,
        });
      }
    });
    if (faults.length > 0) throw new MonbanError(faults);
    const values: Record<string, Values> = {};
    fields.forEach(({ name, column }, f) => {
      const storage = storages[f]!;
      const cells = records.map((record, i) => {
        const value = record[name] ?? record[column];
        const fit = cell(value, storage);
        if (fit !== undefined) return fit;
        faults.push({
          where: `${place(i)}.${name}`,
          expected: expected[storage],
          found: show(value),
          todo: 'mend the value, or leave it out',
        });
        return null;
      });
      if (faults.length === 0) values[name] = conform(cells as Values, storage, name);
    });
    if (faults.length > 0) throw new MonbanError(faults);
    return { rows: records.length, values, ...(first === undefined ? {} : { first }) };
  };
}

function missing(rows: number, { storage }: Encoder): Values {
  return storage === 'number'
    ? new Float64Array(rows).fill(Number.NaN)
    : new Array(rows).fill(null);
}

/** The columns whose BOOLEANs fields and answers know as the texts true and false. */
export function textColumns(fields: readonly BatchField[], target?: string): string[] {
  const own = fields.filter(({ kind }) => encoders.get(kind).storage !== 'number');
  return [...own.map(({ column }) => column), ...(target === undefined ? [] : [target])];
}

/**
 * Columns read from data to a batch; a column that was not read is missing in every row. Faults name
 * records as they are counted in the data, where the chunk begins with record `first`.
 */
export function chunkBatch(chunk: Chunk, fields: readonly BatchField[], first = 1): Batch {
  const values = fields.map(({ name, column, kind }): [string, Values] => {
    const encoder = encoders.get(kind);
    const read = chunk.columns[column] ?? missing(chunk.rows, encoder);
    return [name, conform(read, encoder.storage, column, first)];
  });
  return { rows: chunk.rows, first, values: Object.fromEntries(values) };
}

/** Rows `from` to `to` of a batch, sharing its memory where it can. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  const values = Object.entries(batch.values).map(([name, column]): [string, Values] => [
    name,
    column instanceof Float64Array ? column.subarray(from, to) : (column.slice(from, to) as Values),
  ]);
  return { rows: to - from, first: (batch.first ?? 1) + from, values: Object.fromEntries(values) };
}

/** The rows of a batch: 0, 1, and so on. */
export function allRows({ rows }: Batch): Int32Array {
  const all = new Int32Array(rows);
  for (let row = 0; row < rows; row++) all[row] = row;
  return all;
}

/** The given rows of a column. */
export function takeValues(column: Values, rows: Int32Array): Values {
  if (column instanceof Float64Array) return Float64Array.from(rows, (row) => column[row]!);
  return Array.from(rows, (row) => column[row]!) as Values;
}
