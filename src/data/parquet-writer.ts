/** Writes rows as zstd-compressed Parquet by way of a temporary DuckDB file. */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { Cell, CellType, OutputColumn } from './cell.js';
import { quoteName, quoteText } from './sql.js';
import type { Sink } from './text-writer.js';

const types: Readonly<Record<CellType, DuckDBType>> = {
  DOUBLE,
  BIGINT,
  VARCHAR,
  'VARCHAR[]': LIST(VARCHAR),
  JSON: VARCHAR,
  BOOLEAN,
};
const flushRows = 65536;

/**
 * Opens a Parquet file that is written when the sink finishes. The scratch files beside it begin
 * with its name, by which whoever named it removes them, after a failure at any point too.
 */
export async function parquetSink(path: string, columns: readonly OutputColumn[]): Promise<Sink> {
  const scratch = `${path}.duckdb`;
  const instance = await DuckDBInstance.create(scratch);
  let connection: DuckDBConnection;
  let appender: DuckDBAppender;
  try {
    connection = await instance.connect();
    const list = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
    await connection.run(`CREATE TABLE rows (${list})`);
    appender = await connection.createAppender('rows');
  } catch (error) {
    instance.closeSync();
    throw error;
  }
  let waiting = 0;
  const discard = async (): Promise<void> => {
    connection.closeSync();
    instance.closeSync();
  };
  return {
    async add(rows) {
      for (const cells of rows) appendRow(appender, cells, columns);
      waiting += rows.length;
      if (waiting < flushRows) return;
      appender.flushSync();
      waiting = 0;
    },
    async finish() {
      appender.closeSync();
      await connection.run(`COPY rows TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`);
      await discard();
    },
    discard,
  };
}

function appendRow(
  appender: DuckDBAppender,
  cells: readonly Cell[],
  columns: readonly OutputColumn[],
): void {
  for (const [i, cell] of cells.entries()) {
    if (cell === null) appender.appendNull();
    else appender.appendValue(duckdbValue(cell), types[columns[i]!.type]);
  }
  appender.endRow();
}

function duckdbValue(cell: Exclude<Cell, null>): DuckDBValue {
  return typeof cell === 'object' ? listValue(cell) : cell;
}
