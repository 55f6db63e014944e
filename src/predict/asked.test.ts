import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askedRows } from './asked.js';

const masks = fc.integer({ min: 1, max: 6 }).chain((experts) =>
  fc.tuple(
    fc.constant(experts),
    fc.array(fc.array(fc.boolean(), { minLength: experts, maxLength: experts }), {
      maxLength: 8,
    }),
  ),
);

test('every one in the mask is found once, and the answers of a row lie side by side', () => {
  fc.assert(
    fc.property(masks, ([experts, table]) => {
      const { rows, slots, k } = askedRows(Float32Array.from(table.flat(), Number), experts);
      const wanted = table.map((row) => row.flatMap((asks, e) => (asks ? [e] : [])));
      const found = table.map((): number[] => []);
      rows.forEach((list, e) => {
        list.forEach((row, i) => {
          found[row]![slots[e]![i]!] = e;
        });
      });
      expect(found).toEqual(wanted);
      expect(k).toBe(Math.max(1, ...wanted.map(({ length }) => length)));
    }),
  );
});
