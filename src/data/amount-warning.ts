/** Warnings about a target of amounts: values without end, one value that rules, long tails. */
import type { Dataset } from './dataset.js';
import { quoteName } from './sql.js';

export interface AmountWarning {
  readonly code: 'infinite' | 'imbalance' | 'skew';
  readonly column: string;
  readonly message: string;
}

/** A value in more rows than this share makes means and spreads say little. */
const ruling = 0.5;
/** An exponential distribution has a skewness of 2, a log-normal one with spread 1 of 6. */
const long = 3;

interface Found {
  readonly rows: number;
  readonly infinite: number;
  readonly most: number;
  readonly value: number;
  readonly least: number;
  readonly skew: number;
}

async function look(dataset: Dataset, column: string): Promise<Found> {
  const name = `${quoteName(column)}::DOUBLE`;
  const [row] = await dataset.sql(`WITH v AS (SELECT ${name} AS x FROM {data}
      WHERE ${name} IS NOT NULL AND NOT isnan(${name})),
    top AS (SELECT x, count(*) AS n FROM v GROUP BY x ORDER BY n DESC, x LIMIT 1)
    SELECT count(*) AS rows, count(*) FILTER (isinf(x)) AS infinite, min(x) AS least,
      skewness(x) FILTER (isfinite(x) AND abs(x) < 1e100) AS skew,
      (SELECT n FROM top) AS most, (SELECT x FROM top) AS value FROM v`);
  const number = (key: string): number => Number(row?.[key] ?? 0);
  return {
    rows: number('rows'),
    infinite: number('infinite'),
    most: number('most'),
    value: number('value'),
    least: number('least'),
    skew: number('skew'),
  };
}

/** What makes amounts hard to learn or to judge; nothing for amounts as they should be. */
export async function amountWarnings(dataset: Dataset, column: string): Promise<AmountWarning[]> {
  const { rows, infinite, most, value, least, skew } = await look(dataset, column);
  const found: AmountWarning[] = [];
  if (infinite > 0) {
    const message = `The target "${column}" is infinite in ${infinite} rows, and training refuses that; leave them out with a query as the source.`;
    found.push({ code: 'infinite', column, message });
  }
  if (most > ruling * rows) {
    const share = `${Math.round((most / rows) * 100)} %`;
    const message = `The target "${column}" is ${value} in ${most} of ${rows} rows (${share}); read R2 with care, or learn first whether it is ${value}, as a class.`;
    found.push({ code: 'imbalance', column, message });
  }
  if (skew > long) {
    const advice =
      least > 0
        ? 'if shares matter more than sums, write "objective: { kind: regression, log: true }"'
        : 'R2 and RMSE hang on these rows, so read MAE too';
    const message = `The target "${column}" has a long tail of large amounts (skewness ${skew.toFixed(1)}); ${advice}.`;
    found.push({ code: 'skew', column, message });
  }
  return found;
}
