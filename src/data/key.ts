/** SQL for keys: hashes that are the same everywhere, and values that keep rows together. */
import type { ColumnInfo } from './column.js';
import { columnFault } from './query-fault.js';
import { quoteName } from './sql.js';

/** The first 32 bits of the SHA-256 of a SQL text, as a UBIGINT; NULL hashes like ''. */
export function hashExpression(text: string): string {
  return `('0x' || substr(sha256(coalesce((${text})::VARCHAR, '')), 1, 8))::UBIGINT`;
}

/** One SQL text of several columns that differs when any value does, NULL included. */
export function jointExpression(columns: readonly string[]): string {
  const parts = columns.map((name) => `coalesce(${quoteName(name)}::VARCHAR, chr(30))`);
  return `concat_ws(chr(31), ${parts.join(', ')})`;
}

/** Throws MonbanError with the nearest name for a column that is not there. */
export function requireColumns(
  columns: readonly ColumnInfo[],
  wanted: readonly string[],
  where: string,
): void {
  const names = columns.map((column) => column.name);
  for (const name of wanted) if (!names.includes(name)) throw columnFault(name, names, where);
}
