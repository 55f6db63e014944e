/** What held-out rows together say against experts, where single rows say next to nothing. */
import { expect, test } from 'vitest';
import { capacities, regrets } from './said.js';

const none = Number.NaN;

test('an expert is regretted by what another was ahead on the rows that both had', () => {
  const losses = Float64Array.of(0.5, 0.2, none, 0.5, 0.2, none, none, none, 9);
  const [first, second, alone] = regrets(losses, 3);
  expect(first).toBeCloseTo(Math.log1p(0.6), 12);
  expect(second).toBe(0);
  expect(alone).toBe(0);
});

test('one row counts for at most two nats, and many count for more, ever less so', () => {
  expect(regrets(Float64Array.of(30, 0), 2)).toEqual([Math.log1p(2), 0]);
  const many = Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 0.5 : 0));
  expect(regrets(many, 2)).toEqual([Math.log1p(10), 0]);
});

test('thousandths of a nat on many rows are as telling as nats on few', () => {
  const losses = Float64Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 0.0005 : 0.0003));
  expect(regrets(losses, 2)[0]).toBeCloseTo(Math.log1p(2), 6);
});

test('regrets stand for losses in capacities', () => {
  const facts = [
    { name: 'a', cost: 1, loss: 0.1 },
    { name: 'b', cost: 1, loss: 0.2 },
  ];
  const open = Float32Array.of(1, 1, 1, 0);
  expect(capacities(facts, open, [0, 3]).map(({ loss }) => loss)).toEqual([0, 3]);
  expect(capacities(facts, open).map(({ loss }) => loss)).toEqual([0.1, 0.2]);
  expect(capacities(facts, open).map(({ availability }) => availability)).toEqual([1, 0.5]);
});
