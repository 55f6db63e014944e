/** Writing rows and reading them back. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import type { OutputColumn } from './cell.js';
import { openDataset } from './dataset.js';
import { faultOf, temporaryFolder } from './fixture.js';
import { readRecords } from './record.js';
import { quoteText } from './sql.js';
import { rowWriter } from './write.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const columns: OutputColumn[] = [
  { name: 'text', type: 'VARCHAR' },
  { name: 'a "list"', type: 'VARCHAR[]' },
  { name: 'number', type: 'DOUBLE' },
  { name: 'whole', type: 'BIGINT' },
  { name: 'yes', type: 'BOOLEAN' },
  { name: 'more', type: 'JSON' },
];

type Row = Record<string, unknown>;

async function writeAll(path: string, rows: readonly Row[]): Promise<void> {
  const writer = await rowWriter(path, columns);
  await writer.write(rows.slice(0, 1));
  await writer.write(rows.slice(1));
  await writer.close();
}

const text = fc.option(fc.string({ unit: 'grapheme' }));
const row = fc.record({
  text,
  'a "list"': fc.option(fc.array(fc.string({ unit: 'grapheme' }))),
  number: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  whole: fc.option(fc.maxSafeInteger()),
  yes: fc.option(fc.boolean()),
});

/** A query that takes the file as it is, without guessing types. */
const exact: Record<string, (path: string) => string> = {
  parquet: (path) => `SELECT * FROM read_parquet(${path})`,
  jsonl: (path) => `SELECT * FROM read_json(${path}, format = 'newline_delimited',
    columns = {text: 'VARCHAR', 'a "list"': 'VARCHAR[]', number: 'DOUBLE', whole: 'BIGINT', yes: 'BOOLEAN'})`,
  csv: (
    path,
  ) => `SELECT * REPLACE ("a ""list"""::JSON::VARCHAR[] AS "a ""list""") FROM read_csv(${path},
    auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false,
    columns = {text: 'VARCHAR', 'a "list"': 'VARCHAR', number: 'DOUBLE', whole: 'BIGINT', yes: 'BOOLEAN', more: 'VARCHAR'})`,
};

it.each(Object.keys(exact))(
  'brings any texts, lists and numbers back from %s',
  async (extension) => {
    const path = `${folder.path}/any.${extension}`;
    const check = async (rows: Row[]): Promise<void> => {
      await writeAll(path, rows);
      const data = await openDataset({ query: exact[extension]!(quoteText(path)) });
      const read = await data.read(['text', 'a "list"', 'number', 'whole', 'yes']);
      await data.close();
      const number = (value: unknown): number => (value === null ? Number.NaN : Number(value) + 0);
      expect(read.columns.text).toEqual(rows.map((value) => value.text));
      expect(read.columns['a "list"']).toEqual(rows.map((value) => value['a "list"']));
      for (const name of ['number', 'whole', 'yes']) {
        const found = Array.from(read.columns[name] as Float64Array, (value) => value + 0);
        expect(found).toEqual(rows.map((value) => number(value[name])));
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), check), {
      numRuns: 25,
    });
  },
);

it('writes exact whole numbers, nested values and well-formed text', async () => {
  const rows = [{ whole: 2n ** 62n, more: { a: [1, 'x'] }, text: 'a\uD800b', number: Number.NaN }];
  await writeAll(`${folder.path}/one.jsonl`, rows);
  expect(readFileSync(`${folder.path}/one.jsonl`, 'utf8')).toBe(
    '{"text":"a\uFFFDb","a \\"list\\"":null,"number":null,"whole":4611686018427387904,"yes":null,"more":{"a":[1,"x"]}}\n',
  );
});

it('shows nothing until it is closed, and nothing at all when it is not', async () => {
  for (const extension of ['parquet', 'csv', 'jsonl']) {
    const path = `${folder.path}/late/file.${extension}`;
    const writer = await rowWriter(path, columns);
    await writer.write([{ text: 'x' }]);
    expect(existsSync(path)).toBe(false);
    expect(await faultOf(writer.write([{ whole: 1.5 }]))).toBe(
      'whole: expected a value of type BIGINT, got 1.5',
    );
    await writer.abort();
    expect(readdirSync(`${folder.path}/late`)).toEqual([]);
  }
});

it('explains what it cannot write', async () => {
  expect(await faultOf(rowWriter('x.xlsx', columns))).toMatch(
    /ends in \.parquet, \.csv or \.jsonl/,
  );
  folder.write('file', '');
  for (const extension of ['parquet', 'csv']) {
    expect(await faultOf(rowWriter(`${folder.path}/file/x.${extension}`, columns))).toMatch(
      /expected to be able to write it/,
    );
  }
});

it.skipIf(!existsSync('/dev/full'))('says that the disk is full', async () => {
  const { csvSink } = await import('./text-writer.js');
  const { writeFault } = await import('../core/file.js');
  const error = await csvSink('/dev/full', columns).catch((cause: unknown) => cause);
  expect(String(writeFault('out.csv', error))).toContain('the disk is full');
});

async function records(lines: string): Promise<Row[]> {
  const found: Row[] = [];
  for await (const record of readRecords(Readable.from([lines]))) found.push(record);
  return found;
}

it('reads records from JSON lines and names the line that is wrong', async () => {
  expect(await records('\uFEFF{"a":1}\r\n\n{"a":"門"}')).toEqual([{ a: 1 }, { a: '門' }]);
  expect(await records('')).toEqual([]);
  expect(await faultOf(records('{"a":1}\n{"a":'))).toMatch(
    /^standard input \(line 2\): expected a JSON object/,
  );
  expect(await faultOf(records('\n[1]'))).toMatch(/\(line 2\): expected a JSON object, got \[1\]/);
});
