/** Comparisons and slices of evaluations, against figures found by other means. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { standardError } from '../src/core/statistic.js';
import { compare } from '../src/evaluate/compare.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { scoreSlices } from '../src/evaluate/slices.js';
import { plan } from '../src/mixture/plan.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';

/** A class that follows from size, with noise; 30 towns of falling frequency, some missing. */
function shops(rows: number): LabelledRows {
  const stream = random(11, 'shops');
  const size = Float64Array.from({ length: rows }, () => stream.normal());
  const age = Float64Array.from({ length: rows }, () => stream.normal());
  const target = Array.from(size, (value, row) =>
    value + age[row]! / 2 + stream.normal() / 2 > 0 ? 'open' : 'shut',
  );
  const town = Array.from({ length: rows }, (_, row) =>
    row % 50 === 0 ? null : `town ${Math.floor(30 * stream.uniform() ** 2)}`,
  );
  const unit = Uint32Array.from(target.keys());
  return { rows, values: { size, age, town }, target, unit, unlabelled: 0 };
}

async function trained(target: string, epochs: number, all = ['size', 'age', 'town']) {
  const training = { epochs };
  const use = plan({
    data: { source: 'shops', target },
    fields: { size: 'number', age: 'number', town: 'category' },
    experts: {
      linear: { kind: 'linear', reads: all, training },
      narrow: { kind: 'tabular', width: 8, depth: 1, reads: ['size'], training },
    },
    gate: { epochs: 2, kind: 'linear', pool: 'mixture', topK: 1 },
    training: { threads: 0, crossFitBelow: 0, holdout: 0.4 },
  });
  return openPredictor(await train(use, shops(800)));
}

const rows = shops(2000);
let one: Predictor;
let two: Predictor;
beforeAll(async () => {
  one = await trained('state', 8);
  two = await trained('state', 1);
});
afterAll(async () => {
  await one.close();
  await two.close();
});

/** 1 where the answer is right. */
async function hits(predictor: Predictor): Promise<number[]> {
  const routed = await predictor.run(rows);
  return Array.from({ length: rows.rows }, (_, row) =>
    predictor.decision(routed, row).answer.value === rows.target[row] ? 1 : 0,
  );
}

test('a model against itself differs in nothing', async () => {
  const same = { predictor: one, batch: rows };
  const { metrics, churn, alarm } = await compare(same, same, rows.target);
  expect([churn, alarm]).toEqual([0, false]);
  for (const { difference, error } of Object.values(metrics))
    expect([difference, error]).toEqual([0, 0]);
});

test('the difference is that of the scores, its error that of paired rows', async () => {
  const { metrics, churn, alarm } = await compare(
    { predictor: one, batch: rows },
    { predictor: two, batch: rows },
    rows.target,
  );
  const [a, b] = [await hits(one), await hits(two)];
  const paired = a.map((hit, row) => hit - b[row]!);
  const { difference, error } = metrics.accuracy!;
  expect(difference).toBeCloseTo(paired.reduce((x, y) => x + y, 0) / rows.rows, 9);
  // 20 groups know the error to about one sixth.
  expect(error / standardError(paired)).toBeGreaterThan(0.5);
  expect(error / standardError(paired)).toBeLessThan(1.6);
  const [x, y] = [await one.run(rows), await two.run(rows)];
  const first = (predictor: Predictor, routed: typeof x, row: number) =>
    predictor.decision(routed, row).route[0]?.expert;
  const moved = Array.from({ length: rows.rows }, (_, row) => row).filter(
    (row) => first(one, x, row) !== first(two, y, row),
  );
  expect(churn).toBeCloseTo(moved.length / rows.rows, 9);
  expect(alarm).toBe(moved.length / rows.rows > 0.05);
});

test('models of another target are refused', async () => {
  const other = await trained('mood', 1);
  const pair = compare(
    { predictor: one, batch: rows },
    { predictor: other, batch: rows },
    rows.target,
  );
  await expect(pair).rejects.toThrow('a model of the same target, "state", got "mood"');
  await other.close();
});

test('a route that gives the answer away shows', async () => {
  const telling = await trained('state', 1, ['age']);
  const given = (field: 'size' | 'age', label: string) =>
    Float64Array.from(rows.values[field] as Float64Array, (value, row) =>
      rows.target[row] === label ? value : Number.NaN,
    );
  const values = { ...rows.values, size: given('size', 'open'), age: given('age', 'shut') };
  const { baselines } = await evaluateRows(telling, { rows: rows.rows, values }, rows.target);
  expect(baselines!.route.accuracy).toBe(1);
  expect(baselines!.constant.accuracy).toBeLessThan(0.6);
  await telling.close();
});

test('slices hold every row once, at most 20 of them, and average to the whole', async () => {
  const slices = await scoreSlices(one, rows, rows.target, 'town');
  const whole = await evaluateRows(one, rows, rows.target);
  expect(slices).toHaveLength(20);
  expect(slices.at(-1)).toMatchObject({ name: 'other', groups: 12 });
  expect(slices.map(({ name }) => name)).toContain('missing');
  expect(slices.reduce((sum, slice) => sum + slice.rows, 0)).toBe(rows.rows);
  for (const metric of ['accuracy', 'logLoss']) {
    const total = slices.reduce((sum, slice) => sum + slice.rows * slice.metrics[metric]!, 0);
    expect(total / rows.rows).toBeCloseTo(whole.metrics[metric]!, 6);
  }
  const town = slices.find(({ name }) => name === 'town 3')!;
  expect(town.rows).toBe(
    Array.from(rows.values.town as string[]).filter((name) => name === 'town 3').length,
  );
});

test('a field without groups is cut by whether it is given; unknown ones are refused', async () => {
  const size = Float64Array.from(rows.values.size as Float64Array, (value, row) =>
    row % 4 === 0 ? Number.NaN : value,
  );
  const some = { rows: rows.rows, values: { ...rows.values, size } };
  const slices = await scoreSlices(one, some, rows.target, 'size');
  expect(slices.map((slice) => [slice.name, slice.rows])).toEqual([
    ['given', 1500],
    ['missing', 500],
  ]);
  expect(slices[0]!.metrics.accuracy).toBeGreaterThan(slices[1]!.metrics.accuracy!);
  await expect(scoreSlices(one, rows, rows.target, 'twon')).rejects.toThrow('did you mean "town"?');
});
