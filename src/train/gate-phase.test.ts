/** Which gate is chosen: the simplest that check rows cannot tell from the best, within reason. */
import { expect, test } from 'vitest';
import { type Candidate, choose } from './gate-phase.js';

const candidate = (kind: string, topK: number, worth: readonly number[], isLoss = true) =>
  ({
    job: { kind, topK },
    worth: Float64Array.from(worth),
    unit: Uint32Array.from(worth.keys()),
    isLoss,
  }) as unknown as Candidate;
const rows = (value: number, odd: number): number[] =>
  Array.from({ length: 100 }, (_, i) => (i === 0 ? odd : value));

test('a simpler gate is taken where the gain is within its standard error', () => {
  const simple = candidate('static', 1, rows(-0.5, -0.52));
  expect(choose([candidate('mlp', 2, rows(-0.5, -0.4)), simple])).toBe(simple);
});

test('a gain on every row is taken', () => {
  const better = candidate('mlp', 2, rows(-0.49, -0.5));
  expect(choose([better, candidate('static', 1, rows(-0.5, -0.52))])).toBe(better);
});

test('where one row makes all of the loss, a loss that is much larger is not taken', () => {
  const better = candidate('mlp', 2, rows(0, -0.1));
  const worse = candidate('static', 1, [...rows(0, -3).slice(0, 99), 0.05]);
  expect(choose([better, worse])).toBe(better);
  const rewarded = { ...worse, isLoss: false };
  expect(choose([{ ...better, isLoss: false }, rewarded])).toBe(rewarded);
});
