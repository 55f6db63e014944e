/** Whatever is wrong with a source is an error that names the file, the finding and the remedy. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDataset } from './dataset.js';
import { faultOf, temporaryFolder } from './fixture.js';
import type { Source } from './source.js';
import { rowWriter } from './write.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

beforeAll(async () => {
  const path = `${folder.path}/whole.parquet`;
  const writer = await rowWriter(path, [{ name: 'a', type: 'VARCHAR' }]);
  const texts = Array.from({ length: 5000 }, (_, i) => ({ a: `${Math.sin(i)}` }));
  await writer.write(texts);
  await writer.close();
  const { readFileSync } = await import('node:fs');
  const whole = readFileSync(path);
  folder.write('cut.parquet', whole.subarray(0, 9000));
  folder.write('spoilt.parquet', Buffer.from(whole).fill(7, 4000, 20000));
  folder.write('folder/inside.csv', 'a\n1\n');
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
});

const files: Record<string, string | Uint8Array> = {
  'empty.csv': '',
  'blank.csv': '\n\n',
  'head.csv': 'a,b\n',
  'image.parquet': Buffer.from('89504e470d0a1a0a00', 'hex'),
  'sheet.xlsx': Buffer.from('504b030414000600', 'hex'),
  'sheet.csv': Buffer.from('504b030414000600', 'hex'),
  'binary.csv': Uint8Array.of(1, 2, 0, 4),
  'short.csv': 'a,b,c\n1,2,3\n1,2\n4,5,6\n',
  'long.csv': 'a,b,c\n1,2,3\n1,2,3,4\n',
  'quote.csv': 'a,b\n1,"abc\n2,x\n3,y\n',
  'latin.csv': Buffer.from('a,b\n1,caf\xe9\n', 'latin1'),
  'wide.csv': Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'),
  'broken.jsonl': '{"a":1}\n{"a":2\n{"a":3}\n',
  'scalar.jsonl': '1\n2\n',
  'twice.csv': 'a,b,A\n1,2,3\n',
  'plain.csv.gz': 'a,b\n1,2\n',
  'empty.csv.gz': gzipSync(''),
  'notes.log': 'x y z\n',
  'ends.csv': 'a,b\r\n1,2\n3,4\r\n',
  'one.csv': 'a,b\n1,2\n',
  'text.csv': 'a,b\nx,2\n',
  'other.csv': 'q,r\n1,2\n',
};

const cases: [Source, RegExp][] = [
  ['none.csv', /^none\.csv: .*no such file; check the path/],
  ['*.none', /no file that matches/],
  ['folder', /^folder: .*a folder; name its files/],
  [[], /an empty list/],
  ['https://example.com/a.csv', /an address; download the file first/],
  ['empty.csv', /empty\.csv: .*an empty file/],
  ['blank.csv', /blank\.csv: .*nothing but blank lines/],
  ['head.csv', /at least one row, got none/],
  ['image.parquet', /image\.parquet: .*"PAR1", got a PNG image/],
  ['cut.parquet', /cut\.parquet: .*the file is cut off/],
  ['sheet.xlsx', /sheet\.xlsx: .*a spreadsheet/],
  ['sheet.csv', /sheet\.csv: .*a spreadsheet/],
  ['binary.csv', /binary data; convert it/],
  ['short.csv', /short\.csv \(line 3\): .*Number of Columns: 3 Found: 2/],
  ['long.csv', /long\.csv \(line 3\): .*Number of Columns: 3 Found: 4/],
  ['quote.csv', /quote\.csv \(line 2\): .*unterminated quote/],
  ['ends.csv', /ends\.csv: .*rows of different forms; .*the same line end/],
  ['latin.csv', /latin\.csv.*save the file as UTF-8/],
  ['wide.csv', /UTF-16 text; save it as UTF-8/],
  ['broken.jsonl', /broken\.jsonl \(line 3\): .*one JSON object per line/],
  ['scalar.jsonl', /scalar\.jsonl: expected JSON objects/],
  ['twice.csv', /twice\.csv: .*"A" twice; rename one/],
  ['plain.csv.gz', /expected gzip-compressed data, got text/],
  ['empty.csv.gz', /empty\.csv\.gz: .*nothing but blank lines/],
  ['notes.log', /notes\.log: .*ends in \.parquet/],
  [['one.csv', 'text.csv'], /text\.csv: a: expected BIGINT as in .*one\.csv, got VARCHAR/],
  [['one.csv', 'other.csv'], /other\.csv: expected columns of .*one\.csv, got q, r/],
  [['one.csv', 'whole.parquet'], /parquet beside csv/],
  [{ query: '' }, /expected a query, got nothing/],
  [{ query: 'SELCT 1' }, /^query: .*syntax error/],
  [{ query: 'SELECT 1 AS a; SELECT 2' }, /one SELECT statement, got 2 statements/],
  [{ query: 'CREATE TABLE t AS SELECT 1' }, /one SELECT statement, got CREATE/],
  [{ query: 'SELECT 1 AS a, 2 AS A' }, /"A" twice/],
  [{ query: 'SELECT * FROM range(0)' }, /at least one row, got none/],
  [{ query: `FROM 'https://example.com/a.csv'` }, /download the file first/],
  [{ query: 'INSTALL httpfs' }, /one SELECT statement/],
];

it.each(cases)('explains %j', async (source, message) => {
  const found = await faultOf(openDataset(source, { base: folder.path }));
  expect(found).toMatch(message);
  expect(found).not.toContain('\n');
});

it('explains damage that shows only while reading', async () => {
  const read = async (source: Source): Promise<void> => {
    const dataset = await openDataset(source, { base: folder.path });
    await dataset.read(['a']).finally(() => dataset.close());
  };
  expect(await faultOf(read('spoilt.parquet'))).toMatch(
    /^spoilt\.parquet: expected data that can be read/,
  );
  expect(await faultOf(read({ query: `SELECT error('boom') AS a` }))).toMatch(/^query: .*boom/);
});

it('explains derived columns by name', async () => {
  const open = (sql: string, name = 'c'): Promise<string> =>
    faultOf(openDataset('one.csv', { base: folder.path, derived: { [name]: sql } }));
  expect(await open('aa + b')).toMatch(/^derived\.c: .*did you mean "a"\?/);
  expect(await open('a) FROM raw; DROP VIEW raw; --')).toMatch(/^derived\.c: /);
  expect(await open('sum(a)')).toMatch(/^derived\.c: /);
  expect(await open('1', 'A')).toMatch(/^derived\.A: expected a new name/);
});
