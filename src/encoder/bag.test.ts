/** Bags: each id once with its weight, whatever came before. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bagColumn, push } from './bag.js';

const width = 2000;

/** Ids and unscaled weights of a row, found in the plainest way. */
function plainly(row: readonly number[]): [id: number, weight: number][] {
  const ids = [...new Set(row)];
  return ids.map((id) => [id, 1 + Math.log(row.filter((other) => other === id).length)]);
}

test('a row is its ids as they came first, weighed by how often they came, to unit length', () => {
  const lists = fc.array(fc.array(fc.nat(width - 1), { maxLength: 60 }), { maxLength: 5 });
  fc.assert(
    fc.property(lists, (rows) => {
      const column = bagColumn(rows.length, width, (row, out) => {
        for (const item of rows[row]!) push(out, item);
      });
      rows.forEach((row, i) => {
        const [from, to] = [column.offsets[i]!, column.offsets[i + 1]!];
        const wanted = plainly(row);
        const length = Math.hypot(...wanted.map(([, weight]) => weight));
        expect([...column.ids.subarray(from, to)]).toEqual(wanted.map(([id]) => id));
        wanted.forEach(([, weight], at) => {
          expect(column.weights[from + at]).toBeCloseTo(weight / length, 5);
        });
      });
    }),
  );
});
