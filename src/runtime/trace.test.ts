/** The same model traced for training and for serving says the same. */
import { expect, test } from 'vitest';
import type { BagColumn } from '../core/column.js';
import { random } from '../core/random.js';
import { emit } from '../tensor/emit.js';
import { layerNorm, linear, mlp } from '../tensor/layer.js';
import { add, input } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { servingTrace, type Trace, trainingTrace } from '../tensor/trace.js';
import { type Numbers, openSession } from './session.js';
import { makeTables, sum } from './table.js';

const buckets = 50;
const rows = 3;
const bag = { form: 'bag' as const, port: 'words', width: buckets };
const ports = { x: { form: 'values', width: 4 }, words: { form: 'bag', width: buckets } } as const;

function model(trace: Trace, x: Tensor): Tensor {
  const words = add(trace.table('words', bag, 8), trace.table('more', bag, 8));
  const h = trace.dropout(add(linear(trace, 'x', x, 8), words), 0.5);
  const noisy = add(h, trace.noise(['B', 8], 0.1));
  return mlp(trace, 'head', layerNorm(trace, 'norm', noisy), [6, 2]);
}

const draw = random(11);
const normals = (length: number): Float32Array =>
  Float32Array.from({ length }, () => draw.normal());
const x: Numbers = { data: normals(rows * 4), dims: [rows, 4] };
const bags: BagColumn = {
  form: 'bag',
  width: buckets,
  ids: Int32Array.of(3, 7, 49, 3),
  weights: Float32Array.of(1, -0.5, 2, 0.25),
  offsets: Int32Array.of(0, 3, 3, 4),
};
/** The same bags, padded. */
const padded = {
  ids: { data: Int32Array.of(3, 7, 49, 0, 0, 0, 3, 0, 0), dims: [rows, 3] },
  weights: { data: Float32Array.of(1, -0.5, 2, 0, 0, 0, 0.25, 0, 0), dims: [rows, 1, 3] },
};

/** Values of all weights and tables, and the output of the training graph with nothing dropped. */
async function trained() {
  const trace = trainingTrace();
  const y = model(trace, input('x', ['B', 4]));
  const weights: Record<string, Float32Array> = {};
  const tables: Record<string, Float32Array> = {};
  const feeds: Record<string, Numbers> = { x };
  for (const { name, shape } of trace.weights) {
    weights[name] = normals(shape.reduce((a, b) => a * b, 1));
    feeds[`weight:${name}`] = { data: weights[name], dims: shape };
  }
  for (const { name, width, init } of trace.tables) {
    const table = makeTables([{ rows: buckets, width, init, random: random(2, name) }])[0]!;
    const out = new Float32Array(rows * width);
    sum(table, bags, Int32Array.of(0, 1, 2), out);
    tables[name] = table.data.slice();
    feeds[`table:${name}`] = { data: out, dims: [rows, width] };
  }
  for (const { name, kind } of trace.draws) {
    const data = new Float32Array(rows * 8).fill(kind === 'dropout' ? 1 : 0);
    feeds[name] = { data, dims: [rows, 8] };
  }
  const session = await openSession(emit({ name: 'train', outputs: { y } }));
  const output = (await session.run(feeds)).y!.data as Float32Array;
  await session.close();
  return { weights, tables, output };
}

async function served(
  values: Parameters<typeof servingTrace>[0],
  quantise: boolean,
): Promise<Float32Array> {
  const trace = servingTrace(values, { ports, quantise });
  const y = model(trace, trace.features.x as Tensor);
  const session = await openSession(emit({ name: 'serve', outputs: { y } }));
  expect(session.inputs.map((slot) => slot.name).sort()).toEqual(['ids', 'values', 'weights']);
  const output = (await session.run({ values: x, ...padded })).y!.data as Float32Array;
  await session.close();
  return output;
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

test('serving says what training says; quantised tables say nearly the same', async () => {
  const { weights, tables, output } = await trained();
  expect(output.some((value) => Math.abs(value) > 0.1)).toBe(true);
  expect(distance(await served({ weights, tables }, false), output)).toBeLessThan(1e-5);
  const rounded = distance(await served({ weights, tables }, true), output);
  expect(rounded).toBeGreaterThan(0);
  expect(rounded).toBeLessThan(0.02);
});
