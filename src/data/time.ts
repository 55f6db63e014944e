/** Reading texts as points in time. */
import type { ColumnInfo } from './column.js';
import type { Dataset } from './dataset.js';
import { quoteName, quoteTexts } from './sql.js';

const clocks = ['', ' %H:%M', ' %H:%M:%S'];
const withClocks = (dates: readonly string[]): string[] =>
  clocks.flatMap((clock) => dates.map((date) => `${date}${clock}`));
const dayFirst = withClocks(['%d/%m/%Y', '%d-%m-%Y']);
const monthFirst = withClocks(['%m/%d/%Y', '%m-%d-%Y']);

/** Formats that are tried after ISO 8601, in this order. */
const spelled = [
  '%b %d %Y',
  '%b %d, %Y',
  '%B %d, %Y',
  '%d %b %Y',
  '%d %B %Y',
  '%Y/%m/%d',
  '%Y/%m/%d %H:%M:%S',
  ...withClocks(['%d.%m.%Y']),
  '%a, %d %b %Y %H:%M:%S %z',
  '%d/%b/%Y:%H:%M:%S %z',
];

/** Texts in which the day must come first, because it is above 12. */
const dayLeads = String.raw`\s*(1[3-9]|2\d|3[01])[/-]\d{1,2}[/-]\d{4}.*`;

/**
 * A SQL value of a column that sorts by time: numbers as they are, texts as TIMESTAMP or NULL.
 * `leads` says what 03/04/2024 is where both could be: the third of April.
 */
export function timeExpression(column: ColumnInfo, leads = false): string {
  const name = quoteName(column.name);
  if (column.storage === 'number') return name;
  if (/^(DATE|TIME)/.test(column.type)) return name;
  const text = `${name}::VARCHAR`;
  const figures = leads ? [...dayFirst, ...monthFirst] : [...monthFirst, ...dayFirst];
  const formats = quoteTexts([...spelled, ...figures]);
  return `coalesce(try_cast(${text} AS TIMESTAMP), try_strptime(${text}, ${formats})::TIMESTAMP)`;
}

/** The same, after a look at all texts: where in one of them the day leads, it does in all that could be both. */
export async function timeOf(dataset: Dataset, column: ColumnInfo): Promise<string> {
  if (column.storage !== 'text') return timeExpression(column);
  const text = `${quoteName(column.name)}::VARCHAR`;
  const [row] = await dataset.sql(
    `SELECT bool_or(regexp_full_match(${text}, '${dayLeads}')) AS leads FROM {data}`,
  );
  return timeExpression(column, row?.leads === true);
}

/** Numbers that rise with the time of each row, in file order; NaN where there is none. */
export async function timeNumbers(dataset: Dataset, name: string): Promise<Float64Array> {
  const column = dataset.columns.find((other) => other.name === name)!;
  const time = await timeOf(dataset, column);
  return dataset.evaluate(column.storage === 'number' ? time : `epoch(${time})`, name);
}
