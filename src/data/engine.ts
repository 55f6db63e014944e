/** An in-memory DuckDB for each data set, which cannot reach the network. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api';
import { MonbanError } from '../core/fault.js';
import { claimTemporary } from '../core/temporary.js';
import { type Context, queryFault } from './query-fault.js';
import { quoteText } from './sql.js';

export interface Engine {
  /** A connection of its own, for one streamed query at a time; the caller closes it. */
  connect(): Promise<DuckDBConnection>;
  /** Runs one statement and returns its rows; throws MonbanError at `context.where`. */
  rows(sql: string, context: Context): Promise<Record<string, unknown>[]>;
  /** Column names of exactly one SELECT; throws MonbanError when it is anything else. */
  selected(sql: string, context: Context): Promise<readonly string[]>;
  close(): void;
}

const settings = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
};

/** Where queries that need more than the memory spill to; DuckDB makes and removes it. */
function spillFolder(): string {
  return claimTemporary(join(tmpdir(), 'monban-duckdb'));
}

/** Opens a DuckDB in memory; relative paths in queries are looked up in `base` as well. */
export async function openEngine(base: string): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', {
    ...settings,
    temp_directory: spillFolder(),
  });
  const connection = await instance.connect();
  await connection.run(`SET GLOBAL TimeZone = 'UTC'`);
  if (!base.includes(',')) await connection.run(`SET GLOBAL file_search_path = ${quoteText(base)}`);
  return {
    connect: () => instance.connect(),
    async rows(sql, context) {
      try {
        const result = await (await connection.run(sql)).getRowObjectsJS();
        return result.map((row) => plain(row) as Record<string, unknown>);
      } catch (error) {
        throw queryFault(error, context);
      }
    },
    async selected(sql, context) {
      try {
        return await selectedColumns(connection, sql, context.where);
      } catch (error) {
        throw queryFault(error, context);
      }
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function selectedColumns(connection: DuckDBConnection, sql: string, where: string) {
  const statements = await connection.extractStatements(sql);
  const expected = 'one SELECT statement';
  if (statements.count !== 1) {
    throw new MonbanError({ where, expected, found: `${statements.count} statements` });
  }
  const prepared = await statements.prepare(0);
  try {
    if (prepared.statementType !== StatementType.SELECT) {
      const found = StatementType[prepared.statementType] ?? 'another statement';
      throw new MonbanError({ where, expected, found, todo: 'write a query that only reads' });
    }
    return Array.from({ length: prepared.columnCount }, (_, i) => prepared.columnName(i));
  } finally {
    prepared.destroySync();
  }
}

/** Values as in JSON: whole numbers become numbers, times become ISO texts. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
