/** Warnings: each is found where it should be, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, openDataset } from './dataset.js';
import { inferKinds } from './infer.js';
import type { Source } from './source.js';
import type { Split } from './split.js';
import { type Warning, warnings } from './warn.js';

interface Case {
  readonly target: string;
  readonly split?: Split;
  readonly options?: OpenOptions;
}

async function warn(source: Source, { target, split, options }: Case): Promise<Warning[]> {
  const data = await openDataset(source, options);
  const inference = await inferKinds(data, { target });
  const found = await warnings(data, inference, {
    target,
    ...(split === undefined ? {} : { split }),
  });
  await data.close();
  return found;
}

const codes = (found: readonly Warning[]): string[] =>
  found.map(({ code, column }) => (column === undefined ? code : `${code} ${column}`));

/** 4,000 rows with nothing wrong: y follows a little from a and c. */
const sound = `SELECT a, c, (a + hash(i * 7) % 900) > 900 AS y, i FROM (
  SELECT i, hash(i) % 1000000 / 1000 AS a, 'c' || hash(i + 5) % 6 AS c FROM range(4000) r(i))`;
const hashSplit: Split = { by: 'hash', key: 'i', test: 0 };

describe('on made-up data', () => {
  it('is silent about sound data', async () => {
    expect(await warn({ query: sound }, { target: 'y', split: hashSplit })).toEqual([]);
  });

  it.each([
    ['a number', 'CASE WHEN y THEN 5 ELSE 1 END + a / 1e6'],
    ['a category', `CASE WHEN y THEN 'yes' ELSE 'no' || c END`],
    ['an id', `CASE WHEN y THEN ['x', c] ELSE [c] END`],
  ])('finds %s that gives the target away', async (_, expression) => {
    const query = `SELECT *, ${expression} AS given FROM (${sound})`;
    const found = await warn({ query }, { target: 'y' });
    expect(codes(found)).toEqual(['leak given']);
    expect(found[0]!.message).toMatch(/^"given" alone removes \d+(\.\d)? % of the errors in "y"/);
  });

  it('finds the leak of a rare class, and of a number', async () => {
    const rare = `SELECT a, c, a + (i % 120 = 7)::INT * 5000 AS given, i % 120 = 7 AS y FROM (${sound})`;
    expect(codes(await warn({ query: rare }, { target: 'y' }))).toEqual([
      'imbalance y',
      'leak given',
    ]);
    const number = `SELECT c, a AS y, a * 2 + hash(i) % 3 AS given FROM (${sound})`;
    expect(codes(await warn({ query: number }, { target: 'y' }))).toEqual(['leak given']);
  });

  it('does not take informative fields for leaks', async () => {
    const query = `SELECT a, c, (hash(i * 3) % 100 < 80) = (c < 'c3') AS y FROM (${sound})`;
    expect(await warn({ query }, { target: 'y' })).toEqual([]);
  });

  it('finds equal rows, within the data and across the split', async () => {
    const query = `SELECT * FROM (${sound}) UNION ALL (SELECT a, c, y, i + 4000 FROM (${sound}) LIMIT 200)`;
    const options = { target: 'y' };
    expect(codes(await warn({ query: `SELECT * EXCLUDE (i) FROM (${query})` }, options))).toEqual([
      'duplicates',
    ]);
    const [across] = await warn({ query }, { ...options, split: hashSplit });
    expect(across).toMatchObject({ code: 'duplicates' });
    expect(across!.message).toMatch(/test rows .* stand in the training rows/);
    const kept = { ...hashSplit, key: `a || '/' || c` };
    const [within] = await warn({ query }, { ...options, split: kept });
    expect(within!.message).toMatch(/^20\d of 4200 rows \(4\.8 %\) repeat/);
  });

  it('finds what differs between training and test rows', async () => {
    const query = `SELECT a + CASE WHEN i > 3200 THEN 600 ELSE 0 END AS moved,
      CASE WHEN i <= 3200 OR i % 3 = 0 THEN c END AS gone, a, y, i FROM (${sound}) ORDER BY i`;
    const split: Split = { by: 'time', column: 'i', share: 0.2 };
    const found = await warn({ query }, { target: 'y', split });
    expect(codes(found)).toEqual(['shift moved', 'shift gone']);
    expect(found[1]!.message).toContain('present in 100 % and 34 %');
  });

  it('finds few rows, missing targets and targets that are names', async () => {
    const query = `SELECT a, CASE WHEN i > 5 THEN 'n' || i END AS y FROM (${sound}) ORDER BY i LIMIT 500`;
    expect(codes(await warn({ query }, { target: 'y' }))).toEqual([
      'few-rows',
      'missing-target y',
      'many-classes y',
    ]);
  });
});

describe('on the data sets of the repository', () => {
  it('finds grp in the mails, and no leak elsewhere', async () => {
    const leaks = async (path: string, target: string): Promise<string[]> =>
      codes(await warn(path, { target })).filter((code) => code.startsWith('leak'));
    expect(await leaks('datasets/spam/spam.parquet', 'label')).toEqual(['leak grp']);
    expect(await leaks('datasets/packages/packages.parquet', 'section')).toEqual([]);
    expect(await leaks('datasets/diamonds/diamonds.parquet', 'cut')).toEqual([]);
    expect(await leaks('datasets/diamonds/diamonds.parquet', 'price')).toEqual([]);
  });
});
