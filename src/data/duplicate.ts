/** Counts rows that are the same in every field. */
import type { Dataset } from './dataset.js';
import { quoteName } from './sql.js';

export interface Duplicates {
  /** Rows that repeat an earlier row. */
  readonly repeated: number;
  /** Test rows whose fields also stand in a training row, and all test rows. */
  readonly shared: number;
  readonly test: number;
}

/** Counts by a 64-bit hash of the fields; without a condition nothing is a test row. */
export async function countDuplicates(
  dataset: Dataset,
  fields: readonly string[],
  testCondition = 'false',
): Promise<Duplicates> {
  const list = fields.map(quoteName).join(', ');
  const [row] = await dataset.sql(`SELECT sum(n - 1) AS repeated, sum(m) AS test,
      coalesce(sum(m) FILTER (m < n), 0) AS shared
    FROM (SELECT count(*) AS n, count(*) FILTER (${testCondition}) AS m FROM {data} GROUP BY hash(${list}))`);
  return { repeated: Number(row?.repeated), shared: Number(row?.shared), test: Number(row?.test) };
}
