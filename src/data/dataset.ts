/** A data set: files or a query, read in their own order as typed columns. */
import { MonbanError } from '../core/fault.js';
import { joinArrays } from '../core/join.js';
import type { Chunk, ColumnInfo, Values } from './column.js';
import { type Engine, openEngine } from './engine.js';
import { describeColumns } from './schema.js';
import { resolveSource, type Source } from './source.js';
import { quoteName } from './sql.js';
import { evaluateRows, noRows, type ReadOptions, streamRows, type Table } from './stream.js';

/** Rows of a data set as typed columns. */
export interface Dataset {
  readonly source: Source;
  readonly columns: readonly ColumnInfo[];
  rows(): Promise<number>;
  /** The columns in file order, about 8,192 rows at a time, in flat memory. */
  chunks(columns: readonly string[], options?: ReadOptions): AsyncIterable<Chunk>;
  /** The columns of all rows at once, in file order. */
  read(columns: readonly string[], options?: ReadOptions): Promise<Chunk>;
  /** Runs a SELECT in which `{data}` stands for the relation; whole numbers come as numbers. */
  sql(query: string): Promise<Record<string, unknown>[]>;
  /** A SQL number for every row in file order, NaN for NULL; errors are at `where`. */
  evaluate(expression: string, where: string): Promise<Float64Array>;
  /** The same some thousands of rows at a time, in flat memory. */
  numbers(expression: string, where: string): AsyncIterable<Float64Array>;
  close(): Promise<void>;
}

/** How to open a data set. */
export interface OpenOptions {
  /** The folder that relative paths are resolved against; the working folder by default. */
  readonly base?: string;
  /** More columns: SQL expressions by name. */
  readonly derived?: Readonly<Record<string, string>>;
}

const view = '"data"';
const chunkRows = 8192;
/** Rows with lists are large: one vector of DuckDB at a time. */
const listChunkRows = 2048;

/** Puts the view in for `{data}`, which may also stand in a quoted name or text and is then left. */
function withView(sql: string): string {
  return sql.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\{data\}/g, (part) =>
    part === '{data}' ? view : part,
  );
}

/** Opens files or a query; throws MonbanError when they cannot be read or hold no rows. */
export async function openDataset(source: Source, options: OpenOptions = {}): Promise<Dataset> {
  const base = options.base ?? process.cwd();
  const engine = await openEngine(base);
  try {
    const table = await makeTable(engine, source, base, options.derived ?? {});
    return datasetOf(table, source);
  } catch (error) {
    engine.close();
    throw error;
  }
}

async function makeTable(
  engine: Engine,
  source: Source,
  base: string,
  derived: Readonly<Record<string, string>>,
): Promise<Table> {
  const { sql, where, once } = await resolveSource(engine, source, base);
  await engine.rows(`CREATE ${once ? 'TABLE' : 'VIEW'} "raw" AS ${sql}`, { where });
  const raw = await describeColumns(engine, 'SELECT * FROM "raw"', { where });
  await checkDerived(engine, raw, derived);
  const extra = Object.entries(derived).map(([name, sql]) => `, (${sql}) AS ${quoteName(name)}`);
  await engine.rows(`CREATE VIEW ${view} AS SELECT *${extra.join('')} FROM "raw"`, { where });
  const context = { where, expected: 'data that can be read' };
  const columns = await describeColumns(engine, `SELECT * FROM ${view}`, context);
  const first = await engine.rows(`SELECT 1 FROM ${view} LIMIT 1`, context);
  if (first.length === 0) throw noRows(where);
  return { engine, view, where, columns };
}

/** Checks derived columns one by one, so that an error names the one that is wrong. */
async function checkDerived(
  engine: Engine,
  columns: readonly ColumnInfo[],
  derived: Readonly<Record<string, string>>,
): Promise<void> {
  const names = columns.map((column) => column.name);
  for (const [name, sql] of Object.entries(derived)) {
    const where = `derived.${name}`;
    if (names.some((other) => other.toLowerCase() === name.toLowerCase())) {
      const todo = 'choose another name';
      throw new MonbanError({ where, expected: 'a new name', found: 'a column of the data', todo });
    }
    await engine.selected(`SELECT *, (${sql}) FROM "raw"`, { where, names });
  }
}

function datasetOf(table: Table, source: Source): Dataset {
  const { engine, columns, where } = table;
  const names = columns.map((column) => column.name);
  let count: Promise<number> | undefined;
  let closed = false;
  return {
    source,
    columns,
    rows() {
      count ??= engine
        .rows(`SELECT count(*) AS rows FROM ${view}`, { where })
        .then((rows) => Number(rows[0]?.rows));
      return count;
    },
    chunks(wanted, options = {}) {
      const lists = columns.some(
        ({ name, storage }) => storage === 'list' && wanted.includes(name),
      );
      return streamRows(table, wanted, options, lists ? listChunkRows : chunkRows);
    },
    async read(wanted, options = {}) {
      const all = streamRows(table, wanted, options, Number.POSITIVE_INFINITY);
      for await (const chunk of all) return chunk;
      return emptyChunk(table, wanted);
    },
    sql: (query) => engine.rows(`FROM (\n${withView(query)}\n)`, { where: 'query', names }),
    async evaluate(expression, at) {
      const parts: Float64Array[] = [];
      for await (const part of this.numbers(expression, at)) parts.push(part);
      return joinArrays(Float64Array, parts);
    },
    numbers: (expression, at) => evaluateRows(table, withView(expression), at, chunkRows),
    async close() {
      if (!closed) engine.close();
      closed = true;
    },
  };
}

function emptyChunk(table: Table, wanted: readonly string[]): Chunk {
  const columns: Record<string, Values> = {};
  for (const { name, storage } of table.columns) {
    if (wanted.includes(name)) columns[name] = storage === 'number' ? new Float64Array(0) : [];
  }
  return { rows: 0, columns };
}
