/** What a column holds, measured on a sample of its rows. */
import { existsSync } from 'node:fs';
import type { ColumnInfo } from './column.js';
import type { Dataset } from './dataset.js';
import { markedNumbersQuery, numberExpression } from './missing.js';
import { quoteName } from './sql.js';
import { timeExpression } from './time.js';

export interface Profile {
  readonly column: ColumnInfo;
  /** Rows of the sample, and those that are not NULL (or an empty text or list). */
  readonly rows: number;
  readonly present: number;
  readonly distinct: number;
  readonly numbers?: NumberProfile;
  readonly texts?: TextProfile;
  readonly lists?: ListProfile;
}

export interface NumberProfile {
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  /** Shares of neighbouring rows whose difference is 1, and is not negative. */
  readonly stepsOfOne: number;
  readonly rising: number;
  /** Of texts that are numbers but for marks of missing ones: the marks, and the cells with one. */
  readonly marks?: { readonly texts: readonly string[]; readonly cells: number };
}

/** Cells that are not like the others: how many, and the first one in the alphabet. */
export interface Odd {
  readonly cells: number;
  readonly example: string;
}

/** Means over present texts, shares in 0 to 1. */
export interface TextProfile {
  readonly length: number;
  readonly words: number;
  readonly times: number;
  /** Texts that are no times, and one of them. */
  readonly untimed: Odd;
  readonly logs: number;
  /** Encoded images, or paths of image files that are there. */
  readonly images: number;
  /** Share of distinct values that hold an alphabetic word which other values hold too. */
  readonly sharedWords: number;
}

export interface ListProfile {
  readonly shortest: number;
  readonly longest: number;
  /** Of JSON that is numbers and other things: all items, and those that are no numbers. */
  readonly mixed?: Odd & { readonly items: number };
}

const orderedRows = 20_000;
/** Starts of lines and marks that services write: times, `name[pid]:`, levels. */
const logPattern = [
  String.raw`^\W?\d{2,4}[-/]\d\d[-/]\d{2,4}[T ,]+\d\d:\d\d`,
  String.raw`^\W?(\w{3},? )?\w{3} +\d{1,2}( \d{4})? \d\d:\d\d:\d\d`,
  String.raw`\[\d{1,2}/\w{3}/\d{4}:\d\d:\d\d`,
  String.raw`^\S* ?[\w./-]+\[\d+\]:`,
  String.raw`^\W?(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b`,
  String.raw`^<\d+>`,
].join('|');
/** Scripts that put no spaces between words. */
const unspaced = String.raw`[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]`;

/** Measures a column on about `sample` rows. */
export async function profileColumn(
  dataset: Dataset,
  column: ColumnInfo,
  sample: number,
): Promise<Profile> {
  const source = `(SELECT ${quoteName(column.name)} AS raw, ${timeExpression(column)} AS time
    FROM {data} USING SAMPLE reservoir(${sample} ROWS) REPEATABLE (1))`;
  if (column.storage === 'number') return profileNumbers(dataset, column, source);
  if (column.storage === 'list') return profileLists(dataset, column, source);
  const marks = column.type === 'VARCHAR' ? await marksIn(dataset, source) : undefined;
  if (marks === undefined) return profileTexts(dataset, column, source);
  const { numbers, ...found } = await profileNumbers(dataset, column, source);
  return { ...found, numbers: { ...numbers, marks } };
}

/** The marks in texts that are numbers otherwise. */
async function marksIn(dataset: Dataset, source: string): Promise<NumberProfile['marks']> {
  const row = await one(dataset, markedNumbersQuery('raw', source));
  if (row.fits !== true || Number(row.cells) === 0) return undefined;
  return { texts: (row.marks as string[]).map(String), cells: Number(row.cells) };
}

async function profileNumbers(dataset: Dataset, column: ColumnInfo, source: string) {
  const raw = { name: 'raw', storage: column.storage };
  const row = await one(
    dataset,
    `SELECT count(*) AS rows, count(x) AS present, count(DISTINCT x) AS uniq, min(x) AS low,
      max(x) AS high, bool_and(x = floor(x)) AS whole
    FROM (SELECT nullif(${numberExpression(raw)}, 'NaN'::DOUBLE) AS x FROM ${source})`,
  );
  const { columns } = await dataset.read([column.name], { limit: orderedRows });
  const values = Float64Array.from(columns[column.name] as ArrayLike<unknown>, (value) =>
    value === null ? Number.NaN : Number(value),
  );
  let ones = 0;
  let rising = 0;
  for (let i = 1; i < values.length; i++) {
    const step = values[i]! - values[i - 1]!;
    if (step === 1) ones++;
    if (step >= 0) rising++;
  }
  const steps = Math.max(1, values.length - 1);
  const numbers: NumberProfile = {
    whole: row.whole === true,
    min: Number(row.low),
    max: Number(row.high),
    stepsOfOne: ones / steps,
    rising: rising / steps,
  };
  return { ...counts(column, row), numbers };
}

