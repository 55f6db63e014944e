/** The contract of every expert and gate kind: what was trained is what is served, for any record. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Columns } from '../src/core/column.js';
import { type Random, random } from '../src/core/random.js';
import type { Values } from '../src/data/column.js';
import type { Encoder } from '../src/encoder/encoder.js';
import { encoders } from '../src/encoder/encoders.js';
import type { FieldPorts, GradientModel } from '../src/expert/expert.js';
import { experts } from '../src/expert/experts.js';
import { presencePort, sharedPort } from '../src/gate/gate.js';
import { gates } from '../src/gate/gates.js';
import { wished } from '../src/gate/wish.js';
import { servingFeeds, trainingBatch } from '../src/mixture/feeds.js';
import { expertGraph, gateFeatures, gateGraph } from '../src/mixture/graphs.js';
import { fieldOf, gatePorts, graphFeatures, portsOf } from '../src/mixture/wiring.js';
import { objectives } from '../src/objective/objectives.js';
import { type Arrays, type Numbers, openSession } from '../src/runtime/session.js';
import { makeTables, sum } from '../src/runtime/table.js';
import { emit } from '../src/tensor/emit.js';
import type { Tensor } from '../src/tensor/tensor.js';
import { type TrainingTrace, trainingTrace } from '../src/tensor/trace.js';
import type { Learned } from '../src/tensor/trace-serving.js';
import { gateFeeds, sharedOf } from '../src/train/gate-feeds.js';

const rows = 6;
const width = 3;
const objective = objectives.get('classification');
const vocabulary = ['red', 'green', 'blue', '赤い', 'wine glass'];

/** Values of any storage, now and then missing; lists are long enough for a picture or a series. */
const lists = (stream: Random): Values =>
  Array.from({ length: rows }, () =>
    stream.uniform() < 0.2 ? null : Array.from({ length: 64 }, () => String(stream.below(200) + 1)),
  );

const samples: Readonly<Record<Encoder['storage'], (stream: Random) => Values>> = {
  number: (stream) =>
    Float64Array.from({ length: rows }, () =>
      stream.uniform() < 0.2 ? Number.NaN : stream.normal(),
    ),
  text: (stream) =>
    Array.from({ length: rows }, () =>
      stream.uniform() < 0.2 ? null : vocabulary[stream.below(vocabulary.length)]!,
    ),
  list: lists,
  any: lists,
};

interface Data {
  readonly ports: FieldPorts;
  readonly columns: Columns;
  /** By field: the rows in which it is shown. */
  readonly shown: Readonly<Record<string, readonly boolean[]>>;
}

/** One field of every kind, encoded; a field is hidden in some rows as a missing source is. */
async function dataOf(stream: Random): Promise<Data> {
  const opened = encoders.all().map(async (encoder) => {
    const given = samples[encoder.storage](stream);
    const whole = encoder.config.safeParse({ minimum: 1 });
    const config = whole.success ? whole.data : encoder.config.parse({});
    const coder = encoder.open(await encoder.fit(given, config));
    const values = (await coder.load?.(given))?.values ?? given;
    return { kind: encoder.kind, values, coder };
  });
  const fields = await Promise.all(opened);
  const coders = Object.fromEntries(fields.map(({ kind, coder }) => [kind, coder]));
  const columns: Record<string, Columns[string]> = {};
  for (const { kind, values, coder } of fields) {
    const encoded = coder.encode(values, Object.keys(coder.ports));
    for (const [port, column] of Object.entries(encoded)) columns[`${kind}:${port}`] = column;
  }
  const shown = fields.map(({ kind }): [string, boolean[]] => [
    kind,
    Array.from({ length: rows }, () => stream.uniform() > 0.3),
  ]);
  return { ports: portsOf(coders), columns, shown: Object.fromEntries(shown) };
}

const visible = ({ shown }: Data, port: string): Int32Array =>
  Int32Array.from(shown[fieldOf(port)]!, (is, row) => (is ? row : -1));

/** Anything that could have been learned; rows of tables are such that storing them is exact. */
function learnedBy(trace: TrainingTrace, stream: Random): Learned {
  const weights = trace.weights.map(({ name, shape }): [string, Float32Array] => [
    name,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal() / 2),
  ]);
  const tables = trace.tables.map(({ name, rows: count, width: wide }): [string, Float32Array] => [
    name,
    Float32Array.from({ length: count * wide }, (_, i) =>
      i % wide === 0 ? 1 : (stream.below(255) - 127) / 127,
    ),
  ]);
  return { weights: Object.fromEntries(weights), tables: Object.fromEntries(tables) };
}

/** What the training graph says, with nothing dropped and no noise. */
async function inTraining(
  trace: TrainingTrace,
  said: Tensor,
  learned: Learned,
  data: Data,
  ports: readonly string[],
  others: Arrays = {},
): Promise<Float32Array> {
  const { feeds, bags } = trainingBatch(ports, {
    columns: data.columns,
    rows: (port) => visible(data, port),
  });
  const all: Record<string, Numbers> = { ...feeds, ...others };
  for (const { name, shape } of trace.weights)
    all[`weight:${name}`] = { data: learned.weights[name]!, dims: shape as number[] };
  for (const { name, port, rows: count, width: wide, init } of trace.tables) {
    const table = makeTables([{ rows: count, width: wide, init, random: random(1) }])[0]!;
    table.data.set(learned.tables[name]!);
    const out = new Float32Array(rows * wide);
    sum(
      table,
      bags[port]!,
      Int32Array.from({ length: rows }, (_, i) => i),
      out,
    );
    all[`table:${name}`] = { data: out, dims: [rows, wide] };
  }
  for (const { name, kind, shape } of trace.draws) {
    const dims = shape.map((dim) => (typeof dim === 'number' ? dim : rows));
    const length = dims.reduce((a, b) => a * b, 1);
    all[name] = { data: new Float32Array(length).fill(kind === 'dropout' ? 1 : 0), dims };
  }
  return run(emit({ name: 'training', outputs: { said } }), all, 'said');
}

