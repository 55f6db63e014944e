import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  firstOf,
  floorOf,
  mixtureLoss,
  regions,
  responsibilities,
  sharesOf,
} from './responsibility.js';

const clones = 4;
const cells = fc.array(fc.double({ min: -700, max: 50, noNaN: true }), {
  minLength: clones,
  maxLength: clones,
});

test('every row sums to one and nobody is below the floor, however unlikely the row', () => {
  fc.assert(
    fc.property(cells, cells, (gate, said) => {
      const own = responsibilities(Float32Array.from(gate), Float64Array.from(said), clones);
      expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(Math.min(...own)).toBeGreaterThanOrEqual(floorOf(clones) - 1e-7);
    }),
  );
});

test('they follow gate times likelihood', () => {
  const own = responsibilities(
    Float32Array.from([Math.log(0.5), Math.log(0.5)]),
    Float64Array.from([Math.log(0.9), Math.log(0.3)]),
    2,
  );
  expect(own[0]).toBeCloseTo(1 / 16 + (7 / 8) * 0.75, 6);
});

test('clones that say the same stay alike under an even gate', () => {
  const gate = new Float32Array(12).fill(Math.log(0.25));
  const said = Float64Array.from([-1, -1, -1, -1, -9, -9, -9, -9, 0, 0, 0, 0]);
  expect([...responsibilities(gate, said, clones)]).toEqual(new Array(12).fill(0.25));
});

test('the loss is that of the mixture, and of one clone where all say the same', () => {
  const gate = Float32Array.from([Math.log(0.75), Math.log(0.25)]);
  expect(mixtureLoss(gate, Float64Array.from([Math.log(0.4), Math.log(0.8)]), 2)).toBeCloseTo(
    -Math.log(0.5),
    6,
  );
  expect(mixtureLoss(gate, Float64Array.from([-3, -3]), 2)).toBeCloseTo(3, 6);
});

test('first regions part the rows into parts of about the same size', () => {
  const scores = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i * i) * 0.01 + (i % 4));
  const own = regions(scores, clones);
  for (const share of sharesOf(own, clones)) expect(Math.abs(share - 0.25)).toBeLessThan(0.05);
  expect(new Set(firstOf(own, clones)).size).toBe(clones);
});
