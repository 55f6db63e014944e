/** Cuts the rows into training and test rows, by hash, by time, by group or by a condition. */
import { MonbanError, show } from '../core/fault.js';
import { joinArrays } from '../core/join.js';
import type { Dataset } from './dataset.js';
import { hashExpression, jointExpression, requireColumns } from './key.js';
import { quoteName, quoteText } from './sql.js';
import { timeOf } from './time.js';

/** Test rows are those whose key falls in a fold of SHA-256; `key` is a column or an expression. */
export interface HashSplit {
  readonly by: 'hash';
  readonly key: string;
  readonly folds?: number;
  readonly test: number | readonly number[];
}

/** Test rows are those at or after `from`, or the last `share` of the rows; no time, no test. */
export interface TimeSplit {
  readonly by: 'time';
  readonly column: string;
  readonly from?: string;
  readonly share?: number;
}

/** Test rows are whole groups, drawn at random until they hold about `share` of the rows. */
export interface GroupSplit {
  readonly by: 'group';
  readonly column: string | readonly string[];
  readonly share: number;
  readonly seed: number;
}

/** Test rows are those for which a condition holds, such as `mote_id IN (2, 4)`. */
export interface ConditionSplit {
  readonly by: 'condition';
  readonly test: string;
}

export type Split = HashSplit | TimeSplit | GroupSplit | ConditionSplit;

/** The key of a split that errors name. */
const keyOf = { hash: 'key', time: 'column', group: 'column', condition: 'test' } as const;

const defaultFolds = 5;

/** 0 for a training row and 1 for a test row, in file order; throws MonbanError at `split`. */
export async function partition(dataset: Dataset, split: Split): Promise<Uint8Array> {
  const condition = await testCondition(dataset, split);
  const where = `split.${keyOf[split.by]}`;
  const found: Uint8Array[] = [];
  for await (const some of dataset.numbers(`coalesce(${condition}, false)`, where))
    found.push(Uint8Array.from(some));
  const parts = joinArrays(Uint8Array, found);
  const test = parts.reduce((sum, part) => sum + part, 0);
  if (test > 0 && test < parts.length) return parts;
  throw new MonbanError({
    where: 'split',
    expected: 'training rows and test rows',
    found: `${parts.length - test} and ${test}`,
    todo: 'choose another key, column or share',
  });
}

/** A SQL condition over the columns that holds for test rows; throws MonbanError at `split`. */
export function testCondition(dataset: Dataset, split: Split): Promise<string> {
  if (split.by === 'condition') return Promise.resolve(`(${split.test})`);
  if (split.by === 'hash') return Promise.resolve(hashCondition(dataset, split));
  return split.by === 'time' ? timeCondition(dataset, split) : groupCondition(dataset, split);
}

function hashCondition(dataset: Dataset, split: HashSplit): string {
  const folds = split.folds ?? defaultFolds;
  const test = typeof split.test === 'number' ? [split.test] : split.test;
  for (const fold of test) {
    if (Number.isInteger(fold) && fold >= 0 && fold < folds) continue;
    const expected = `whole numbers from 0 to ${folds - 1}`;
    throw new MonbanError({ where: 'split.test', expected, found: show(fold) });
  }
  const isColumn = dataset.columns.some((column) => column.name === split.key);
  const key = isColumn ? quoteName(split.key) : split.key;
  return `${hashExpression(key)} % ${folds} IN (${test.join(', ')})`;
}

async function timeCondition(dataset: Dataset, split: TimeSplit): Promise<string> {
  requireColumns(dataset.columns, [split.column], 'split.column');
  const column = dataset.columns.find((other) => other.name === split.column)!;
  const time = await timeOf(dataset, column);
  await checkTimes(dataset, split.column, time);
  if (split.from !== undefined) {
    const from = quoteText(split.from);
    const type = column.storage === 'number' ? 'DOUBLE' : 'TIMESTAMP';
    const check = `SELECT try_cast(${from} AS ${type}) IS NOT NULL AS ok`;
    if ((await dataset.sql(check))[0]?.ok === true) return `${time} >= ${from}::${type}`;
    const expected = column.storage === 'number' ? 'a number' : 'a time such as 2024-01-31';
    throw new MonbanError({ where: 'split.from', expected, found: show(split.from) });
  }
  checkShare(split.share);
  return `${time} >= (${cutQuery(time, split.share!)})`;
}

/** The first time after the `1 - share` quantile that leaves whole ties on one side. */
function cutQuery(time: string, share: number): string {
  return `SELECT min(t) FROM (SELECT ${time} AS t FROM {data}) WHERE t >
    (SELECT quantile_disc(${time}, ${1 - share}) FROM {data})`;
}

async function checkTimes(dataset: Dataset, name: string, time: string): Promise<void> {
  const column = quoteName(name);
  const [row] = await dataset.sql(`SELECT count(${column}) AS n, count(${time}) AS parsed,
    any_value(${column}) FILTER (${time} IS NULL AND ${column} IS NOT NULL) AS odd FROM {data}`);
  if (Number(row?.parsed) > 0 && Number(row?.parsed) >= 0.99 * Number(row?.n)) return;
  throw new MonbanError({
    where: `split.column: ${name}`,
    expected: 'times, such as 2024-01-31 or 2024-01-31T12:00:00',
    found: show(row?.odd),
    todo: 'choose another column, or parse it in a derived column with strptime',
  });
}

/** Groups in the order of their hash until they hold `share` of the rows. */
async function groupCondition(dataset: Dataset, split: GroupSplit): Promise<string> {
  const columns = typeof split.column === 'string' ? [split.column] : split.column;
  requireColumns(dataset.columns, columns, 'split.column');
  checkShare(split.share);
  const key = hashExpression(`'${Math.trunc(split.seed)}/' || ${jointExpression(columns)}`);
  const [row] =
    await dataset.sql(`SELECT coalesce(max(key) FILTER (before < ${split.share} * total), 0) AS cut
    FROM (SELECT key, sum(n) OVER (ORDER BY key) - n AS before, sum(n) OVER () AS total
      FROM (SELECT ${key} AS key, count(*) AS n FROM {data} GROUP BY 1))`);
  return `${key} <= ${Number(row?.cut)}`;
}

function checkShare(share: number | undefined): void {
  if (share !== undefined && share > 0 && share < 1) return;
  const expected = 'a number between 0 and 1';
  throw new MonbanError({ where: 'split.share', expected, found: show(share) });
}
