/** How well one field alone predicts the target on rows that it was not fitted on. */
import type { Dataset } from './dataset.js';
import type { InferredField, InferredTarget } from './infer.js';
import { numberExpression } from './missing.js';
import { quoteName } from './sql.js';
import { timeExpression } from './time.js';

const bins = 256;
/** Ids that take part, the most frequent first. */
const topIds = 200;

/** A SELECT of field value `v`, target `y`, half `h` (0 or 1) and lot `k` for up to `sample` rows. */
function sampled(value: string, target: InferredTarget, sample: number): string {
  const y = quoteName(target.column);
  const label = target.objective === 'classification' ? `${y}::VARCHAR` : `${y}::DOUBLE`;
  return `SELECT v, y, hash(r) % 2 AS h, hash(r, 1) AS k FROM (SELECT ${value} AS v, ${label} AS y,
    row_number() OVER () AS r FROM {data} WHERE ${y} IS NOT NULL)
    USING SAMPLE reservoir(${sample} ROWS) REPEATABLE (1)`;
}

/** Share of the gap between guessing the most frequent label and being always right, by value. */
function byValue(source: string): string {
  return `WITH s AS (${source}),
    cell AS (SELECT v, y, count(*) FILTER (h = 0) AS a, count(*) FILTER (h = 1) AS b FROM s GROUP BY v, y),
    label AS (SELECT y, sum(a) AS a, sum(b) AS b FROM cell GROUP BY y),
    prior AS (SELECT arg_max(y, a) AS y FROM label),
    guess AS (SELECT v, arg_max(y, a) AS y FROM cell WHERE a > 0 GROUP BY v),
    score AS (SELECT sum(cell.b) FILTER (cell.y = coalesce(guess.y, (SELECT y FROM prior))) AS hit,
      sum(cell.b) AS n FROM cell LEFT JOIN guess ON cell.v IS NOT DISTINCT FROM guess.v),
    base AS (SELECT coalesce(sum(b) FILTER (y = (SELECT y FROM prior)), 0) AS hit FROM label)
    SELECT (score.hit - base.hit) / nullif(score.n - base.hit, 0) AS gain FROM score, base`;
}

/** The same, where the guess is the label of the nearest lower value among the other half. */
function byNeighbour(source: string): string {
  return `WITH s AS (${source}),
    near AS (SELECT y, h, last_value(CASE WHEN h = 0 THEN y END IGNORE NULLS)
      OVER (ORDER BY v, k ROWS UNBOUNDED PRECEDING) AS guess FROM s WHERE v IS NOT NULL),
    prior AS (SELECT mode(y) AS y FROM s WHERE h = 0),
    score AS (SELECT count(*) AS n, count(*) FILTER (near.y = guess) AS hit,
      count(*) FILTER (near.y = (SELECT y FROM prior)) AS base FROM near WHERE h = 1)
    SELECT (hit - base) / nullif(n - base, 0) AS gain FROM score`;
}

/** Share of the variance of the target's ranks that the means by value explain. */
function byMean(source: string): string {
  return `WITH s AS (SELECT v, h, percent_rank() OVER (ORDER BY y) AS y FROM (${source})),
    guess AS (SELECT v, avg(y) AS m FROM s WHERE h = 0 GROUP BY v),
    centre AS (SELECT avg(y) AS m FROM s WHERE h = 0)
    SELECT 1 - sum((s.y - coalesce(guess.m, centre.m)) ** 2) / nullif(sum((s.y - centre.m) ** 2), 0) AS gain
    FROM centre, s LEFT JOIN guess ON s.v IS NOT DISTINCT FROM guess.v WHERE s.h = 1`;
}

/** Quantile bins; equal values share one, or the outcome would hang on the order of the rows. */
function binned(source: string): string {
  return `SELECT CASE WHEN v IS NULL THEN NULL ELSE
    floor(${bins} * percent_rank() OVER (PARTITION BY v IS NULL ORDER BY v)) END AS v, y, h
    FROM (${source})`;
}

function idsSource(dataset: Dataset, field: string, target: InferredTarget, sample: number) {
  const name = quoteName(field);
  const type = dataset.columns.find((column) => column.name === field)!.type;
  const top = `(SELECT list(id ORDER BY n DESC) FROM (SELECT id, count(*) AS n FROM
    (SELECT unnest(${name}) AS id FROM {data}) GROUP BY id ORDER BY n DESC LIMIT ${topIds}))`;
  return sampled(`list_sort(list_intersect(${name}, ${top}::${type}))`, target, sample);
}

/**
 * The share in 0 to 1 of what is unknown about the target that this field alone settles, on rows
 * held out; below 0 where it misleads. For texts and categories by equal values, for numbers and
 * times by 256 quantile bins and by the nearest value, for ids by the set of frequent ones.
 */
export async function leakage(
  dataset: Dataset,
  field: InferredField,
  target: InferredTarget,
  sample: number,
): Promise<number> {
  const column = dataset.columns.find((other) => other.name === field.column)!;
  const labels = target.objective === 'classification';
  const queries: string[] = [];
  if (field.kind === 'number' || field.kind === 'time') {
    const value = field.kind === 'time' ? timeExpression(column) : numberExpression(column);
    const source = sampled(value, target, sample);
    queries.push(labels ? byValue(binned(source)) : byMean(binned(source)));
    if (labels) queries.push(byNeighbour(source));
  } else if (['category', 'text', 'log', 'ids'].includes(field.kind)) {
    const source =
      field.kind === 'ids'
        ? idsSource(dataset, field.column, target, sample)
        : sampled(`${quoteName(column.name)}::VARCHAR`, target, sample);
    queries.push(labels ? byValue(source) : byMean(source));
  }
  const gains = await Promise.all(queries.map((query) => dataset.sql(query)));
  return Math.max(0, ...gains.map(([row]) => Number(row?.gain ?? 0)));
}
