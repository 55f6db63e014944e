/** Marks that people write for a missing number, and reading texts as numbers where they stand. */
import type { ColumnInfo } from './column.js';
import { quoteName, quoteTexts } from './sql.js';

/** In lower case; only fields of numbers read them so: a category NA may be Namibia. */
const marks = ['na', 'n/a', '#n/a', 'nan', 'null', 'none', '-', '--', '?', '.'];
const known: ReadonlySet<string> = new Set(marks);

/** Digits as people write them; 0123 is a code and not a number. */
const number = String.raw`[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?`;

/** Whether a text stands for a missing number: blank, or one of the known marks. */
export function isMissingMark(text: string): boolean {
  const trimmed = text.trim();
  return trimmed === '' || known.has(trimmed.toLowerCase());
}

/** SQL: the column as DOUBLE; texts that are no number, such as the marks, are NULL. */
export function numberExpression({ name, storage }: Pick<ColumnInfo, 'name' | 'storage'>): string {
  const quoted = quoteName(name);
  if (storage !== 'text') return `${quoted}::DOUBLE`;
  return `nullif(try_cast(trim(${quoted}::VARCHAR) AS DOUBLE), 'NaN'::DOUBLE)`;
}

/**
 * SQL over texts `x`: NULL unless some are marks and all others are numbers; else the marks as they
 * are written, in order, and how many cells hold one.
 */
export function markedNumbersQuery(x: string, source: string): string {
  return `SELECT list_sort(list(DISTINCT t) FILTER (marked)) AS marks,
      count(*) FILTER (marked) AS cells, bool_and(marked OR numeric) AND bool_or(numeric) AS fits
    FROM (SELECT t, list_contains(${quoteTexts(marks)}, lower(t)) AS marked,
        regexp_full_match(t, '${number}') AS numeric
      FROM (SELECT trim(${x}) AS t FROM ${source}) WHERE t <> '')`;
}
