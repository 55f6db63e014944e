/** Bins: where thresholds lie, and that no value falls on the wrong side of one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { thresholdsOf, toBins } from './bins.js';

test('few values are told apart, half way between them', () => {
  expect(Array.from(thresholdsOf(Float32Array.of(3, 1, 1, 2, 3), 8))).toEqual([1.5, 2.5]);
});

test('values that are not numbers, or all the same, or none, make no threshold', () => {
  const odd = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 5, 5, Number.NEGATIVE_INFINITY);
  expect(thresholdsOf(odd, 8)).toHaveLength(0);
  expect(thresholdsOf(new Float32Array(0), 8)).toHaveLength(0);
  expect(Array.from(toBins(odd, Float32Array.of(4)))).toEqual([0, 1, 1, 1, 0]);
});

test('many values fall into bins of about as many rows', () => {
  const values = Float32Array.from({ length: 10_000 }, (_, i) => i ** 2);
  const bins = toBins(values, thresholdsOf(values, 16));
  const counts = Array.from({ length: 16 }, (_, b) => bins.filter((bin) => bin === b).length);
  expect(Math.min(...counts)).toBeGreaterThan(600);
  expect(Math.max(...counts)).toBeLessThan(650);
});

test('a bin is the number of thresholds that a value reaches, and neighbours differ', () => {
  const numbers = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 2, max: 20 }), (list, most) => {
      const values = Float32Array.from(list);
      const thresholds = thresholdsOf(values, most);
      expect(thresholds.length).toBeLessThan(most);
      const rising = thresholds.every((value, i) => i === 0 || value > thresholds[i - 1]!);
      expect(rising).toBe(true);
      toBins(values, thresholds).forEach((bin, row) => {
        expect(bin).toBe(thresholds.filter((threshold) => values[row]! >= threshold).length);
      });
    }),
  );
});
