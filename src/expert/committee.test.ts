/** Committees: the mean is what serves, and each member learns as if it were alone. */
import { expect, test } from 'vitest';
import { openSession } from '../runtime/session.js';
import { createTrainer } from '../runtime/trainer.js';
import { emit } from '../tensor/emit.js';
import { linear, linears } from '../tensor/layer.js';
import { add, constant, expand, mean, mul, square, sub } from '../tensor/ops.js';
import { servingTrace, trainingTrace } from '../tensor/trace.js';
import { committee, sideBySide } from './committee.js';

const x = () => constant(Float32Array.from([1, 2, -1, 0.5]), [2, 2]);
const model = (members: number) => committee(members, (trace) => linear(trace, 'out', x(), 1));

const names = (members: number) => {
  const trace = trainingTrace();
  model(members).each!(trace, {});
  return trace.weights.map(({ name }) => name);
};

test('one member has the names of a network by itself', () => {
  expect(names(1)).toEqual(['out/weight', 'out/bias']);
  expect(names(2)).toEqual(
    ['member0', 'member1'].flatMap((m) => [`${m}/out/weight`, `${m}/out/bias`]),
  );
});

test('what serves is the mean of the members', async () => {
  const slopes = [
    [1, 0],
    [0, 4],
    [-1, 2],
  ];
  const weights = Object.fromEntries(
    slopes.flatMap((slope, m) => [
      [`member${m}/out/weight`, Float32Array.from(slope)],
      [`member${m}/out/bias`, Float32Array.of(1)],
    ]),
  );
  const y = model(3).forward(servingTrace({ weights, tables: {} }), {});
  const session = await openSession(emit({ name: 'committee', outputs: { y } }));
  const said = (await session.run({})).y!;
  await session.close();
  // Members say 2, 9, 4 of the first row and 0, 3, 3 of the second.
  expect(Array.from(said.data as Float32Array)).toEqual([5, 2]);
});

test('members begin differently, and none learns from what another says', async () => {
  const aims = constant(Float32Array.from([3, -2]), [2, 1]);
  const trace = trainingTrace();
  const losses = model(2).each!(trace, {}).map((said) => mean(square(sub(said, aims)), [0, 1]));
  const trainer = await createTrainer({
    loss: mul(add(losses[0]!, losses[1]!), 0.5),
    weights: trace.weights,
    tables: trace.tables,
    draws: trace.draws,
    seed: 7,
    optimiser: { rate: 0.05, tableRate: 0.05, weightDecay: 0, clip: 1e6 },
  });
  const start = trainer.values().weights;
  expect(start['member0/out/weight']).not.toEqual(start['member1/out/weight']);
  for (let step = 0; step < 400; step++)
    await trainer.step({ feeds: {}, bags: {}, rows: Int32Array.of(0, 1), rateFactor: 1 });
  const { weights } = trainer.values();
  await trainer.close();
  // Were only their mean right, each would stay about where it began.
  for (const m of ['member0', 'member1']) {
    const [a, b] = weights[`${m}/out/weight`]!;
    const bias = weights[`${m}/out/bias`]![0]!;
    expect(a! + 2 * b! + bias).toBeCloseTo(3, 1);
    expect(-a! + 0.5 * b! + bias).toBeCloseTo(-2, 1);
  }
});

const atOnce = sideBySide((trace) => linears(trace, 'out', expand(x(), [3, 2, 2]), 1));

test('side by side: what serves is the mean of the members', async () => {
  const weights = {
    'out/weight': Float32Array.from([1, 0, 0, 4, -1, 2]),
    'out/bias': Float32Array.from([1, 1, 1]),
  };
  const trace = servingTrace({ weights, tables: {} });
  const [first, second, third] = atOnce.each!(trace, {});
  const outputs = { y: atOnce.forward(trace, {}), first: first!, second: second!, third: third! };
  const session = await openSession(emit({ name: 'committee', outputs }));
  const said = await session.run({});
  await session.close();
  const list = (name: string) => Array.from(said[name]!.data as Float32Array);
  expect([list('first'), list('second'), list('third')]).toEqual([
    [2, 0],
    [9, 3],
    [4, 3],
  ]);
  expect(list('y')).toEqual([5, 2]);
});

test('side by side: members begin differently, and each has weights of its own', async () => {
  const aims = [3, -2, 1].map((aim) => constant(Float32Array.from([aim, -aim]), [2, 1]));
  const trace = trainingTrace();
  const losses = atOnce.each!(trace, {}).map((said, m) =>
    mean(square(sub(said, aims[m]!)), [0, 1]),
  );
  const trainer = await createTrainer({
    loss: losses.reduce((a, b) => add(a, b)),
    weights: trace.weights,
    tables: trace.tables,
    draws: trace.draws,
    seed: 7,
    optimiser: { rate: 0.05, tableRate: 0.05, weightDecay: 0, clip: 1e6 },
  });
  const start = trainer.values().weights['out/weight']!;
  expect(new Set(start).size).toBe(6);
  for (let step = 0; step < 400; step++)
    await trainer.step({ feeds: {}, bags: {}, rows: Int32Array.of(0, 1), rateFactor: 1 });
  const { weights } = trainer.values();
  await trainer.close();
  [3, -2, 1].forEach((aim, m) => {
    const [a, b] = weights['out/weight']!.slice(2 * m);
    const bias = weights['out/bias']![m]!;
    expect(a! + 2 * b! + bias).toBeCloseTo(aim, 1);
    expect(-a! + 0.5 * b! + bias).toBeCloseTo(-aim, 1);
  });
});
