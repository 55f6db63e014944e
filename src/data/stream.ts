/** Streams the rows of a query as typed columns, in order and in flat memory. */
import duckdb from '@duckdb/node-bindings';
import { MonbanError } from '../core/fault.js';
import { type Builder, builderOf } from './builder.js';
import { type Chunk, type ColumnInfo, readExpression, type Values } from './column.js';
import type { Engine } from './engine.js';
import { columnFault, queryFault } from './query-fault.js';
import { quoteName } from './sql.js';

/** Which rows to read. */
export interface ReadOptions {
  /** A SQL condition over the columns. */
  readonly where?: string;
  readonly limit?: number;
  /** Rows to pass over first. */
  readonly offset?: number;
  readonly signal?: AbortSignal;
  /** Columns whose BOOLEANs are read as the texts true and false; elsewhere they are 1 and 0. */
  readonly texts?: readonly string[];
}

/** A relation in an engine and the columns that it has. */
export interface Table {
  readonly engine: Engine;
  /** The quoted name of a view. */
  readonly view: string;
  /** How errors name it. */
  readonly where: string;
  readonly columns: readonly ColumnInfo[];
}

/** The columns of these names; throws MonbanError with the nearest name for one that is not there. */
function pickColumns(
  table: Table,
  names: readonly string[],
  { texts = [] }: ReadOptions,
): ColumnInfo[] {
  const all = table.columns.map((column) => column.name);
  return names.map((name) => {
    const column = table.columns.find((other) => other.name === name);
    if (column === undefined) throw columnFault(name, all, table.where);
    return column.type === 'BOOLEAN' && texts.includes(name)
      ? { ...column, storage: 'text' }
      : column;
  });
}

function select(table: Table, columns: readonly ColumnInfo[], options: ReadOptions): string {
  const list = columns.map((column, i) => `${readExpression(column)} AS ${quoteName(`c${i}`)}`);
  const where = options.where === undefined ? '' : ` WHERE (${options.where})`;
  const limit = options.limit === undefined ? '' : ` LIMIT ${Math.max(0, options.limit)}`;
  const offset = options.offset === undefined ? '' : ` OFFSET ${Math.max(0, options.offset)}`;
  const what = list.length > 0 ? list.join(', ') : '1';
  return `SELECT ${what} FROM ${table.view}${where}${limit}${offset}`;
}

function take(columns: readonly ColumnInfo[], builders: readonly Builder[], rows: number): Chunk {
  const out: Record<string, Values> = {};
  for (const [i, column] of columns.entries()) out[column.name] = builders[i]!.take();
  return { rows, columns: out };
}

/** Rows of the named columns in order, in chunks of `size` rows or a little more. */
export async function* streamRows(
  table: Table,
  names: readonly string[],
  options: ReadOptions,
  size: number,
): AsyncGenerator<Chunk> {
  const columns = pickColumns(table, names, options);
  yield* streamQuery(table, columns, select(table, columns, options), options, size);
}

/** The rows of a SELECT that gives these columns, as `readExpression` has them. */
async function* streamQuery(
  table: Table,
  columns: readonly ColumnInfo[],
  query: string,
  options: ReadOptions,
  size: number,
): AsyncGenerator<Chunk> {
  const builders = columns.map(builderOf);
  const connection = await table.engine.connect();
  const interrupt = (): void => connection.interrupt();
  options.signal?.addEventListener('abort', interrupt, { once: true });
  try {
    options.signal?.throwIfAborted();
    const result = await connection.stream(query);
    let rows = 0;
    for (let next = await result.fetchChunk(); next !== null; next = await result.fetchChunk()) {
      options.signal?.throwIfAborted();
      const count = next.rowCount;
      if (count === 0) break;
      for (const [i, builder] of builders.entries()) {
        builder.add(duckdb.data_chunk_get_vector(next.chunk, i), count);
      }
      rows += count;
      if (rows >= size) {
        yield take(columns, builders, rows);
        rows = 0;
      }
    }
    if (rows > 0) yield take(columns, builders, rows);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw queryFault(error, faultContext(table, options));
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
    connection.interrupt();
    connection.closeSync();
  }
}

function faultContext(table: Table, options: ReadOptions) {
  const names = table.columns.map((column) => column.name);
  if (options.where !== undefined) return { where: `where ${options.where}`, names };
  return { where: table.where, expected: 'data that can be read to the end', names };
}

/** A SQL number for every row, in order and some thousands at a time; NULL gives NaN. */
export async function* evaluateRows(
  table: Table,
  expression: string,
  where: string,
  size: number,
): AsyncGenerator<Float64Array> {
  const names = table.columns.map((column) => column.name);
  const query = `SELECT coalesce((${expression})::DOUBLE, 'NaN'::DOUBLE) AS c0 FROM ${table.view}`;
  await table.engine.selected(query, { where, names });
  const columns: ColumnInfo[] = [{ name: 'c0', type: 'DOUBLE', storage: 'number' }];
  for await (const chunk of streamQuery(table, columns, query, {}, size))
    yield chunk.columns.c0 as Float64Array;
}

/** The error for data without any row. */
export function noRows(where: string): MonbanError {
  return new MonbanError({
    where,
    expected: 'at least one row',
    found: 'none',
    todo: 'check the file, or the condition of the query',
  });
}
