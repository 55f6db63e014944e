/** What names tell: means drawn to nothing, and never by rows of the same part. */
import { expect, test } from 'vitest';
import type { BagColumn } from '../../core/column.js';
import { shift } from './inputs.js';
import { levelColumns, levelsOf } from './level.js';

const bagOf = (...ids: number[]): BagColumn => ({
  form: 'bag',
  width: 3,
  ids: Int32Array.from(ids.filter((id) => id >= 0)),
  weights: new Float32Array(ids.filter((id) => id >= 0).length).fill(1),
  offsets: Int32Array.from([
    0,
    ...ids.map((_, i) => ids.slice(0, i + 1).filter((id) => id >= 0).length),
  ]),
});
/** The mean with ten rows of nothing beside, bent into (-1, 1). */
const told = (sum: number, rows: number) => {
  const mean = sum / (rows + 10);
  return shift + mean / (1 + Math.abs(mean));
};

test('a row is told by the rows of other parts alone, an absent name is below all', () => {
  const bag = bagOf(0, 0, 0, 1, -1);
  const telling = {
    width: 1,
    data: Float32Array.of(30, 60, 90, -7, 1000),
    weights: Float32Array.of(1, 2, 1, 1, 1),
    part: Uint8Array.of(0, 1, 1, 0, 0),
    parts: 2,
  };
  const { table, apart } = levelsOf(bag, telling);
  const expected = [told(240, 4), told(-7, 1), told(0, 0)];
  expect(Array.from(table)).toEqual(Array.from(Float32Array.from(expected)));
  const [column] = levelColumns(bag, apart, 1, telling.part);
  expect(Array.from(column!)).toEqual(
    Array.from(Float32Array.of(told(210, 3), told(30, 1), told(30, 1), told(0, 0), 0)),
  );
  expect(levelColumns(bag, table, 1)[0]![0]).toBe(table[0]);
});
