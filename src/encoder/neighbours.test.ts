/** What kinds offer instead of a value: other given values, nearest or commonest first. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { category } from './category.js';
import type { Coder, Value } from './encoder.js';
import { number } from './number.js';

const numberCoder = (values: readonly number[], bins = 48): Coder =>
  number.open(number.fit(Float64Array.from(values), { bins }));

test('numbers offer the edges of their steps, the fewest steps away first', () => {
  const coder = numberCoder([1, 2, 4, 8, 16]);
  expect(coder.neighbours!(4)).toEqual([8, 2, 16, 1]);
  expect(coder.neighbours!(5)).toEqual([8, 4, 16, 2, 1]);
  expect(coder.neighbours!(-3)).toEqual([1, 2, 4, 8, 16]);
  expect(coder.neighbours!(Number.POSITIVE_INFINITY)).toEqual([16, 8, 4, 2, 1]);
});

test('categories offer the commonest other names, and group by name', () => {
  const names = ['red', 'red', 'red', 'blue', 'blue', 'green'];
  const coder = category.open(category.fit(names, { minimum: 1, limit: 10 }));
  expect(coder.neighbours!('red')).toEqual(['blue', 'green']);
  expect(coder.neighbours!('mauve')).toEqual(['red', 'blue', 'green']);
  expect(coder.group!('mauve')).toBe('mauve');
});

test('neighbours are given, differ from the value and from each other', () => {
  const check = (coder: Coder, value: Value, pack: (values: readonly Value[]) => unknown) => {
    const offered = coder.neighbours!(value);
    const column = pack(offered) as Float64Array;
    expect(new Set(offered).size).toBe(offered.length);
    expect(offered).not.toContain(value);
    expect(offered.every((_, row) => coder.present(column, row))).toBe(true);
  };
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
      fc.double(),
      (seen, met) => {
        if (Number.isNaN(met)) return;
        check(numberCoder(seen, 4), met, (values) => Float64Array.from(values as number[]));
      },
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (seen, met) => {
      const coder = category.open(category.fit(seen, { minimum: 1, limit: 100 }));
      check(coder, met, (values) => values);
    }),
  );
});
