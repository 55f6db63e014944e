/** The kNN gate on neighbours that can be counted by hand, and what it is fitted to. */
import { expect, test } from 'vitest';
import { openSession } from '../runtime/session.js';
import { emit } from '../tensor/emit.js';
import { type Learned, servingTrace } from '../tensor/trace.js';
import { presencePort } from './gate.js';
import { knn } from './knn.js';
import { spaceSize } from './space.js';

const facts = {
  experts: ['a', 'b'].map((name) => ({ name, cost: 1, loss: 0 })),
  patterns: [],
};
const ports = {
  'x:value': { form: 'values', width: 1 },
  [presencePort]: { form: 'values', width: 1 },
} as const;

/** Where a record lies, and by how much the two experts were better than usual on it. */
type Kept = readonly [x: number, a: number, b: number];

/** A gate that compares records by one number alone; the usual outcomes are 0.2 and -0.2. */
function keeping(kept: readonly Kept[]): Learned {
  const size = spaceSize(2);
  const unit = new Float32Array(size - 2);
  unit[0] = 1;
  const prototypes = new Float32Array(kept.length * size);
  kept.forEach(([x], i) => {
    prototypes[i * size + 2] = x;
  });
  const known = (value: number) => Number(!Number.isNaN(value));
  return {
    weights: {
      'told/x:value/weight': new Float32Array(2),
      [`told/${presencePort}/weight`]: new Float32Array(2),
      'drawn/x:value/weight': unit,
      [`drawn/${presencePort}/weight`]: new Float32Array(size - 2),
      centre: new Float32Array(size),
      prototypes,
      outcomes: Float32Array.from(kept.flatMap(([, a, b]) => [a || 0, b || 0, known(a), known(b)])),
      usual: Float32Array.of(0.2, -0.2),
    },
    tables: {},
  };
}

async function said(learned: Learned, x: number, options: object) {
  const trace = servingTrace(learned, { ports });
  const config = knn.config.parse(options);
  const { scores, grounds } = knn.grounded!(trace, trace.features, facts, config);
  const session = await openSession(emit({ name: 'knn', outputs: { scores, grounds } }));
  const found = await session.run({ values: { data: Float32Array.of(x, 1), dims: [1, 2] } });
  await session.close();
  const list = (name: string) => Array.from(found[name]!.data as Float32Array);
  return { scores: list('scores'), a: list('grounds').slice(0, 4), b: list('grounds').slice(4) };
}

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));

const kept: Kept[] = [
  ...([
    [0, 0.4, -0.4],
    [1, 0.8, -0.8],
  ] as const),
  ...([
    [10, -0.6, 0.6],
    [11, -0.6, 0.6],
  ] as const),
  ...([
    [20, -0.5, 0.5],
    [21, 0.1, -0.1],
  ] as const),
  ...([
    [30, 0.1, Number.NaN],
    [31, 0.1, 0.9],
  ] as const),
];

test('the mean of the neighbours counts beyond z standard errors', async () => {
  // a: mean 0.6, and an error of sqrt(0.04 / (2 - 1)) = 0.2; so 0.2 + 0.6 - 0.5 x 0.2.
  const { scores, a, b } = await said(keeping(kept), 0.4, { k: 2 });
  expect(scores).toEqual(close([0.7, -0.7]));
  expect(a).toEqual(close([2, 0.8, 0.2, 0.2]));
  expect(b).toEqual(close([2, -0.8, 0.2, -0.2]));
});

test('strong evidence changes the order, what may be chance does not', async () => {
  expect((await said(keeping(kept), 10.4, { k: 2 })).scores).toEqual(close([-0.4, 0.4]));
  // The mean is -0.2, the error 0.3: half of it lies within, one and a half of it leave the usual order.
  expect((await said(keeping(kept), 20.4, { k: 2, z: 1 })).scores).toEqual(close([0.2, -0.2]));
  expect((await said(keeping(kept), 20.4, { k: 2 })).scores).toEqual(close([0.15, -0.15]));
  expect((await said(keeping(kept), 20.4, { k: 2, z: 0 })).scores).toEqual(close([0, 0]));
});

test('records on which an expert was closed say nothing of it, and one alone says nothing', async () => {
  const { scores, a, b } = await said(keeping(kept), 30.6, { k: 2 });
  expect(scores).toEqual(close([0.3, -0.2]));
  expect(a[0]).toBe(2);
  expect(b).toEqual(close([1, 0.7, 0, -0.2]));
});

test('more neighbours than records are all records', async () => {
  expect((await said(keeping(kept.slice(0, 2)), 0, { k: 30 })).a[0]).toBe(2);
});

/** One number; the first expert is the better where it is far from zero, on average by a little. */
function apart(rows: number) {
  const x = Float32Array.from({ length: rows }, (_, i) => (i / rows) * 6 - 3);
  const outcomes = Float32Array.from({ length: rows * 2 }, (_, i) => {
    const better = Math.abs(x[i >> 1]!) > 1.4 ? 0.5 : -0.5;
    return i % 2 === 0 ? better : -better;
  });
  const ones = new Float32Array(rows).fill(1);
  return {
    rows,
    scores: 2,
    columns: {
      'x:value': { form: 'values' as const, width: 1, data: x },
      [presencePort]: { form: 'values' as const, width: 1, data: ones },
    },
    outcomes,
  };
}

test('fitted, it finds where an expert is good though no weighted sum tells it', async () => {
  const learned = knn.fit!(apart(400), knn.config.parse({}), 3);
  const first = async (x: number) => {
    const { scores } = await said(learned, x, { k: 10 });
    return scores[0]! > scores[1]!;
  };
  expect(await Promise.all([-2.5, -0.5, 0.5, 2.5].map(first))).toEqual([true, false, false, true]);
});

test('fitted, it does not hold against an expert that it was closed', async () => {
  const all = apart(60);
  const outcomes = all.outcomes.map((value, i) =>
    i % 2 === 0 ? value : i < 100 ? Number.NaN : -1,
  );
  const learned = knn.fit!({ ...all, outcomes }, knn.config.parse({}), 3);
  const { b } = await said(learned, 0, { k: 10 });
  expect(b).toEqual(close([0, -1, 0, -1]));
});

test('the same seed keeps the same records, another one others, and never too many', () => {
  const config = knn.config.parse({ prototypes: 50 });
  const kept = (seed: number) => knn.fit!(apart(400), config, seed).weights.prototypes!;
  expect(kept(1)).toEqual(kept(1));
  expect(kept(1)).not.toEqual(kept(2));
  expect(kept(1)).toHaveLength(50 * spaceSize(2));
});
