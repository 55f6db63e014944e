/** Routes, balance and every gate kind, run as graphs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runBoth } from '../runtime/plain/agree.test.kit.js';
import { openSession } from '../runtime/session.js';
import { emit } from '../tensor/emit.js';
import { gradients } from '../tensor/grad.js';
import { constant } from '../tensor/ops.js';
import { input } from '../tensor/tensor.js';
import { trainingTrace } from '../tensor/trace.js';
import {
  auxiliaryLoss,
  churn,
  loadOf,
  nudge,
  startMonitor,
  targetShares,
  watch,
} from './balance.js';
import { presencePort } from './gate.js';
import { gates } from './gates.js';
import { select } from './route.js';

const E = 4;

async function masks(
  scores: number[],
  open: number[],
  topK: number,
  shared = -1,
  bias = [0, 0, 0, 0],
  penalty = bias.map(() => 0),
) {
  const row = (values: number[]) => constant(Float32Array.from(values), [1, E]);
  const plan = { topK, shared, bias: row(bias), penalty: row(penalty) };
  const outputs = select(input('scores', ['B', E]), input('open', ['B', E]), plan);
  const dims = [scores.length / E, E];
  const { said, plain } = await runBoth(emit({ name: 'route', outputs: { mask: outputs.mask } }), {
    scores: { data: Float32Array.from(scores), dims },
    open: { data: Float32Array.from(open), dims },
  });
  expect(plain).toBe(true);
  return [...(said.mask!.data as Float32Array)];
}

test('exactly k open experts are asked, or all open ones where there are fewer', async () => {
  const row = fc.array(fc.tuple(fc.float({ min: -5, max: 5, noNaN: true }), fc.boolean()), {
    minLength: E,
    maxLength: E,
  });
  await fc.assert(
    fc.asyncProperty(row, fc.integer({ min: 1, max: 9 }), async (cells, k) => {
      const open = cells.map(([, is]) => Number(is));
      const mask = await masks(
        cells.map(([score]) => score),
        open,
        k,
      );
      expect(mask.reduce((a, b) => a + b, 0)).toBe(
        Math.min(
          k,
          open.reduce((a, b) => a + b, 0),
        ),
      );
      mask.forEach((asked, e) => {
        expect(asked).toBeLessThanOrEqual(open[e]!);
      });
    }),
    { numRuns: 40 },
  );
});

test('ties go to the lower index, bias and penalty move the selection', async () => {
  const open = [1, 1, 1, 1];
  expect(await masks([1, 1, 1, 1], open, 2)).toEqual([1, 1, 0, 0]);
  expect(await masks([1, 1, 1, 1], open, 1, -1, [0, 0, 0, 0.5])).toEqual([0, 0, 0, 1]);
  expect(await masks([1, 1, 1, 1], open, 1, -1, [0, 0, 0, 0], [0.1, 0, 0, 0])).toEqual([
    0, 1, 0, 0,
  ]);
});

test('with a shared expert asking nobody else is legal, and it is closed when it is down', async () => {
  expect(await masks([2, 1, 0, 1], [1, 1, 1, 1], 2, 0)).toEqual([1, 0, 0, 0]);
  expect(await masks([0, 1, -1, 2], [1, 1, 1, 1], 1, 0)).toEqual([1, 0, 0, 1]);
  // Where it is down the best of the others answers, however little that would have gained.
  expect(await masks([2, 1, 0, -1], [0, 1, 1, 1], 1, 0)).toEqual([0, 1, 0, 0]);
  expect(await masks([2, -1, -2, -3], [0, 0, 1, 1], 3, 0)).toEqual([0, 0, 1, 1]);
});

async function auxiliary(selection: number[], mask: number[], targets: number[]): Promise<number> {
  const loss = auxiliaryLoss(input('s', ['B', E]), input('m', ['B', E]), targets);
  const session = await openSession(emit({ name: 'aux', outputs: { loss } }));
  const dims = [selection.length / E, E];
  const found = await session.run({
    s: { data: Float32Array.from(selection), dims },
    m: { data: Float32Array.from(mask), dims },
  });
  await session.close();
  return Number(found.loss!.data[0]);
}

test('the auxiliary loss is 1 at the targets and grows with imbalance', async () => {
  const even = [0.25, 0.25, 0.25, 0.25];
  const diagonal = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  expect(await auxiliary(new Array(16).fill(0), diagonal, even)).toBeCloseTo(1, 5);
  const one = [5, 0, 0, 0];
  expect(await auxiliary([...one, ...one], [1, 0, 0, 0, 1, 0, 0, 0], even)).toBeGreaterThan(3);
});

test('the auxiliary loss pulls the gate: its gradient is not zero and points to the balance', async () => {
  const scores = input('scores', ['B', E]);
  const row = constant(new Float32Array(E), [1, E]);
  const plan = { topK: 1, shared: -1, bias: row, penalty: row };
  const { selection, mask } = select(scores, input('open', ['B', E]), plan);
  const loss = auxiliaryLoss(selection, mask, [0.25, 0.25, 0.25, 0.25]);
  const [gradient] = gradients(loss, [scores]);
  const session = await openSession(emit({ name: 'pull', outputs: { gradient: gradient! } }));
  const dims = [2, E];
  const found = await session.run({
    scores: { data: Float32Array.of(2, 1, 0, 0, 2, 0, 1, 0), dims },
    open: { data: new Float32Array(2 * E).fill(1), dims },
  });
  await session.close();
  const pull = [...(found.gradient!.data as Float32Array)];
  // Everybody goes to the first expert: its scores must fall and all others rise.
  for (const at of [0, E]) {
    expect(pull[at]).toBeGreaterThan(0.01);
    for (const value of pull.slice(at + 1, at + E)) expect(value).toBeLessThan(-0.01);
  }
});

test('targets sum to one and favour what is strong and cheap', () => {
  const shares = targetShares([
    { availability: 1, loss: 0.5, cost: 1 },
    { availability: 1, loss: 0.5, cost: 2 },
    { availability: 0.1, loss: 2, cost: 1 },
  ]);
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  expect(shares[0]).toBeGreaterThan(shares[1]!);
  expect(shares[2]).toBeGreaterThan(0.03);
});

test('nudges sum to zero and go towards the targets', () => {
  const bias = nudge([0, 0], [0.9, 0.1], [0.5, 0.5], 0.001);
  expect(bias[0]! + bias[1]!).toBeCloseTo(0, 12);
  expect(bias[1]).toBeGreaterThan(0);
});

test('the monitor finds the dead and the overloaded, and says what it changed', () => {
  const load = loadOf([990, 10, 0], [0.3, 0.3, 0.4]);
  expect(load.dead).toEqual([1, 2]);
  expect(load.overloaded).toEqual([0]);
  const said = watch(startMonitor, load, ['a', 'b', 'c']);
  expect(said.message).toContain('dead expert b, c');
  expect(said.monitor.strength).toBe(2);
  expect(loadOf([1, 1], [0.5, 0.5]).evenness).toBeCloseTo(1, 9);
  expect(churn(Int32Array.of(1, 2, 3, 3), Int32Array.of(1, 2, 3, 0))).toBe(0.25);
});

test('the rules by presence prefer who was best where just these fields were given', async () => {
  const facts = {
    experts: ['a', 'b', 'c'].map((name, i) => ({ name, cost: 1 + i, loss: 3 - i })),
    patterns: [{ presence: [1, 0], rows: 50, losses: [0, 1, 2] }],
  };
  const features = { [presencePort]: input(presencePort, ['B', 2]) };
  const scores = gates.get('presence').scores(trainingTrace(), features, facts, {});
  const session = await openSession(emit({ name: 'gate', outputs: { scores } }));
  const dims = [2, 2];
  const found = await session.run({ [presencePort]: { data: Float32Array.of(1, 0, 1, 1), dims } });
  const said = found.scores!.data as Float32Array;
  expect(said[0]).toBeGreaterThan(said[1]!);
  expect(said[5]).toBeGreaterThan(said[4]!);
  await session.close();
});
