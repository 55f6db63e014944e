/** Training: it learns, it repeats, it resumes, it stops at nonsense. */
import { expect, test } from 'vitest';
import type { BagColumn } from '../core/column.js';
import { MonbanError } from '../core/fault.js';
import { random } from '../core/random.js';
import { mlp } from '../tensor/layer.js';
import { add, input, logSoftmax, mean, mul, neg, pick, square, sum } from '../tensor/ops.js';
import { trainingTrace } from '../tensor/trace.js';
import { type Batch, createTrainer, type Trainer, type TrainerParts } from './trainer.js';

const buckets = 100;

/** Two classes that depend on the product of two numbers and on one word. */
function parts(seed = 1, weightDecay = 0.01): TrainerParts {
  const trace = trainingTrace();
  const x = input('x', ['B', 2]);
  const y = input('y', ['B', 1], 'int64');
  const words = trace.table('words', { form: 'bag', port: 'words', width: buckets }, 2);
  const scores = add(mlp(trace, 'm', x, [32, 32, 2], { dropout: 0.1 }), words);
  const loss = neg(mean(pick(logSoftmax(scores), y)));
  const { weights, tables, draws } = trace;
  const optimiser = { rate: 0.01, tableRate: 0.1, weightDecay, clip: 1 };
  return { loss, extra: { scores }, weights, tables, draws, seed, optimiser };
}

function batch(step: number, rows = 64): Batch {
  const draw = random(step, 'batch');
  const x = Float32Array.from({ length: rows * 2 }, () => draw.normal());
  const ids = Int32Array.from({ length: rows }, () => draw.below(buckets));
  const y = BigInt64Array.from({ length: rows }, (_, i) =>
    BigInt(+(x[2 * i]! * x[2 * i + 1]! + (ids[i]! % 2 === 0 ? 1 : -1) > 0)),
  );
  const bags: BagColumn = {
    form: 'bag',
    width: buckets,
    ids,
    weights: new Float32Array(rows).fill(1),
    offsets: Int32Array.from({ length: rows + 1 }, (_, i) => i),
  };
  return {
    feeds: { x: { data: x, dims: [rows, 2] }, y: { data: y, dims: [rows, 1] } },
    bags: { words: bags },
    rows: Int32Array.from({ length: rows }, (_, i) => i),
    rateFactor: 1,
  };
}

async function train(trainer: Trainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = from; i < to; i++) losses.push((await trainer.step(batch(i))).loss);
  return losses;
}

const bytes = (trainer: Trainer): string => {
  const { weights, tables } = trainer.values();
  return [...Object.values(weights), ...Object.values(tables)]
    .map((data) => Buffer.from(data.buffer).toString('base64'))
    .join('\n');
};

test('it learns a problem that needs both the network and the table', async () => {
  const trainer = await createTrainer(parts());
  const losses = await train(trainer, 0, 400);
  const average = (list: number[]): number => list.reduce((a, b) => a + b) / list.length;
  expect(average(losses.slice(0, 5))).toBeGreaterThan(0.6);
  expect(average(losses.slice(-20))).toBeLessThan(0.3);
  await trainer.close();
});

test('the same seed gives the same bytes, another seed others, and a state resumes', async () => {
  const [a, b, c, other] = await Promise.all(
    [1, 1, 1, 2].map((seed) => createTrainer(parts(seed))),
  );
  await train(a!, 0, 20);
  await train(b!, 0, 10);
  const saved = b!.state();
  await train(b!, 10, 20);
  await train(other!, 0, 20);
  expect(bytes(b!)).toBe(bytes(a!));
  expect(bytes(other!)).not.toBe(bytes(a!));
  c!.load(saved);
  await train(c!, 10, 20);
  expect(bytes(c!)).toBe(bytes(a!));
});

