/** Which gate is chosen: the simplest that check rows cannot tell from the best, within reason. */
import { expect, test } from 'vitest';
import { choose, haveParted } from './gate-choice.js';
import type { Candidate } from './gate-judge.js';

const candidate = (kind: string, topK: number, worth: readonly number[], unit?: number) =>
  ({
    job: { kind, topK, facts: unit === undefined ? {} : { unit } },
    worth: Float64Array.from(worth),
    unit: Uint32Array.from(worth.keys()),
  }) as unknown as Candidate;
const rows = (value: number, odd: number): number[] =>
  Array.from({ length: 100 }, (_, i) => (i === 0 ? odd : value));

test('a simpler gate is taken where the gain is within its standard error', () => {
  const simple = candidate('static', 2, rows(-0.5, -0.52));
  expect(choose([candidate('mlp', 2, rows(-0.5, -0.4)), simple])).toBe(simple);
});

test('one expert more is asked where the gain is half of its standard error', () => {
  const even = (gain: number) =>
    Array.from({ length: 101 }, (_, i) => gain + (i % 2 === 0 ? 0.01 : -0.01));
  const one = candidate('static', 1, even(0).fill(0));
  const little = candidate('static', 2, even(0.0002));
  const enough = candidate('static', 2, even(0.0008));
  expect(choose([little, one])).toBe(one);
  expect(choose([enough, one])).toBe(enough);
});

test('a gain on every row is taken', () => {
  const better = candidate('mlp', 2, rows(-0.49, -0.5));
  expect(choose([better, candidate('static', 1, rows(-0.5, -0.52))])).toBe(better);
});

test('where a class is rare the most experts are asked unless that is clearly worse', () => {
  const one = candidate('static', 1, [...rows(0, 0), -0.1], 0.05);
  const two = candidate('static', 2, [...rows(0, 0.05), -0.3], 0.05);
  const worse = candidate('static', 3, [...rows(-0.2, 0), -0.3], 0.05);
  expect(choose([one, two])).toBe(two);
  expect(choose([one, two, worse])).toBe(two);
  const loud = { ...two, job: { ...two.job, pool: 'mixture' as const } };
  const quiet = { ...two, job: { ...two.job, pool: 'product' as const } };
  expect(choose([one, loud, quiet])).toBe(quiet);
});

test('a route that leaves an expert without work must be clearly better than one that does not', () => {
  const uneven = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? -0.4 : -0.59));
  const dead = { ...candidate('static', 1, uneven), dead: true };
  const alive = { ...candidate('linear', 2, rows(-0.5, -0.5)), dead: false };
  expect(choose([dead, alive])).toBe(alive);
  // A gain of one and a half errors is not enough, whether or not it asks one expert more.
  const likely = Array.from({ length: 100 }, (_, i) => -0.5 + (i % 2 === 0 ? 1.15 : -0.85));
  for (const topK of [1, 3]) {
    const gains = { ...candidate('static', topK, likely), dead: true };
    expect(choose([gains, alive])).toBe(alive);
    expect(choose([{ ...gains, dead: false }, alive])).not.toBe(alive);
  }
  const better = { ...candidate('static', 1, rows(-0.4, -0.5)), dead: true };
  expect(choose([better, alive])).toBe(better);
});

test('the route without idle experts that it is held against is the best of these', () => {
  const dead = { ...candidate('static', 2, rows(-0.4, -0.5)), dead: true };
  const close = { ...candidate('linear', 2, rows(-0.5, -0.5)), dead: false };
  // As simple and worse, but so uneven that nothing can be told from it.
  const uneven = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 4 : -6));
  const noisy = { ...candidate('linear', 2, uneven), dead: false };
  expect(choose([dead, close, noisy])).toBe(dead);
});

test('clones are kept where they gain, and never where no round has made them better', () => {
  const before = candidate('mlp', 1, rows(-0.5, -0.52));
  const after = candidate('mlp', 1, rows(-0.48, -0.5));
  expect(haveParted(3, after, before)).toBe(true);
  expect(haveParted(0, after, before)).toBe(false);
  expect(haveParted(3, before, after)).toBe(false);
});
