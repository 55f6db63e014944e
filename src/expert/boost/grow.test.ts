/** Trees: one worked out by hand, levels that gain most, and rows that nothing can tell apart. */
import { expect, test } from 'vitest';
import { random } from '../../core/random.js';
import type { Binned } from './bins.js';
import { grower, leavesOf } from './grow.js';

const feature = (...bins: number[]): Binned => ({
  bins: Uint8Array.from(bins),
  thresholds: Float32Array.from({ length: Math.max(...bins) }, (_, i) => i + 0.5),
});

const pullOf = (slopes: readonly number[]) => ({
  width: 1,
  data: Float32Array.from(slopes.flatMap((slope) => [slope, 1])),
});

const allOf = (rows: number) => Int32Array.from({ length: rows }, (_, i) => i);

test('the split by hand: 4 + 4 of 8 apart gains most, then the two of each', () => {
  // By the second feature rows 0 to 3 and 4 to 7 differ by 2 x 6; by the first, each pair by 2.
  const first = feature(0, 0, 1, 1, 0, 0, 1, 1);
  const second = feature(0, 0, 0, 0, 2, 2, 2, 2);
  const slopes = [4, 4, 2, 2, -2, -2, -4, -4];
  const grow = grower([first, second], 1, { depth: 2, l2: 0 });
  const splits = grow([0, 1], pullOf(slopes), allOf(8));
  expect(splits).toEqual([
    { feature: 1, threshold: 0 },
    { feature: 0, threshold: 0 },
  ]);
  expect(Array.from(leavesOf([first, second], splits, 8))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
});

test('no split is made where none gains', () => {
  const grow = grower([feature(0, 1, 0, 1)], 1, { depth: 3, l2: 0 });
  expect(grow([0], pullOf([1, 1, 1, 1]), allOf(4))).toEqual([]);
  expect(grow([], pullOf([1, -1, 1, -1]), allOf(4))).toEqual([]);
});

test('exclusive or: no first split gains, so that boosting has to wait for another sample', () => {
  const [a, b] = [feature(0, 0, 1, 1), feature(0, 1, 0, 1)];
  const grow = grower([a, b], 1, { depth: 2, l2: 0 });
  expect(grow([0, 1], pullOf([1, -1, -1, 1]), allOf(4))).toEqual([]);
  expect(grow([0, 1], pullOf([1, -1, -1, 1.5]), allOf(4))).toHaveLength(2);
});

test('a grower keeps nothing of the tree before, whichever features that used', () => {
  const stream = random(1, 'grower');
  const features = [0, 1, 2].map(() =>
    feature(...Array.from({ length: 200 }, () => stream.below(9))),
  );
  const pulls = [0, 1, 2, 3].map(() => pullOf(Array.from({ length: 200 }, () => stream.normal())));
  const growth = { depth: 4, l2: 1 };
  const one = grower(features, 1, growth);
  const used = [[0, 1, 2], [0], [1, 2], [0, 1, 2]];
  pulls.forEach((pull, i) => {
    const rows = allOf(200).filter((row) => row % 5 !== i);
    expect(one(used[i]!, pull, rows)).toEqual(grower(features, 1, growth)(used[i]!, pull, rows));
  });
});
