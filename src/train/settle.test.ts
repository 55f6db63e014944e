/** Settling: experts without work are helped, but not those that held-out rows have spoken against. */
import { expect, test } from 'vitest';
import { settle } from './settle.js';

const rows = 40;
const settling = (idle: readonly boolean[]) => ({
  scores: Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 1 : i / 200)),
  open: new Float32Array(rows * 2).fill(1),
  bias: [0, 0],
  penalty: [0, 0],
  topK: 1,
  shared: -1,
  targets: [0.5, 0.5],
  idle,
});

test('a dead expert is raised until it has a quarter of its target', async () => {
  const { shares } = await settle(settling([false, false]));
  expect(shares[1]).toBeGreaterThanOrEqual(0.125);
});

test('an idle expert stays without work', async () => {
  expect((await settle(settling([false, true]))).shares[1]).toBe(0);
});

test('where the scores do not tell records apart the better expert keeps them', async () => {
  const scores = Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 1 : 0));
  const { shares, bias } = await settle({ ...settling([false, false]), scores });
  expect(shares).toEqual([1, 0]);
  expect(bias).toEqual([0, 0]);
});
