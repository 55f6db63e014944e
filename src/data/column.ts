/** How DuckDB's types are read: as numbers, as texts or as lists of texts. */
import { quoteName } from './sql.js';

/** How values of a column lie in memory. */
export type Storage = 'number' | 'text' | 'list';

export interface ColumnInfo {
  readonly name: string;
  /** DuckDB's name of the type, such as `DECIMAL(10,2)` or `VARCHAR[]`. */
  readonly type: string;
  readonly storage: Storage;
}

/** number: NaN is missing. text: null is missing. list: null is missing, [] is empty. Bytes are what a kind has loaded. */
export type Values =
  | Float64Array
  | readonly (string | null)[]
  | readonly (readonly string[] | null)[]
  | readonly (Uint8Array | null)[];

/** Rows of some columns, by column name. */
export interface Chunk {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Values>>;
}

const numbers =
  /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\)|BOOLEAN|BIGNUM)$/;
/** Element types whose every value is a double, so that a list of them is read as numbers. */
const exact = /^(U?(TINYINT|SMALLINT|INTEGER)|FLOAT|DOUBLE|BOOLEAN)$/;
const times = /^(DATE|TIME|TIMESTAMP)/;
const lists = /^(.*)\[\d*\]$/s;

/** The storage of a DuckDB type. */
export function storageOf(type: string): Storage {
  if (lists.test(type)) return 'list';
  return numbers.test(type) ? 'number' : 'text';
}

/** Whether list elements of this type are read as doubles and then written as texts. */
export function holdsDoubles(type: string): boolean {
  return exact.test(lists.exec(type)?.[1] ?? '');
}

function textExpression(name: string, type: string): string {
  if (type === 'JSON') return `(${name} ->> '$')`;
  if (type === 'BLOB') return `to_base64(${name})`;
  if (/^(STRUCT|MAP|UNION)/.test(type)) return `to_json(${name})::VARCHAR`;
  if (!times.test(type)) return `${name}::VARCHAR`;
  return `replace(replace(${name}::VARCHAR, ' ', 'T'), '+00', 'Z')`;
}

function listExpression(name: string, type: string): string {
  if (holdsDoubles(type)) return `list_transform(${name}, e -> coalesce(e::DOUBLE, 'NaN'::DOUBLE))`;
  const element = lists.exec(type)?.[1] ?? 'VARCHAR';
  if (numbers.test(element)) return `list_transform(${name}, e -> coalesce(e::VARCHAR, 'NaN'))`;
  return `list_transform(list_filter(${name}, e -> e IS NOT NULL), e -> ${textExpression('e', element)})`;
}

/** The SQL that reads a column as DOUBLE, VARCHAR, VARCHAR[] or DOUBLE[]. */
export function readExpression(column: ColumnInfo): string {
  const name = quoteName(column.name);
  if (column.storage === 'list') return listExpression(name, column.type);
  if (column.storage === 'text') return textExpression(name, column.type);
  return `coalesce(${name}::DOUBLE, 'NaN'::DOUBLE)`;
}
