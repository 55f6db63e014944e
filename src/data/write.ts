/** Writes rows to a Parquet, CSV or JSON lines file, whole or not at all. */
import { mkdirSync, renameSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { MonbanError } from '../core/fault.js';
import { writeFault } from '../core/file.js';
import { claimTemporary, releaseTemporary } from '../core/temporary.js';
import { cellsOf, type OutputColumn } from './cell.js';
import { parquetSink } from './parquet-writer.js';
import { queryFault } from './query-fault.js';
import { csvSink, jsonlSink, type Sink } from './text-writer.js';

/** A file being written; it appears under its name when `close` resolves. */
export interface RowWriter {
  /** Throws MonbanError for a value that is not of its column's type, or when the disk is full. */
  write(rows: readonly Record<string, unknown>[]): Promise<void>;
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

type Open = (path: string, columns: readonly OutputColumn[]) => Promise<Sink>;

const sinks: Readonly<Record<string, Open>> = {
  '.parquet': parquetSink,
  '.csv': csvSink,
  '.jsonl': jsonlSink,
};

/** Opens a file for rows of these columns; its extension chooses the format. */
export async function rowWriter(
  path: string,
  columns: readonly OutputColumn[],
): Promise<RowWriter> {
  const open = sinks[extname(path).toLowerCase()];
  if (open === undefined) {
    const expected = 'a name that ends in .parquet, .csv or .jsonl';
    throw new MonbanError({ where: path, expected, todo: 'change the extension' });
  }
  const temporary = claimTemporary(path);
  let sink: Sink | undefined;
  const fail = async (error: unknown): Promise<never> => {
    await sink?.discard().catch(() => undefined);
    sink = undefined;
    releaseTemporary(temporary);
    throw diskFault(path, error);
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    sink = await open(temporary, columns);
  } catch (error) {
    return fail(error);
  }
  return {
    async write(rows) {
      if (sink === undefined) throw new Error(`${path} is closed`);
      if (rows.length === 0) return;
      await sink.add(rows.map((row) => cellsOf(row, columns))).catch(fail);
    },
    async close() {
      if (sink === undefined) throw new Error(`${path} is closed`);
      await sink.finish().catch(fail);
      sink = undefined;
      try {
        renameSync(temporary, path);
        releaseTemporary(temporary);
      } catch (error) {
        await fail(error);
      }
    },
    async abort() {
      await sink?.discard().catch(() => undefined);
      sink = undefined;
      releaseTemporary(temporary);
    },
  };
}

/** How DuckDB's messages tell system errors. */
const systemErrors: readonly (readonly [RegExp, string])[] = [
  [/No space left/i, 'ENOSPC'],
  [/Permission denied/i, 'EACCES'],
  [/File too large/i, 'EFBIG'],
  [/Disk quota/i, 'EDQUOT'],
];

/** A system error as `writeFault` has it, also when DuckDB met it. */
function diskFault(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const known = writeFault(path, code === 'EEXIST' ? { code: 'ENOTDIR' } : error);
  if (known instanceof MonbanError) return known;
  const message = error instanceof Error ? error.message : '';
  const met = systemErrors.find(([pattern]) => pattern.test(message));
  if (met !== undefined) return writeFault(path, { code: met[1] });
  return /\bError: /.test(message)
    ? queryFault(error, { where: path, expected: 'to be able to write it' })
    : error;
}