async function run(model: Uint8Array, feeds: Arrays, output: string): Promise<Float32Array> {
  const session = await openSession(model);
  const wanted = session.inputs.map(({ name }): [string, Numbers] => [name, feeds[name]!]);
  const found = await session.run(Object.fromEntries(wanted));
  await session.close();
  return found[output]!.data as Float32Array;
}

function expectSame(served: Float32Array, trained: Float32Array): void {
  expect(served).toHaveLength(trained.length);
  expect(trained.every(Number.isFinite)).toBe(true);
  const size = 1 + Math.max(...trained.map(Math.abs));
  served.forEach((value, i) => {
    expect(Math.abs(value - trained[i]!)).toBeLessThan(1e-3 * size);
  });
}

const anySeed = { numRuns: 3 };

/**
 * Kinds that learn by steps; what others trained is compared in import.test.ts, and what is fitted at
 * once has no training graph and is held to contract-fitted.test.ts.
 */
const learning = experts.kinds.filter(
  (kind) => experts.get(kind).load === undefined && experts.get(kind).fitted !== true,
);

test.each(learning)('the expert %s is served as it was trained', async (kind) => {
  const expert = experts.get(kind);
  const config = expert.config.parse({});
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const stream = random(seed, kind);
      const data = await dataOf(stream);
      const ports = Object.keys(data.columns).filter((port) =>
        expert.ports.includes(port.slice(fieldOf(port).length + 1)),
      );
      expect(ports).not.toEqual([]);
      const trace = trainingTrace();
      const features = graphFeatures(data.ports, ports);
      const said = (expert.build(width, config) as GradientModel).forward(trace, features);
      expect(said.shape).toEqual(['B', width]);
      const learned = learnedBy(trace, stream);
      const trained = await inTraining(trace, said, learned, data, ports);
      const graph = { kind, config, fields: data.ports, ports, outputs: width };
      const feeds = servingFeeds(ports, {
        columns: data.columns,
        rows: (port) => visible(data, port),
      });
      expectSame(await run(expertGraph(graph, learned, objective), feeds, 'output'), trained);
    }),
    anySeed,
  );
});

/** Kinds with a training graph; what is fitted at once has none, and is held to src/gate/contract.test.ts. */
const stepwise = gates.kinds.filter((kind) => gates.get(kind).fit === undefined);
const alone = stepwise.map((kind): [string, string, number] => [kind, 'by itself', -1]);
const besides = stepwise
  .filter((kind) => gates.get(kind).learns)
  .map((kind): [string, string, number] => [kind, 'beside a shared expert', 1]);

test.each([...alone, ...besides])(
  'the gate %s %s is served as it was trained',
  async (kind, _how, shared) => {
    const gate = gates.get(kind);
    const config = gate.config.parse({});
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const stream = random(seed, kind);
        const data = await dataOf(stream);
        const fields = Object.keys(data.ports);
        const ports = gatePorts(data.ports, {});
        const count = 3;
        const facts = {
          experts: ['a', 'b', 'c'].map((name, i) => ({ name, cost: 1 + i, loss: 2 - i / 2 })),
          patterns: [],
        };
        const views = {
          row: Int32Array.from({ length: rows }, (_, i) => i),
          visible: Uint8Array.from({ length: rows * fields.length }, (_, i) =>
            Number(data.shown[fields[i % fields.length]!]![Math.floor(i / fields.length)]!),
          ),
        };
        const source = {
          objective: { kind: 'classification', state: {} },
          fields: data.ports,
          ports,
          columns: data.columns,
          views,
          outputs: Float32Array.from({ length: rows * count * width }, () => stream.normal()),
          open: new Float32Array(rows * count).fill(1),
          truth: new Float64Array(rows),
          check: new Uint8Array(rows),
          unit: Uint32Array.from({ length: rows }, (_, row) => row),
        };
        const trace = trainingTrace();
        const features = gateFeatures({ fields: data.ports, ports, shared }, width, objective);
        const { wish } = wished(gate, trace, features, facts, { config, shared });
        const learned = learnedBy(trace, stream);
        const feeds = gateFeeds({ data: source, facts, shared }, views.row, width);
        const presence = { data: Float32Array.from(views.visible), dims: [rows, fields.length] };
        const said = sharedOf(source.outputs, Math.max(0, shared), count, width);
        const given = {
          ...feeds,
          [presencePort]: presence,
          ...(shared < 0 ? {} : { [sharedPort]: { data: said, dims: [rows, width] } }),
        };
        const trained = await inTraining(trace, wish, learned, data, ports, given);
        const zeros = [0, 0, 0];
        const graph = { kind, config, fields: data.ports, ports, facts, shared, topK: 1 };
        const model = gateGraph(
          { ...graph, pool: 'mixture', bias: zeros, penalty: zeros },
          learned,
          objective,
          width,
        );
        expectSame(await run(model, feeds, 'scores'), trained);
      }),
      anySeed,
    );
  },
);
