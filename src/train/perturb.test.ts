import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { perturbed } from './perturb.js';

const learned = {
  weights: { w: Float32Array.from([1, -2, 0]) },
  tables: { t: Float32Array.from([0, 0, 3]) },
};

test('copies differ by their seed, and what is zero stays zero', () => {
  const one = perturbed(learned, 0.1, random(1));
  expect(perturbed(learned, 0.1, random(1))).toEqual(one);
  expect(perturbed(learned, 0.1, random(2))).not.toEqual(one);
  expect(one.weights.w![0]).not.toBe(1);
  expect(one.weights.w![2]).toBe(0);
  expect(one.tables.t!.subarray(0, 2)).toEqual(new Float32Array(2));
});

test('without noise they are the same, in memory of their own', () => {
  const same = perturbed(learned, 0, random(1));
  expect(same).toEqual(learned);
  expect(same.weights.w).not.toBe(learned.weights.w);
});
