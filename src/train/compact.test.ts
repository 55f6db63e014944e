/** A compact table says the same of the rows it was made for. */
import { expect, test } from 'vitest';
import type { BagColumn } from '../core/column.js';
import { random } from '../core/random.js';
import { makeTables, rowsOf, sum } from '../runtime/table.js';
import { compact } from './compact.js';

const words: BagColumn = {
  form: 'bag',
  width: 9,
  ids: Int32Array.of(8, 2, 5, 2, 7, 0),
  weights: Float32Array.of(1, 2, 3, 4, 5, 6),
  offsets: Int32Array.of(0, 2, 3, 5, 5, 6),
};
const size = { form: 'values', width: 1, data: new Float32Array(5) } as const;
const fields = {
  note: { words: { form: 'bag', width: 9, cheap: false } },
  size: { level: { form: 'values', width: 1, cheap: true } },
} as const;

test('bags are renumbered to the ids in use, other ports stay', () => {
  const rows = Int32Array.of(2, 0, 3);
  const columns = { 'note:words': words, 'size:level': size };
  const small = compact(fields, columns, rows);
  expect(small.kept).toEqual({ 'note:words': Int32Array.of(2, 7, 8) });
  expect(small.columns['size:level']).toBe(size);
  expect(small.fields.note!.words).toEqual({ form: 'bag', width: 3, cheap: false });
  expect(small.fields.size).toEqual(fields.size);

  const spec = {
    width: 2,
    init: { kind: 'normal', scale: 1 },
    random: random(1, 'table'),
  } as const;
  const table = makeTables([{ ...spec, rows: 9 }])[0]!;
  const data = rowsOf(table, small.kept['note:words']!);
  const less = makeTables([{ ...spec, rows: 3, init: { kind: 'data', data } }])[0]!;
  const [all, few] = [new Float32Array(6), new Float32Array(6)];
  sum(table, words, rows, all);
  sum(less, small.columns['note:words'] as BagColumn, rows, few);
  expect(all.some((value) => value !== 0)).toBe(true);
  expect(few).toEqual(all);
});

test('a bag that no row uses keeps one row, for a table cannot have none', () => {
  const { kept, fields: ports } = compact(fields, { 'note:words': words }, Int32Array.of(3));
  expect(kept['note:words']).toHaveLength(1);
  expect(ports.note!.words!.width).toBe(1);
});
