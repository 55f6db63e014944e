/** JSON records as batches: a value means the same whether it comes as JSON or from a data file. */
import { expect, test } from 'vitest';
import { MonbanError } from '../core/fault.js';
import { chunkBatch, recordReader, sliceBatch } from './batch.js';

const fields = ['image', 'category', 'text', 'time', 'log', 'number', 'ids', 'series'].map(
  (kind) => ({
    name: kind,
    column: kind,
    kind,
  }),
);
const read = recordReader(fields);
const cellOf = (field: string, value: unknown) => read([{ [field]: value }]).values[field]![0];

test.each([
  ['category', 5, '5'],
  ['category', true, 'true'],
  ['text', 0.5, '0.5'],
  ['time', 1700000000, '1700000000'],
  ['log', 7, '7'],
  ['number', '4.5', 4.5],
  [
    'image',
    [
      [[1], [2]],
      [[3], [4]],
    ],
    ['1', '2', '3', '4'],
  ],
  ['number', true, 1],
  ['ids', [5, 'a'], ['5', 'a']],
  ['series', [true, false, 2], ['1', '0', '2']],
  ['series', [[true, 1]], ['[1,1]']],
])('%s: %j is read as %j', (field, value, wanted) => {
  expect(cellOf(field, value)).toEqual(wanted);
});

test.each([
  ['number', 'abc'],
  ['text', { a: 1 }],
  ['time', ['2024-01-01']],
  ['series', 5],
  ['image', 5],
  ['image', [null, 1]],
  ['image', [[1, 2], [3]]],
  ['image', [[1, 2], 3]],
  ['series', [['a'], [1, [2]]]],
])('%s: %j is a fault', (field, value) => {
  expect(() => cellOf(field, value)).toThrow(MonbanError);
  expect(() => cellOf(field, value)).toThrow(new RegExp(`record\\.${field}: expected`));
});

test('a chunk says which record of the data a fault is in', () => {
  const own = [{ name: 'weight', column: 'weight', kind: 'number' }];
  const chunk = { rows: 2, columns: { weight: ['4', 'heavy'] } };
  expect(() => chunkBatch(chunk, own, 8193)).toThrow('weight, record 8194: expected a number');
});

test('records of a stream are counted from where they begin', () => {
  const records = [{ number: 1 }, { number: 'heavy' }, 5 as never];
  expect(() => read(records, 41)).toThrow(/^record 43: expected a JSON object/);
  expect(() => read(records.slice(0, 2), 41)).toThrow(/^record 42\.number: expected a number/);
  expect(() => read([records[1]!], 41)).toThrow(/^record 41\.number: /);
  expect(() => read([records[1]!])).toThrow(/^record\.number: /);
  expect(sliceBatch(read([records[0]!, records[0]!], 41), 1, 2).first).toBe(42);
});
