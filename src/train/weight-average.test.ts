import { expect, test } from 'vitest';
import { startAverage } from './weight-average.js';

test('the average is the mean of every weight and table row', () => {
  const average = startAverage();
  average.add({ weights: { w: Float32Array.of(1, 2) }, tables: { t: Float32Array.of(0) } });
  average.add({ weights: { w: Float32Array.of(3, -2) }, tables: { t: Float32Array.of(5) } });
  const { weights, tables } = average.value();
  expect([...weights.w!]).toEqual([2, 0]);
  expect([...tables.t!]).toEqual([2.5]);
});

test('an average of nothing is refused', () => {
  expect(() => startAverage().value()).toThrow(RangeError);
});
