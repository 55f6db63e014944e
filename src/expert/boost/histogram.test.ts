/** Sums by leaf and bin, and the scores of splits, against adding up every row by itself. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../core/random.js';
import { type Leaves, type Pull, scoreSplits, sumHalves, sumLeaves, toUnits } from './histogram.js';

const count = 6;

interface Case {
  readonly bins: Uint8Array;
  readonly pull: Pull;
  readonly parents: Leaves;
  readonly halves: Leaves;
}

/** Rows in two leaves, and those split in two at places drawn by the seed. */
function caseOf(rows: number, width: number, seed: number): Case {
  const stream = random(seed, 'histogram');
  const bins = Uint8Array.from({ length: rows }, () => stream.below(count));
  const data = Float32Array.from({ length: rows * (width + 1) }, (_, i) =>
    i % (width + 1) === width ? stream.uniform() + 0.01 : stream.normal() * 10,
  );
  toUnits(data);
  const order = stream.shuffle(Int32Array.from({ length: rows }, (_, i) => i));
  const [a, b, c] = [0, 1, 2].map(() => stream.below(rows + 1)).sort((x, y) => x - y);
  return {
    bins,
    pull: { width, data },
    parents: { order, starts: Int32Array.of(0, b!, rows) },
    halves: { order, starts: Int32Array.of(0, a!, b!, c!, rows) },
  };
}

/** |sum of slopes|^2 / (weight + l2) of some rows. */
function scoreOf({ width, data }: Pull, rows: readonly number[], l2: number): number {
  const sums = Array.from({ length: width + 1 }, (_, k) =>
    rows.reduce((sum, row) => sum + data[row * (width + 1) + k]!, 0),
  );
  if (rows.length === 0) return 0;
  return sums.slice(0, width).reduce((sum, one) => sum + one * one, 0) / (sums[width]! + l2);
}

const cases = { rows: fc.integer({ min: 1, max: 60 }), width: fc.integer({ min: 1, max: 4 }) };

test('the larger halves are what is left of their leaves, to the last bit', () => {
  fc.assert(
    fc.property(cases.rows, cases.width, fc.nat(), (rows, width, seed) => {
      const { bins, pull, parents, halves } = caseOf(rows, width, seed);
      const size = count * (width + 1);
      const before = new Float64Array(2 * size);
      sumLeaves(before, bins, count, pull, parents);
      const [whole, left] = [new Float64Array(4 * size), new Float64Array(4 * size)];
      sumLeaves(whole, bins, count, pull, halves);
      sumHalves(left.fill(7), before, bins, count, pull, halves);
      // Adding 0 turns -0 into 0.
      expect(left.map((value) => value + 0)).toEqual(whole.map((value) => value + 0));
    }),
  );
});

test('a split scores what its halves score by themselves', () => {
  fc.assert(
    fc.property(cases.rows, cases.width, fc.nat(), (rows, width, seed) => {
      const { bins, pull, halves } = caseOf(rows, width, seed);
      const l2 = 0.5;
      const sums = new Float64Array(4 * count * (width + 1));
      sumLeaves(sums, bins, count, pull, halves);
      const scores = new Float64Array(count - 1);
      const unsplit = scoreSplits(scores, sums, 4, width, l2);
      const leaves = [0, 1, 2, 3].map((leaf) =>
        Array.from(halves.order.subarray(halves.starts[leaf]!, halves.starts[leaf + 1]!)),
      );
      const total = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
      expect(unsplit).toBeCloseTo(total(leaves.map((own) => scoreOf(pull, own, l2))), 6);
      scores.forEach((score, threshold) => {
        const low = leaves.map((own) => own.filter((row) => bins[row]! <= threshold));
        const high = leaves.map((own) => own.filter((row) => bins[row]! > threshold));
        const expected = total([...low, ...high].map((own) => scoreOf(pull, own, l2)));
        expect(Math.abs(score - expected)).toBeLessThan(1e-9 * (1 + expected));
      });
    }),
  );
});

test('units are powers of two, a millionth of the largest number', () => {
  const data = Float32Array.of(1, -0.3, 1e-9, 0);
  toUnits(data);
  expect(data[0]).toBe(1);
  expect(data[1]! * 2 ** 20).toBe(Math.round(-0.3 * 2 ** 20));
  expect(data[2]).toBe(0);
});
