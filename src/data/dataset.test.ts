/** Opening data sets and reading their columns. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Dataset, type OpenOptions, openDataset } from './dataset.js';
import { faultOf, temporaryFolder } from './fixture.js';
import type { Source } from './source.js';

const folder = temporaryFolder();
const opened: Dataset[] = [];
afterAll(async () => {
  for (const dataset of opened) await dataset.close();
  folder.remove();
});

async function open(source: Source, options: OpenOptions = {}): Promise<Dataset> {
  const dataset = await openDataset(source, { base: folder.path, ...options });
  opened.push(dataset);
  return dataset;
}

async function only(expression: string): Promise<unknown> {
  const dataset = await open({ query: `SELECT ${expression} AS v` });
  return (await dataset.read(['v'])).columns.v;
}

describe('reading types', () => {
  it.each([
    ['true', 1],
    ['NULL::BOOLEAN', Number.NaN],
    ['9007199254740993::BIGINT', 9007199254740992],
    ['170141183460469231731687303715884105727::HUGEINT', 2 ** 127],
    ['12.25::DECIMAL(10,2)', 12.25],
    ['0.1::DOUBLE', 0.1],
    [`'inf'::FLOAT`, Number.POSITIVE_INFINITY],
  ])('reads %s as a number', async (expression, value) => {
    expect(await only(expression)).toEqual(Float64Array.of(value));
  });

  it.each([
    [`DATE '2024-02-29'`, '2024-02-29'],
    [`TIMESTAMP '2024-02-29 01:02:03.5'`, '2024-02-29T01:02:03.5'],
    [`TIMESTAMPTZ '2024-02-29 01:02:03+02'`, '2024-02-28T23:02:03Z'],
    [`'a'::ENUM('a', 'b')`, 'a'],
    [`'"x"'::JSON`, 'x'],
    [`'{"a":1}'::JSON`, '{"a":1}'],
    [`{'a': 1, 'b': 'x'}`, '{"a":1,"b":"x"}'],
    [`'ab'::BLOB`, 'YWI='],
    ['NULL::VARCHAR', null],
    [`''`, ''],
    [`'twelve bytes'`, 'twelve bytes'],
    [`'thirteen byte' || chr(0) || '門番😀'`, 'thirteen byte\0門番😀'],
    [`chr(65279) || 'bom'`, '\uFEFFbom'],
  ])('reads %s as a text', async (expression, value) => {
    expect(await only(expression)).toEqual([value]);
  });

  it.each([
    [`['a', NULL, 'b']`, ['a', 'b']],
    ['[]::VARCHAR[]', []],
    ['NULL::VARCHAR[]', null],
    ['[1, NULL, 255]::UTINYINT[]', ['1', 'NaN', '255']],
    ['[9007199254740993]::BIGINT[]', ['9007199254740993']],
    ['[1.5, -0.25]::DOUBLE[]', ['1.5', '-0.25']],
    ['[1.5, 2]::FLOAT[2]', ['1.5', '2']],
    [`[DATE '2024-01-01']`, ['2024-01-01']],
  ])('reads %s as a list of texts', async (expression, value) => {
    expect(await only(expression)).toEqual([value]);
  });

  it('respects NULLs at every place of a chunk', async () => {
    const dataset = await open({
      query: `SELECT CASE WHEN i % 3 > 0 THEN i END AS n, CASE WHEN i % 5 > 0 THEN 'text ' || i END AS t,
        CASE WHEN i % 7 > 0 THEN [i::VARCHAR] END AS l FROM range(5000) r(i)`,
    });
    const { columns } = await dataset.read(['n', 't', 'l']);
    for (let i = 0; i < 5000; i++) {
      expect(columns.n![i]).toBe(i % 3 > 0 ? i : Number.NaN);
      expect(columns.t![i]).toBe(i % 5 > 0 ? `text ${i}` : null);
      expect(columns.l![i]).toEqual(i % 7 > 0 ? [`${i}`] : null);
    }
  });
});

describe('reading rows', () => {
  it('keeps the order of a Parquet file and of several files, in chunks', async () => {
    const numbers = await open({ query: 'SELECT i FROM range(200000) r(i)' });
    expect(await numbers.rows()).toBe(200_000);
    let next = 0;
    let chunks = 0;
    for await (const chunk of numbers.chunks(['i'])) {
      chunks++;
      expect(chunk.rows).toBe(chunk.columns.i!.length);
      for (const value of chunk.columns.i as Float64Array) if (value !== next++) next = -1;
    }
    expect(next).toBe(200_000);
    expect(chunks).toBeGreaterThan(10);
    for (const name of ['p2.csv', 'p1.csv', 'p10.csv']) folder.write(name, `v\n${name}\n`);
    expect((await (await open('p*.csv')).read(['v'])).columns.v).toEqual([
      'p1.csv',
      'p10.csv',
      'p2.csv',
    ]);
    expect((await (await open(['p2.csv', 'p1.csv'])).read(['v'])).columns.v).toEqual([
      'p2.csv',
      'p1.csv',
    ]);
  });

  it('takes conditions, limits and derived columns', async () => {
    folder.write('small.csv', 'a,b\n1,x\n2,y\n3,z\n');
    const dataset = await open('small.csv', {
      derived: { twice: 'a * 2', 'odd one': 'a % 2 = 1' },
    });
    expect(dataset.columns.map(({ name, storage }) => [name, storage])).toEqual([
      ['a', 'number'],
      ['b', 'text'],
      ['twice', 'number'],
      ['odd one', 'number'],
    ]);
    const some = await dataset.read(['twice', 'b'], { where: '"odd one"', limit: 5 });
    expect(some).toEqual({ rows: 2, columns: { twice: Float64Array.of(2, 6), b: ['x', 'z'] } });
    expect(await dataset.read(['a', 'b'], { where: 'a > 9' })).toEqual({
      rows: 0,
      columns: { a: new Float64Array(0), b: [] },
    });
    expect(await dataset.sql('SELECT sum(a) AS s FROM {data}')).toEqual([{ s: 6 }]);
    expect(await dataset.evaluate('a + 0.5', 'x')).toEqual(Float64Array.of(1.5, 2.5, 3.5));
  });

  it('reads JSON lines, arrays, gzip, semicolons, tabs and hostile names', async () => {
    folder.write('a.jsonl', '{"a":1,"b":["x","y"]}\n{"a":2}\n');
    folder.write('b.json', '[{"a":1},{"a":2}]');
    folder.write('c.csv', 'a;b\n1;2,5\n');
    folder.write('d.tsv', 'a\tb\n1\t"x\ty"\n');
    folder.write(`we[ir]d 'n*me.csv`, 'a\n7\n');
    folder.write(`we[ir]d 'name.csv`, 'a\n8\n');
    expect((await (await open('a.jsonl')).read(['b'])).columns.b).toEqual([['x', 'y'], null]);
    expect((await (await open('b.json')).read(['a'])).columns.a).toEqual(Float64Array.of(1, 2));
    expect((await (await open('c.csv')).read(['b'])).columns.b).toEqual(['2,5']);
    expect((await (await open('d.tsv')).read(['b'])).columns.b).toEqual(['x\ty']);
    expect((await (await open(`we[ir]d 'n*me.csv`)).read(['a'])).columns.a).toEqual(
      Float64Array.of(7),
    );
  });

  it.each(['\n', '\r\n', '\r'])(
    'reads quoted names and cells with line breaks where %j ends rows',
    async (end) => {
      const rows = ['"a\nb","値段, ""円"""', '"1\n2",3', '"x\r\n\ry, ""z""",4', '"日本\n",5'];
      folder.write('quoted.csv', rows.map((row) => row + end).join(''));
      const { columns } = await (await open('quoted.csv')).read(['a\nb', '値段, "円"']);
      expect(columns).toEqual({
        'a\nb': ['1\n2', 'x\r\n\ry, "z"', '日本\n'],
        '値段, "円"': Float64Array.of(3, 4, 5),
      });
    },
  );

  it('stops when it is told to', async () => {
    const dataset = await open({ query: 'SELECT i FROM range(50000000) r(i)' });
    const stop = new AbortController();
    const reason = new Error('enough');
    const read = async (): Promise<void> => {
      for await (const chunk of dataset.chunks(['i'], { signal: stop.signal })) {
        if (chunk.rows > 0) stop.abort(reason);
      }
    };
    await expect(read()).rejects.toBe(reason);
    expect((await dataset.read(['i'], { limit: 2 })).rows).toBe(2);
  });

  it('lets two readers run at the same time', async () => {
    const dataset = await open({ query: 'SELECT i FROM range(50000) r(i)' });
    const left = dataset.chunks(['i'])[Symbol.asyncIterator]();
    const right = dataset.chunks(['i'])[Symbol.asyncIterator]();
    const [a, b] = [await left.next(), await right.next()];
    expect(a).toEqual(b);
    await left.return?.();
    let rows = b.done === true ? 0 : b.value.rows;
    for (let next = await right.next(); next.done !== true; next = await right.next()) {
      rows += next.value.rows;
    }
    expect(rows).toBe(50_000);
  });
});

describe('mistakes', () => {
  it('names the nearest column', async () => {
    const dataset = await open({ query: 'SELECT 1 AS amount, 2 AS "Country"' });
    expect(await faultOf(dataset.read(['amuont']))).toContain('did you mean "amount"?');
    expect(await faultOf(dataset.read(['amount'], { where: 'cuontry > 1' }))).toContain(
      'did you mean "Country"?',
    );
    expect(await faultOf(dataset.evaluate('amoun', 'split.key'))).toBe(
      'split.key: expected one of the columns amount, Country, got "amoun"; did you mean "amount"?',
    );
  });

  it('refuses to change anything through sql', async () => {
    const dataset = await open({ query: 'SELECT 1 AS a' });
    await faultOf(dataset.sql('DROP VIEW {data}'));
    await faultOf(dataset.sql(`COPY {data} TO '${folder.path}/evil.csv'`));
    expect(await dataset.rows()).toBe(1);
  });
});

it('a query runs once, so that rows, splits and targets of two readings belong together', async () => {
  const data = await openDataset({ query: 'SELECT range AS i, random() AS r FROM range(5000)' });
  const first = await data.read(['r']);
  const second = await data.read(['r']);
  await data.close();
  expect(second.columns.r).toEqual(first.columns.r);
});
