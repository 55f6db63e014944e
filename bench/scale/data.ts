/** Made data for the bench of scale: 16 numbers, 4 categories, and a target that can be learned. */
import { openEngine } from '../../src/data/engine.js';
import { quoteText } from '../../src/data/sql.js';

const numbers = 16;
const categories = 4;
const levels = 40;

/** A number in [0, 1) for row `i`, the same on every machine. */
const uniform = (stream: number): string =>
  `(hash(i * 64 + ${stream}) >> 11)::DOUBLE / 9007199254740992`;

/** Two rules and noise: about a third of the rows are hits. */
const target = `CASE WHEN 2 * n0 + n1 * n2 + (c0 < 'k5')::INT * n3 + sin(6 * n4) + 0.3 * n5
  + 0.5 * ${uniform(60)} > 2.6 THEN 'hit' ELSE 'miss' END`;

/** Fields as a spec has them. */
export const fields: Readonly<Record<string, string>> = Object.fromEntries([
  ...Array.from({ length: numbers }, (_, i) => [`n${i}`, 'number']),
  ...Array.from({ length: categories }, (_, i) => [`c${i}`, 'category']),
]);

/** Writes so many rows of 20 columns and the target `y` as Parquet; same rows, same bytes. */
export async function writeRows(path: string, rows: number): Promise<void> {
  const engine = await openEngine('.');
  const number = (_: unknown, i: number) => `round(${uniform(i)}, 5) AS n${i}`;
  const category = (_: unknown, i: number) =>
    `'k' || floor(${levels} * pow(${uniform(30 + i)}, 2))::INT AS c${i}`;
  const columns = [
    ...Array.from({ length: numbers }, number),
    ...Array.from({ length: categories }, category),
  ];
  const query = `SELECT * EXCLUDE (i), ${target} AS y FROM
    (SELECT i, ${columns.join(', ')} FROM range(${rows}) AS t(i))`;
  await engine.rows(`COPY (${query}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`, {
    where: path,
  });
  engine.close();
}
