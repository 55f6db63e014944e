/** How differently a field is distributed in training and test rows. */
import type { Dataset } from './dataset.js';
import type { InferredField } from './infer.js';
import { numberExpression } from './missing.js';
import { quoteName } from './sql.js';

/** Population stability index, and the value that chance alone rarely exceeds. */
export interface Shift {
  readonly index: number;
  readonly limit: number;
  /** Shares of present values in training and in test rows. */
  readonly present: readonly [train: number, test: number];
}

const bins = 10;
const topValues = 20;
/** Below this index a shift is small, whatever its significance. */
const smallest = 0.2;

/** A SELECT of t (test row), p (has a value) and b (bin) for every row. */
function binQuery(dataset: Dataset, field: InferredField, test: string): string {
  const name = quoteName(field.column);
  if (field.kind === 'number') {
    const number = numberExpression(dataset.columns.find((other) => other.name === field.column)!);
    const shares = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins).join(', ');
    return `SELECT t, v IS NOT NULL AS p, CASE WHEN v IS NULL THEN '' ELSE
      len(list_filter(list_distinct(cuts), c -> c < v))::VARCHAR END AS b
      FROM (SELECT ${number} AS v, ${test} AS t FROM {data}),
      (SELECT quantile_disc(${number}, [${shares}]) AS cuts FROM {data} WHERE NOT ${test})`;
  }
  if (field.kind !== 'category') {
    const present = `coalesce(len(${name}) > 0, false)`;
    return `SELECT ${test} AS t, ${present} AS p, (${present})::VARCHAR AS b FROM {data}`;
  }
  return `SELECT t, v IS NOT NULL AS p, CASE WHEN v IS NULL THEN '' WHEN list_contains(top, v)
    THEN 'v' || v ELSE 'o' END AS b FROM (SELECT ${name}::VARCHAR AS v, ${test} AS t FROM {data}),
    (SELECT list(w) AS top FROM (SELECT ${name}::VARCHAR AS w, count(*) FROM {data}
      WHERE NOT ${test} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${topValues}))`;
}

/**
 * The index sum((p - q) ln(p / q)) over bins of the training rows; under no shift it is about
 * (1/n + 1/m) chi-square with bins - 1 degrees of freedom (Yurdakul 2018), from which the limit.
 */
export async function shiftOf(
  dataset: Dataset,
  field: InferredField,
  testCondition: string,
): Promise<Shift> {
  const test = `coalesce(${testCondition}, false)`;
  const rows = await dataset.sql(`SELECT b, count(*) FILTER (NOT t) AS n, count(*) FILTER (t) AS m,
    count(*) FILTER (NOT t AND p) AS pn, count(*) FILTER (t AND p) AS pm
    FROM (${binQuery(dataset, field, test)}) GROUP BY b`);
  const sum = (key: string): number => rows.reduce((total, row) => total + Number(row[key]), 0);
  const [n, m] = [sum('n'), sum('m')];
  let index = 0;
  for (const row of rows) {
    const p = (Number(row.n) + 0.5) / (n + 0.5 * rows.length);
    const q = (Number(row.m) + 0.5) / (m + 0.5 * rows.length);
    index += (p - q) * Math.log(p / q);
  }
  const freedom = Math.max(1, rows.length - 1);
  const chance = (1 / n + 1 / m) * (freedom + 4 * Math.sqrt(2 * freedom));
  return { index, limit: Math.max(smallest, chance), present: [sum('pn') / n, sum('pm') / m] };
}
