/** Cutting rows into training and test rows, and naming groups. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fold } from '../core/sha256.js';
import { type Dataset, openDataset } from './dataset.js';
import { faultOf } from './fixture.js';
import { partition } from './split.js';
import { timeNumbers } from './time.js';
import { units } from './unit.js';

let data: Dataset;
const rows = 1000;

beforeAll(async () => {
  data = await openDataset({
    query: `SELECT i, 'k' || (i % 97) AS "my key", CASE WHEN i % 10 < 9 THEN 'g' || (i // 50) END AS team,
      (DATE '2024-01-01' + (i // 7)::INT) AS day, strftime(DATE '2024-01-01' + (i // 7)::INT, '%b %d %Y') AS spelled
      FROM range(${rows}) r(i)`,
  });
});
afterAll(() => data.close());

const sum = (parts: Uint8Array): number => parts.reduce((total, part) => total + part, 0);

describe('by hash', () => {
  it('agrees with the fold of the core layer', async () => {
    const parts = await partition(data, { by: 'hash', key: 'my key', test: [0, 3] });
    for (let i = 0; i < rows; i++) {
      expect(parts[i]).toBe([0, 3].includes(fold(`k${i % 97}`, 5)) ? 1 : 0);
    }
  });

  it('takes an expression as the key', async () => {
    const key = `lower("my key") || '/'`;
    const parts = await partition(data, { by: 'hash', key, test: 1, folds: 3 });
    expect(parts[5]).toBe(fold('k5/', 3) === 1 ? 1 : 0);
  });

  it('names what is wrong', async () => {
    const bad = (key: string, test = 0): Promise<string> =>
      faultOf(partition(data, { by: 'hash', key, test }));
    expect(await bad('temm')).toMatch(/^split\.key: .*did you mean "team"\?/);
    expect(await bad('team +')).toMatch(/^split\.key: /);
    expect(await bad('team', 5)).toBe('split.test: expected whole numbers from 0 to 4, got 5');
    expect(await bad(`'same'`)).toMatch(/^split: expected training rows and test rows/);
  });
});

describe('by time', () => {
  it.each(['day', 'spelled', 'i'])('never cuts through a tie of %s', async (column) => {
    const parts = await partition(data, { by: 'time', column, share: 0.2 });
    const cut = parts.indexOf(1);
    expect(sum(parts)).toBe(rows - cut);
    expect(sum(parts)).toBeLessThanOrEqual(200);
    expect(sum(parts)).toBeGreaterThan(190);
    if (column !== 'i') expect(cut % 7).toBe(0);
  });

  it.each([
    ['the day first', '%d/%m/%Y'],
    ['dashes', '%d-%m-%Y %H:%M'],
    ['dots', '%d.%m.%Y'],
    ['the month first', '%m/%d/%Y'],
    ['a zone', '%Y-%m-%dT%H:%M:%S+09:00'],
  ])('orders texts with %s by time, whatever the order of the rows', async (_, format) => {
    const mixed = await openDataset({
      query: `SELECT i, strftime(DATE '2024-01-01' + (i * 37 % 360)::INT, '${format}') AS t FROM range(360) r(i)`,
    });
    const parts = await partition(mixed, { by: 'time', column: 't', share: 0.25 });
    const times = await timeNumbers(mixed, 't');
    await mixed.close();
    parts.forEach((part, i) => {
      expect(part).toBe(Number((i * 37) % 360 >= 270));
      expect(times[i]! - times[0]!).toBe(86400 * ((i * 37) % 360));
    });
  });

  it('starts the test rows at a given time', async () => {
    const parts = await partition(data, { by: 'time', column: 'day', from: '2024-02-01' });
    expect(parts.indexOf(1)).toBe(31 * 7);
  });

  it('names what is wrong', async () => {
    const bad = (column: string, rest: object): Promise<string> =>
      faultOf(partition(data, { by: 'time', column, ...rest }));
    expect(await bad('dya', { share: 0.2 })).toContain('did you mean "day"?');
    expect(await bad('my key', { share: 0.2 })).toMatch(/^split\.column: my key: expected times/);
    expect(await bad('day', { from: 'May' })).toMatch(/^split\.from: expected a time/);
    expect(await bad('day', {})).toMatch(/^split\.share: expected a number between 0 and 1/);
  });
});

describe('by condition', () => {
  it('takes the rows for which it holds; unknown is no', async () => {
    const parts = await partition(data, { by: 'condition', test: "i < 3 OR team = 'g1'" });
    const test = [...parts.keys()].filter((i) => parts[i] === 1);
    expect(test.slice(0, 3)).toEqual([0, 1, 2]);
    expect(test.slice(3).every((i) => i >= 50 && i < 100 && i % 10 < 9)).toBe(true);
    expect(test).toHaveLength(3 + 45);
  });

  it('names what is wrong', async () => {
    const bad = (test: string): Promise<string> =>
      faultOf(partition(data, { by: 'condition', test }));
    expect(await bad('nobody = 1')).toContain('split.test');
    expect(await bad('i < 0')).toContain('expected training rows and test rows');
  });
});

describe('by group', () => {
  it('keeps groups whole, holds about the share, and follows the seed', async () => {
    const cut = (seed: number): Promise<Uint8Array> =>
      partition(data, { by: 'group', column: 'team', share: 0.3, seed });
    const [parts, again, other] = [await cut(1), await cut(1), await cut(2)];
    expect(again).toEqual(parts);
    expect(other).not.toEqual(parts);
    expect(sum(parts)).toBeGreaterThanOrEqual(300);
    expect(sum(parts)).toBeLessThan(401);
    for (let i = 0; i < rows; i++) {
      if (i % 10 < 9) expect(parts[i]).toBe(parts[i - (i % 50)]);
    }
  });
});

it('gives rows one unit exactly when their columns agree', async () => {
  const names = await units(data, ['my key', 'team']);
  const byKey = new Map<string, number>();
  for (let i = 0; i < rows; i++) {
    const key = `${i % 97}/${i % 10 < 9 ? Math.floor(i / 50) : 'null'}`;
    expect(byKey.get(key) ?? names[i]).toBe(names[i]);
    byKey.set(key, names[i]!);
  }
  expect(new Set(byKey.values()).size).toBe(byKey.size);
  expect(await faultOf(units(data, ['teem']))).toContain('did you mean "team"?');
});

it('tells NULL from an empty text, and columns from one another', async () => {
  const values = `('', NULL), (NULL, ''), ('', ''), (NULL, NULL), ('ab', 'c'), ('a', 'bc')`;
  const pairs = await openDataset({ query: `SELECT * FROM (VALUES ${values}) t(a, b)` });
  expect(new Set(await units(pairs, ['a', 'b'])).size).toBe(6);
  await pairs.close();
});
