/** Checks the columns of files that are read together. */
import { MonbanError } from '../core/fault.js';
import { type ColumnInfo, storageOf } from './column.js';
import type { Engine } from './engine.js';
import type { Context } from './query-fault.js';

/** The columns that a SELECT gives. */
export async function describeColumns(
  engine: Engine,
  sql: string,
  context: Context,
): Promise<readonly ColumnInfo[]> {
  const rows = await engine.rows(`DESCRIBE ${sql}`, context);
  return rows.map((row) => {
    const type = String(row.column_type);
    return { name: String(row.column_name), type, storage: storageOf(type) };
  });
}

/**
 * Throws MonbanError when DuckDB had to rename a column because its name stands twice in the
 * file; names that differ in upper and lower case only count as the same.
 */
export function checkDuplicates(
  where: string,
  columns: readonly ColumnInfo[],
  original: readonly string[],
): void {
  for (const { name } of columns) {
    const base = /^(.+)_\d+$/s.exec(name)?.[1]?.toLowerCase();
    if (base === undefined || original.includes(name)) continue;
    const same = original.filter((other) => other.trim().toLowerCase() === base);
    if (same.length > 1) throw duplicateFault(where, same.at(-1)!);
  }
}

/** Throws MonbanError when a name stands twice in a query's result. */
export function checkQueryNames(where: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) throw duplicateFault(where, name);
    seen.add(name.toLowerCase());
  }
}

function duplicateFault(where: string, name: string): MonbanError {
  return new MonbanError({
    where,
    expected: 'column names that differ by more than upper and lower case',
    found: `"${name}" twice`,
    todo: 'rename one of them',
  });
}

/** Columns of one file of several. */
export interface FileSchema {
  readonly file: string;
  readonly columns: readonly ColumnInfo[];
}

/** Throws MonbanError when files share no column, or hold one as a number here and a text there. */
export function checkSchemas(schemas: readonly FileSchema[]): void {
  const [first, ...others] = schemas;
  if (first === undefined) return;
  const seen = new Map(first.columns.map((column) => [column.name, { column, file: first.file }]));
  for (const { file, columns } of others) {
    if (!columns.some((column) => seen.has(column.name))) {
      throw new MonbanError({
        where: file,
        expected: `columns of ${first.file}`,
        found: columns
          .map((column) => column.name)
          .slice(0, 8)
          .join(', '),
        todo: 'leave the file out, or rename its columns',
      });
    }
    for (const column of columns) {
      const known = seen.get(column.name);
      if (known === undefined) seen.set(column.name, { column, file });
      else if (known.column.storage !== column.storage && !empty(known.column) && !empty(column)) {
        throw new MonbanError({
          where: `${file}: ${column.name}`,
          expected: `${known.column.type} as in ${known.file}`,
          found: column.type,
          todo: 'make the types agree, or cast the column in a query',
        });
      }
    }
  }
}

/** A column without any value has no type of its own. */
function empty(column: ColumnInfo): boolean {
  return column.type === '"NULL"' || column.type === 'NULL';
}
