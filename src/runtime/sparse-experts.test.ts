/** Sparse experts against the same experts one by one, over all rows. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { emit } from '../tensor/emit.js';
import { topK } from '../tensor/ops.js';
import { sparseExperts } from '../tensor/sparse-experts.js';
import { input, type Tensor } from '../tensor/tensor.js';
import { servingTrace, type Trace, trainingTrace } from '../tensor/trace.js';
import { type Arrays, openSession } from './session.js';

const [rows, wide, experts, k] = [7, 3, 5, 2];
const widths = [4, 2];
const stream = random(3, 'sparse');
const normals = (length: number): Float32Array =>
  Float32Array.from({ length }, () => stream.normal());

function build(trace: Trace) {
  const choice = topK(input('scores', ['B', experts]), k);
  return {
    choice,
    said: sparseExperts(trace, 's', input('x', ['B', wide]), choice, { experts, widths }),
  };
}

/** Row times one expert's matrix, plus its bias. */
function layer(x: readonly number[], w: Float32Array, b: Float32Array, e: number): number[] {
  const width = b.length / experts;
  return Array.from({ length: width }, (_, j) =>
    x.reduce(
      (sum, value, i) => sum + value * w[(e * x.length + i) * width + j]!,
      b[e * width + j]!,
    ),
  );
}

async function run(outputs: Record<string, Tensor>, feeds: Arrays) {
  const session = await openSession(emit({ name: 'sparse', outputs }));
  const got = await session.run(feeds);
  await session.close();
  return got;
}

async function compare(scores: Float32Array): Promise<void> {
  const trace = trainingTrace();
  const inTraining = build(trace);
  const weights = Object.fromEntries(
    trace.weights.map(({ name, shape }) => [name, normals(shape.reduce((a, b) => a * b, 1))]),
  );
  const x = normals(rows * wide);
  const feeds = {
    x: { data: x, dims: [rows, wide] },
    scores: { data: scores, dims: [rows, experts] },
  };
  const got = await run(build(servingTrace({ weights, tables: {} })), feeds);
  const learned = trace.weights.map(({ name, shape }) => [
    `weight:${name}`,
    { data: weights[name]!, dims: shape },
  ]);
  const trained = await run(inTraining, { ...feeds, ...Object.fromEntries(learned) });
  expect(got.said!.dims).toEqual([rows, k, widths[1]]);
  expect(trained.said!.dims).toEqual([rows, k, widths[1]]);
  for (let place = 0; place < rows * k; place++) {
    const row = Math.floor(place / k);
    const e = Number(got.choice!.data[place]);
    const [w0, b0, w1, b1] = Object.values(weights) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const hidden = layer([...x.subarray(row * wide, (row + 1) * wide)], w0, b0, e);
    const wanted = layer(
      hidden.map((value) => Math.max(0, value)),
      w1,
      b1,
      e,
    );
    wanted.forEach((value, j) => {
      expect(got.said!.data[place * 2 + j]).toBeCloseTo(value, 4);
      expect(trained.said!.data[place * 2 + j]).toBeCloseTo(value, 4);
    });
  }
}

test('every row hears the experts it chose', () => compare(normals(rows * experts)));

test('a route that sends all rows to the same experts drops none', () =>
  compare(Float32Array.from({ length: rows * experts }, (_, i) => i % experts)));
