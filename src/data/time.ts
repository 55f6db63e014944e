/** Reading texts as points in time. */
import type { ColumnInfo } from './column.js';
import { quoteName, quoteTexts } from './sql.js';

/** Formats that are tried after ISO 8601, in this order. */
const formats = [
  '%b %d %Y',
  '%b %d, %Y',
  '%B %d, %Y',
  '%d %b %Y',
  '%d %B %Y',
  '%m/%d/%Y',
  '%d/%m/%Y',
  '%d.%m.%Y',
  '%Y/%m/%d',
  '%m/%d/%Y %H:%M',
  '%m/%d/%Y %H:%M:%S',
  '%d/%m/%Y %H:%M:%S',
  '%d.%m.%Y %H:%M',
  '%Y/%m/%d %H:%M:%S',
  '%a, %d %b %Y %H:%M:%S %z',
  '%d/%b/%Y:%H:%M:%S %z',
];

/** A SQL value of a column that sorts by time: numbers as they are, texts as TIMESTAMP or NULL. */
export function timeExpression(column: ColumnInfo): string {
  const name = quoteName(column.name);
  if (column.storage === 'number') return name;
  if (/^(DATE|TIME)/.test(column.type)) return name;
  const text = `${name}::VARCHAR`;
  return `coalesce(try_cast(${text} AS TIMESTAMP), try_strptime(${text}, ${quoteTexts(formats)})::TIMESTAMP)`;
}
