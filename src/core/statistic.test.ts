/** Small statistics against values worked out by hand. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviation, groupedError } from './statistic.js';

test('where every value is a group of its own the error is the usual one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2 }),
      (values) => {
        const usual = deviation(values) / Math.sqrt(values.length);
        expect(groupedError(values, [...values.keys()])).toBeCloseTo(usual, 6);
      },
    ),
  );
});

test('copies of a value tell nothing new', () => {
  const [values, groups] = [
    [1, 2, 4],
    [0, 1, 2],
  ];
  const twice = (list: number[]): number[] => list.flatMap((one) => [one, one]);
  expect(groupedError(twice(values), twice(groups))).toBeCloseTo(groupedError(values, groups), 12);
});

test('one group has no error that could be told', () => {
  expect(groupedError([1, 2, 3], [7, 7, 7])).toBe(0);
});
