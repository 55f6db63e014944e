/** A shared expert from end to end: the dear one is asked where the cheap one does not know. */
import { expect, test } from 'vitest';
import type { Bundle } from '../src/mixture/bundle.js';
import { openPredictor } from '../src/predict/predictor.js';
import { train } from '../src/train/train.js';
import { recordsOf } from './animals.js';
import { claims, claimsPlan } from './claims.js';

const planOf = (gate: object, more?: object) =>
  claimsPlan({ shared: 'cheap', batch: 32, rate: 0.02, ...gate }, more);

const fresh = claims(400, 2);
const [settled, open] = [(amount: number) => amount > 0.2, (amount: number) => amount < -0.2];

/** Share of some rows about which the dear expert is asked, and of those that are right. */
async function decided(bundle: Bundle, those: (amount: number) => boolean) {
  const predictor = await openPredictor(bundle);
  const decisions = await predictor.decide(recordsOf(fresh));
  await predictor.close();
  const amounts = fresh.values.amount as Float64Array;
  const rows = [...amounts.keys()].filter((row) => those(amounts[row]!));
  const share = (test: (row: number) => boolean) => rows.filter(test).length / rows.length;
  return {
    asked: share((row) => decisions[row]!.route.some(({ expert }) => expert === 'dear')),
    right: share((row) => decisions[row]!.answer.value === fresh.target[row]),
    weight: Math.min(
      ...rows.map((row) => decisions[row]!.route.find((one) => one.expert === 'dear')?.weight ?? 1),
    ),
  };
}

test('without a price the dear expert is asked just where the cheap one is unsure', async () => {
  const bundle = await train(planOf({ kind: 'linear', pool: 'mixture' }), claims(800, 1));
  const { gate } = bundle.manifest;
  expect(gate.penalty[0]).toBe(0);
  expect(gate.bias).toEqual([0, 0]);
  const sure = await decided(bundle, settled);
  const unsure = await decided(bundle, open);
  expect(sure.asked).toBeLessThan(0.25);
  expect(sure.right).toBeGreaterThan(0.9);
  expect(unsure.asked).toBeGreaterThan(0.95);
  expect(unsure.right).toBeGreaterThan(0.95);
  // It knows and the cheap one guesses: its answer counts nearly alone.
  expect(unsure.weight).toBeGreaterThan(0.8);
  // What serves asks about as many as what was judged, and that is the load it is held to.
  const all = await decided(bundle, () => true);
  expect(Math.abs(all.asked + 1 - bundle.card.gate.expertsPerRecord)).toBeLessThan(0.1);
  expect(gate.targets[1]).toBeCloseTo(bundle.card.experts[1]!.share, 9);
  expect(bundle.card.gate.alarms.filter((line) => line.includes('target'))).toEqual([]);
});

test('a price that nothing is worth asks nobody, no price where all gain asks everywhere', async () => {
  const dear = await train(planOf({ kind: 'linear', cost: 20 }), claims(800, 1));
  expect((await decided(dear, () => true)).asked).toBe(0);
  expect(dear.card.gate.alarms).toContain('dear is never asked: the others are as good without it');
  const free = await train(planOf({ kind: 'static', cost: 0 }), claims(800, 1));
  expect((await decided(free, () => true)).asked).toBe(1);
});

test('a reward asks where the gain exceeds the price of the expert', async () => {
  const reward = (dear: number) => ({ reward: { right: 1, experts: { cheap: 5, dear } } });
  const worth = await train(planOf({ kind: 'linear' }, reward(0.2)), claims(800, 1));
  expect((await decided(worth, settled)).asked).toBeLessThan(0.25);
  expect((await decided(worth, open)).asked).toBeGreaterThan(0.9);
  const never = await train(planOf({ kind: 'linear' }, reward(0.9)), claims(800, 1));
  expect((await decided(never, () => true)).asked).toBeLessThan(0.05);
});

test('targets of the load beside a shared expert are refused', () => {
  expect(() => planOf({ balance: { targets: { dear: 0.5 } } })).toThrow('gate.balance.targets');
});