test('values are copies that can be put back, and that another trainer can start from', async () => {
  const trainer = await createTrainer(parts());
  const start = bytes(trainer);
  const values = trainer.values();
  await train(trainer, 0, 3);
  expect(bytes(trainer)).not.toBe(start);
  const heir = await createTrainer({ ...parts(9), initial: values });
  expect(bytes(heir)).toBe(start);
  trainer.restore(values);
  expect(bytes(trainer)).toBe(start);
});

test('after a restart it is as a new trainer of that seed', async () => {
  const [trainer, fresh] = await Promise.all([1, 2].map((seed) => createTrainer(parts(seed))));
  await train(trainer!, 0, 5);
  trainer!.restart(2);
  expect(bytes(trainer!)).toBe(bytes(fresh!));
  expect(await train(trainer!, 0, 5)).toEqual(await train(fresh!, 0, 5));
  expect(bytes(trainer!)).toBe(bytes(fresh!));
});

test('of a table just the rows can be copied that are kept', async () => {
  const trainer = await createTrainer(parts());
  const { name, port, width } = parts().tables[0]!;
  const [whole, some] = [trainer.values(), trainer.values({ [port]: Int32Array.of(2, 0) })];
  const all = whole.tables[name]!;
  const rows = [...all.subarray(2 * width, 3 * width), ...all.subarray(0, width)];
  expect([...some.tables[name]!]).toEqual(rows);
  expect(some.weights).toEqual(whole.weights);
});

test('batches may change their size, and extras have the size of the batch', async () => {
  const trainer = await createTrainer(parts());
  for (const rows of [8, 3, 8, 1]) {
    const { extra, gradientNorm } = await trainer.step(batch(rows, rows));
    expect(extra.scores!.length).toBe(rows * 2);
    expect(gradientNorm).toBeGreaterThan(0);
  }
});

test('one AdamW step with clipping and decay is the textbook one', async () => {
  const trace = trainingTrace();
  const start = Float32Array.of(1, -2, 3);
  const w = trace.weight('w', [3, 1], { kind: 'data', data: start });
  const loss = mul(sum(square(w)), 50);
  const { weights, tables, draws } = trace;
  const optimiser = { rate: 0.1, tableRate: 0, weightDecay: 0.5, clip: 1 };
  const trainer = await createTrainer({ loss, weights, tables, draws, seed: 1, optimiser });
  const { gradientNorm } = await trainer.step({
    feeds: {},
    bags: {},
    rows: Int32Array.of(0),
    rateFactor: 0.5,
  });
  const norm = 100 * Math.sqrt(14);
  expect(gradientNorm).toBeCloseTo(norm, 2);
  const got = trainer.values().weights.w!;
  for (const [i, p] of start.entries()) {
    expect(got[i]).toBeCloseTo(p - 0.05 * Math.sign(p) - 0.05 * 0.5 * p, 4);
  }
  const state = trainer.state();
  expect(state.first[0]).toBeCloseTo((0.1 * 100) / norm, 5);
  expect(state.second[0]).toBeCloseTo(0.001 * (100 / norm) ** 2, 7);
});

test('a loss that is not finite is a user error and changes nothing', async () => {
  const trainer = await createTrainer(parts());
  const before = bytes(trainer);
  const bad = batch(0);
  (bad.feeds.x!.data as Float32Array)[0] = Number.NaN;
  const error = await trainer.step(bad).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(MonbanError);
  expect((error as MonbanError).message).toContain('expected a finite loss, got NaN at step 1');
  expect(bytes(trainer)).toBe(before);
});

test('a dropped share is near the rate and the mean is kept', async () => {
  const { fillDraw } = await import('./draw.js');
  const [draw] = parts().draws;
  const out = new Float32Array(99_999);
  fillDraw({ ...draw!, amount: 0.25 }, random(1), out);
  expect(out.filter((value) => value === 0).length / out.length).toBeCloseTo(0.25, 2);
  expect(out.reduce((a, b) => a + b) / out.length).toBeCloseTo(1, 2);
});