async function profileLists(dataset: Dataset, column: ColumnInfo, source: string) {
  const row = await one(
    dataset,
    `SELECT count(*) AS rows, count(*) FILTER (len(raw) > 0) AS present,
      count(DISTINCT hash(raw)) AS uniq, min(len(raw)) AS low, max(len(raw)) AS high FROM ${source}`,
  );
  const mixed = column.type === 'JSON[]' ? await mixedItems(dataset, source) : undefined;
  const lists: ListProfile = {
    shortest: Number(row.low),
    longest: Number(row.high),
    ...(mixed === undefined ? {} : { mixed }),
  };
  return { ...counts(column, row), lists };
}

/** What is no number in lists of JSON; undefined where nothing else is. */
async function mixedItems(dataset: Dataset, source: string): Promise<ListProfile['mixed']> {
  const row = await one(
    dataset,
    `SELECT count(*) AS items, count(*) FILTER (NOT numeric) AS odd,
      min(item ->> '$') FILTER (NOT numeric) AS example
    FROM (SELECT item, json_type(item) IN ('UBIGINT', 'BIGINT', 'DOUBLE') AS numeric
      FROM (SELECT unnest(raw) AS item FROM ${source}) WHERE json_type(item) <> 'NULL')`,
  );
  const [items, cells] = [Number(row.items), Number(row.odd)];
  return cells === items ? undefined : { items, cells, example: String(row.example) };
}

async function profileTexts(dataset: Dataset, column: ColumnInfo, source: string) {
  const text = column.type === 'JSON' ? `raw ->> '$'` : 'raw::VARCHAR';
  const row = await one(
    dataset,
    `SELECT count(*) AS rows, count(x) AS present, count(DISTINCT x) AS uniq, avg(len(x)) AS length,
      avg(len(string_split_regex(x, '\\s+')) + len(regexp_extract_all(x, '${unspaced}')) / 2) AS words,
      avg((time IS NOT NULL)::INT) FILTER (x IS NOT NULL) AS times,
      count(x) FILTER (time IS NULL) AS untimed, min(x) FILTER (time IS NULL) AS example,
      avg(regexp_matches(x, '${logPattern}')::INT) AS logs
    FROM (SELECT nullif(trim(${text}), '') AS x, time FROM ${source})`,
  );
  const texts: TextProfile = {
    length: Number(row.length),
    words: Number(row.words),
    times: Number(row.times),
    untimed: { cells: Number(row.untimed), example: String(row.example) },
    logs: Number(row.logs),
    images: await imageShare(dataset, column, source),
    sharedWords: await sharedWords(dataset, text, source),
  };
  return { ...counts(column, row), texts };
}

/** How images begin in base64, as data URIs, and how their paths end. */
const imagePattern =
  /^(iVBORw0KGgo|\/9j\/.{60}|UklGR.{60}|data:image\/)|^[^:]+\.(png|jpe?g|webp)$/i;
const imageSample = 50;

/** The share of some given values that are images; a path counts only where there is a file. */
async function imageShare(dataset: Dataset, column: ColumnInfo, source: string): Promise<number> {
  const text = column.type === 'BLOB' ? 'to_base64(raw)' : 'raw::VARCHAR';
  const rows = await dataset.sql(
    `SELECT substr(${text}, 1, 200) AS x FROM ${source} WHERE raw IS NOT NULL LIMIT ${imageSample}`,
  );
  const found = rows.filter(({ x }) => {
    const value = String(x);
    if (!imagePattern.test(value)) return false;
    return !/\.\w+$/.test(value) || value.startsWith('data:') || existsSync(value);
  });
  return found.length / Math.max(1, rows.length);
}

/**
 * Names such as `python3-yaml-doc` share words with others, identifiers do not. A word is a run of
 * at least three letters between other characters; words in more than half of the values, and
 * fewer than 50 of them, say nothing.
 */
async function sharedWords(dataset: Dataset, text: string, source: string): Promise<number> {
  const row = await one(
    dataset,
    `WITH distinct_values AS MATERIALIZED (
      SELECT DISTINCT lower(${text})[:200] AS x FROM ${source} WHERE raw IS NOT NULL LIMIT 20000),
    words AS (SELECT x, unnest(list_distinct(list_filter(string_split_regex(x, '[^\\p{L}\\p{N}]+'),
      w -> regexp_full_match(w, '\\p{L}{3,}')))) AS w FROM distinct_values),
    common AS (SELECT w FROM words GROUP BY w
      HAVING count(*) BETWEEN 2 AND (SELECT greatest(2, count(*) / 2) FROM distinct_values))
    SELECT CASE WHEN (SELECT count(*) FROM common) < 50 THEN 0 ELSE
      count(DISTINCT x) / (SELECT count(*) FROM distinct_values) END AS share
    FROM words SEMI JOIN common USING (w)`,
  );
  return Number(row.share);
}

function counts(column: ColumnInfo, row: Record<string, unknown>) {
  const { rows, present, uniq } = row;
  return { column, rows: Number(rows), present: Number(present), distinct: Number(uniq) };
}

async function one(dataset: Dataset, query: string): Promise<Record<string, unknown>> {
  return (await dataset.sql(query))[0] ?? {};
}
