/** Guessing kinds: against the golden file where the data is there, and on made-up columns. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDataset } from './dataset.js';
import { faultOf } from './fixture.js';
import { inferKinds } from './infer.js';

interface Golden {
  readonly fields: Record<string, string | string[]>;
  readonly targets: Record<string, string>;
}

const golden = JSON.parse(readFileSync('test/golden/kinds.json', 'utf8')) as Record<string, Golden>;
const shipped: Record<string, string> = {
  debian_packages: 'datasets/packages/packages.parquet',
  diamonds: 'datasets/diamonds/diamonds.parquet',
  fail2ban_logs: 'datasets/fail2ban/fail2ban.parquet',
  sensor_singlehop: 'datasets/sensor/sensor.parquet',
  spam_assassin: 'datasets/spam/spam.parquet',
};

async function compare(path: string, { fields, targets }: Golden): Promise<void> {
  const data = await openDataset(path);
  const inference = await inferKinds(data);
  expect(inference.rows).toBe(await data.rows());
  for (const { column, kind } of inference.fields) {
    expect([column, [fields[column]].flat()]).toEqual([column, expect.arrayContaining([kind])]);
  }
  for (const [target, objective] of Object.entries(targets)) {
    const found = await inferKinds(data, { target, sample: 5000 });
    expect([target, found.target?.objective]).toEqual([target, objective]);
    expect(found.fields.some(({ column }) => column === target)).toBe(false);
  }
  await data.close();
}

describe('on the data sets of the repository', () => {
  it.each(Object.entries(shipped))('agrees with people about %s', (name, path) =>
    compare(path, golden[name]!),
  );
});

const folder = process.env.MONBAN_DATA;
describe('on the data sets in MONBAN_DATA', () => {
  for (const [name, expected] of Object.entries(golden)) {
    const path = `${folder}/${name}.parquet`;
    const there = folder !== undefined && existsSync(path);
    const title = there
      ? `agrees with people about ${name}`
      : `${name}: MONBAN_DATA has no such file`;
    it.skipIf(!there)(title, () => compare(path, expected));
  }
});

describe('on made-up columns', () => {
  const kindOf = async (expression: string, name = 'v', rows = 2000): Promise<string> => {
    const query = `SELECT ${expression} AS "${name}" FROM range(${rows}) r(i)`;
    const data = await openDataset({ query });
    const [field] = (await inferKinds(data)).fields;
    await data.close();
    return field!.kind;
  };
  const mixed = 'hash(i)';

  it.each([
    ['NULL::VARCHAR', 'skip'],
    [`'same'`, 'skip'],
    [`CASE WHEN i % 2 = 0 THEN 'only' END`, 'category'],
    ['i', 'skip'],
    ['1000000 + i', 'skip'],
    [`${mixed}::VARCHAR`, 'skip'],
    ['uuid()::VARCHAR', 'skip'],
    [`${mixed} % 1000`, 'number'],
    ['1950 + i // 30', 'number'],
    ['1 + i % 366', 'number'],
    [`(${mixed} % 100000) / 7`, 'number'],
    ['i % 2 = 0', 'number'],
    [`'c' || ${mixed} % 9`, 'category'],
    [`'alpha ' || (${mixed} % 40) || ' beta gamma'`, 'category'],
    [`'order ' || i || ' came late and ' || ${mixed} % 77 || ' broken'`, 'text'],
    [`repeat(chr((12354 + ${mixed} % 80)::INT) || chr((12360 + i % 79)::INT), 9)`, 'text'],
    [`(TIMESTAMP '2024-01-01' + to_hours(i))::VARCHAR`, 'time'],
    [`strftime(DATE '2024-01-01' + i::INT, '%d.%m.%Y')`, 'time'],
    [
      `strftime(TIMESTAMP '2024-01-01' + to_minutes(i), '%Y-%m-%d %H:%M:%S') || ' ERROR db: lost ' || i`,
      'log',
    ],
    [`['x', 'y' || i % 5]`, 'ids'],
    ['range(i % 9)', 'series'],
    [`list_transform(range(64), x -> ((x * i) % 256)::UTINYINT)`, 'image'],
    [`list_transform(range(65), x -> ((x * i) % 256)::UTINYINT)`, 'series'],
    [`'ab'::BLOB || i::VARCHAR::BLOB`, 'skip'],
  ])('takes %s for %s', async (expression, kind) => {
    expect(await kindOf(expression)).toBe(kind);
  });

  it('counts what is no time among times, and no number among those of lists', async () => {
    const reasonOf = async (expression: string): Promise<string> => {
      const query = `SELECT ${expression} AS v FROM range(200) r(i)`;
      const data = await openDataset({ query });
      const [field] = (await inferKinds(data)).fields;
      await data.close();
      return `${field!.kind}: ${field!.reason}`;
    };
    const day = `(DATE '2024-01-01' + i::INT)::VARCHAR`;
    expect(await reasonOf(day)).toBe('time: 100 % of the texts are dates or times');
    expect(await reasonOf(`CASE WHEN i % 50 = 7 THEN '2024-02-31' ELSE ${day} END`)).toBe(
      'time: 98 % of the texts are dates or times; 4 are none, such as "2024-02-31"',
    );
    const items = (odd: string) => `[to_json(i), ${odd}, to_json(i / 7)]`;
    expect(await reasonOf(items(`CASE WHEN i = 7 THEN to_json('x') ELSE 'null'::JSON END`))).toBe(
      'ids: lists of texts; a series but that 1 of 401 items is no number, such as "x"',
    );
    expect(await reasonOf(`[to_json('x'), to_json('y' || i % 5)]`)).toBe('ids: lists of texts');
  });

  it('takes years and days of the year for numbers, and row numbers of a small file not', async () => {
    expect(await kindOf('1950 + i', 'v', 80)).toBe('number');
    expect(await kindOf('1 + i % 366', 'v', 1000)).toBe('number');
    expect(await kindOf('1 + i', 'v', 200)).toBe('skip');
  });

  it('reads names where the values cannot tell', async () => {
    expect(await kindOf(`${mixed} % 90000 + 10000`, 'postal code', 50_000)).toBe('number');
    expect(await kindOf(`${mixed} % 500 + 10000`, 'postal code')).toBe('category');
    expect(await kindOf(`${mixed} % 500 + 10000`, 'amount')).toBe('number');
    expect(await kindOf(`${mixed} % 1000000000000`, 'customer_id')).toBe('skip');
  });

  it('chooses the objective of the target', async () => {
    const query = `SELECT i % 3 AS few, ${mixed} % 500 AS many, i % 3 = 0 AS flag, i / 7 AS real,
      'c' || i % 4 AS label, [i] AS list FROM range(900) r(i)`;
    const data = await openDataset({ query });
    const targetOf = async (target: string) => (await inferKinds(data, { target })).target;
    expect(await targetOf('few')).toEqual({
      column: 'few',
      objective: 'classification',
      classes: [
        ['0', 300],
        ['1', 300],
        ['2', 300],
      ],
    });
    expect((await targetOf('flag'))?.classes).toEqual([
      ['false', 600],
      ['true', 300],
    ]);
    expect((await targetOf('label'))?.objective).toBe('classification');
    expect(await targetOf('many')).toEqual({ column: 'many', objective: 'regression' });
    expect((await targetOf('real'))?.objective).toBe('regression');
    expect(await faultOf(targetOf('lable'))).toContain('did you mean "label"?');
    expect(await faultOf(targetOf('list'))).toMatch(/^target list: /);
    await data.close();
  });
});
