/** Feeds of the serving graphs: all ports at once say what each port by itself said in training. */
import { expect, test } from 'vitest';
import type { Column } from '../core/column.js';
import { random } from '../core/random.js';
import type { Numbers } from '../runtime/session.js';
import { openSession } from '../runtime/session.js';
import { makeTables, sum } from '../runtime/table.js';
import { embed, project } from '../tensor/blocks.js';
import { emit } from '../tensor/emit.js';
import { layerNorm, linear, mlp } from '../tensor/layer.js';
import { add, input } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type Bag,
  type Features,
  type Learned,
  servingTrace,
  type Trace,
  trainingTrace,
} from '../tensor/trace.js';
import { servingFeeds, trainingBatch } from './feeds.js';

const rows = 3;
const ports = {
  words: { form: 'bag', width: 50 },
  x: { form: 'values', width: 4 },
  tags: { form: 'bag', width: 20 },
  z: { form: 'values', width: 1 },
} as const;
type PortName = keyof typeof ports;
const names = Object.keys(ports) as PortName[];

/** Reads all ports at once in both ways, and each by itself. */
function model(trace: Trace, features: Features): Tensor {
  const both = add(
    project(trace, 'project', features, 8, { kind: 'normal', scale: 0.3 }),
    linear(trace, 'mix', embed(trace, 'embed', features, 6), 8),
  );
  const single = trace.table('single', features.tags as Bag, 8);
  const part = embed(trace, 'part', { x: features.x!, words: features.words! }, 4);
  const h = trace.dropout(add(add(both, single), linear(trace, 'part', part, 8)), 0.5);
  const noisy = add(h, trace.noise(['B', 8], 0.1));
  return mlp(trace, 'head', layerNorm(trace, 'norm', noisy), [6, 2]);
}

const draw = random(11);
const normals = (length: number): Float32Array =>
  Float32Array.from({ length }, () => draw.normal());
const columns: Record<PortName, Column> = {
  words: {
    form: 'bag',
    width: 50,
    ids: Int32Array.of(3, 7, 49, 3),
    weights: Float32Array.of(1, -0.5, 2, 0.25),
    offsets: Int32Array.of(0, 3, 3, 4),
  },
  x: { form: 'values', width: 4, data: normals(rows * 4) },
  tags: {
    form: 'bag',
    width: 20,
    ids: Int32Array.of(0, 19, 5),
    weights: Float32Array.of(0.7, 1, -1),
    offsets: Int32Array.of(0, 1, 3, 3),
  },
  z: { form: 'values', width: 1, data: normals(rows) },
};

/** All ports of a row; those of the second row but `tags` are hidden where `hide` says so. */
const selected = (hide: boolean) => ({
  columns,
  rows: (port: string) => Int32Array.of(0, hide && port !== 'tags' ? -1 : 1, 2),
});

/** Values of all weights and tables, and the output of the training graph with nothing dropped. */
async function trained(hide: boolean) {
  const trace = trainingTrace();
  const features = Object.fromEntries(
    names.map((port) => [
      port,
      ports[port].form === 'bag'
        ? { form: 'bag' as const, port, width: ports[port].width }
        : input(port, ['B', ports[port].width]),
    ]),
  );
  const y = model(trace, features);
  const weights: Record<string, Float32Array> = {};
  const tables: Record<string, Float32Array> = {};
  const { feeds: dense, bags } = trainingBatch(names, selected(hide));
  const feeds: Record<string, Numbers> = { ...dense };
  for (const { name, shape } of trace.weights) {
    weights[name] = normals(shape.reduce((a, b) => a * b, 1));
    feeds[`weight:${name}`] = { data: weights[name], dims: shape };
  }
  for (const { name, port, rows: buckets, width, init } of trace.tables) {
    const table = makeTables([{ rows: buckets, width, init, random: random(2, name) }])[0]!;
    const out = new Float32Array(rows * width);
    sum(table, bags[port]!, Int32Array.of(0, 1, 2), out);
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

async function served(values: Learned, quantise: boolean, hide: boolean): Promise<Float32Array> {
  const trace = servingTrace(values, { ports, quantise });
  const y = model(trace, trace.features);
  const session = await openSession(emit({ name: 'serve', outputs: { y } }));
  const feeds = servingFeeds(names, selected(hide));
  const output = (await session.run(feeds)).y!.data as Float32Array;
  await session.close();
  return output;
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

test.each([false, true])('serving says what training says, fields hidden: %s', async (hide) => {
  const { weights, tables, output } = await trained(hide);
  expect(output.some((value) => Math.abs(value) > 0.1)).toBe(true);
  expect(distance(await served({ weights, tables }, false, hide), output)).toBeLessThan(1e-5);
  const rounded = distance(await served({ weights, tables }, true, hide), output);
  expect(rounded).toBeGreaterThan(0);
  expect(rounded).toBeLessThan(0.02);
});

test('a graph declares only the inputs that it reads, however many ports it has', async () => {
  const { weights, tables } = await trained(false);
  const inputs = async (build: (trace: Trace, features: Features) => Tensor) => {
    const trace = servingTrace({ weights, tables }, { ports });
    const y = build(trace, trace.features);
    const session = await openSession(emit({ name: 'serve', outputs: { y } }));
    await session.close();
    return session.inputs.map(({ name }) => name).sort();
  };
  expect(await inputs((trace, x) => project(trace, 'project', x, 8))).toEqual([
    'ids',
    'values',
    'weights',
  ]);
  expect(await inputs((trace, x) => embed(trace, 'embed', x, 6))).toEqual([
    'blocks',
    'ids',
    'spread',
  ]);
});
