/** The contract of every gate kind, on random facts, features and experience. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BagColumn, Columns } from '../core/column.js';
import { random } from '../core/random.js';
import type { Data } from '../onnx/types.js';
import { runBoth } from '../runtime/plain/agree.test.kit.js';
import type { Arrays } from '../runtime/session.js';
import { emit } from '../tensor/emit.js';
import { initialise } from '../tensor/init.js';
import type { ServedPorts } from '../tensor/served-ports.js';
import { input } from '../tensor/tensor.js';
import { type Features, type Learned, servingTrace, trainingTrace } from '../tensor/trace.js';
import { type Experience, type Gate, type GateFacts, presencePort } from './gate.js';
import { gates } from './gates.js';

const widths = { 'x:value': 2, 'word:level': 5, [presencePort]: 3 };
const ports: ServedPorts = {
  'x:value': { form: 'values', width: widths['x:value'] },
  'word:level': { form: 'bag', width: widths['word:level'] },
  [presencePort]: { form: 'values', width: widths[presencePort] },
};

/** Records of which some lack a field, drawn by the seed. */
function recordsOf(rows: number, seed: number): Columns {
  const stream = random(seed, 'records');
  const dense = (width: number, draw: () => number) => ({
    form: 'values' as const,
    width,
    data: Float32Array.from({ length: rows * width }, draw),
  });
  const counts = Array.from({ length: rows }, () => stream.below(4));
  const offsets = Int32Array.from([0, ...counts]).map((_, i) =>
    counts.slice(0, i).reduce((a, b) => a + b, 0),
  );
  const ids = Int32Array.from({ length: offsets[rows]! }, () => stream.below(5));
  return {
    'x:value': dense(widths['x:value'], () => stream.normal()),
    'word:level': {
      form: 'bag',
      width: widths['word:level'],
      ids,
      weights: new Float32Array(ids.length).fill(0.5),
      offsets,
    },
    [presencePort]: dense(widths[presencePort], () => stream.below(2)),
  };
}

/** Outcomes of which some are not known. */
function experienceOf(rows: number, scores: number, seed: number): Experience {
  const stream = random(seed, 'outcomes');
  const outcomes = Float32Array.from({ length: rows * scores }, () =>
    stream.uniform() < 0.2 ? Number.NaN : stream.normal(),
  );
  return { rows, scores, columns: recordsOf(rows, seed), outcomes };
}

/** What a gate learned: fitted, or as it starts where it learns by steps. */
function learnedBy(gate: Gate, facts: GateFacts, config: unknown, experience: Experience): Learned {
  if (gate.fit !== undefined) return gate.fit(experience, config, 1);
  const features: Features = {
    'x:value': input('x:value', ['B', 2]),
    'word:level': { form: 'bag', port: 'word:level', width: 5 },
    [presencePort]: input(presencePort, ['B', 3]),
  };
  const trace = trainingTrace();
  gate.scores(trace, features, facts, config);
  const start = random(1, 'start');
  const weights = trace.weights.map(({ name, shape, init }): [string, Float32Array] => [
    name,
    initialise(init, shape, start),
  ]);
  const tables = trace.tables.map(({ name, rows, width, init }): [string, Float32Array] => [
    name,
    initialise(init, [rows, width], start),
  ]);
  return { weights: Object.fromEntries(weights), tables: Object.fromEntries(tables) };
}

/** The records as the feeds of a serving graph with one bag. */
function feedsOf(columns: Columns, rows: number): Arrays {
  const bag = columns['word:level'] as BagColumn;
  const longest = 4;
  const ids = new Int32Array(rows * longest);
  const weights = new Float32Array(rows * longest);
  const values = new Float32Array(rows * 5);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [bag.offsets[row]!, bag.offsets[row + 1]!];
    ids.set(bag.ids.subarray(from, to), row * longest);
    weights.set(bag.weights.subarray(from, to), row * longest);
    const cut = (port: string, width: number) =>
      (columns[port] as { data: Float32Array }).data.subarray(row * width, (row + 1) * width);
    values.set(cut('x:value', 2), row * 5);
    values.set(cut(presencePort, 3), row * 5 + 2);
  }
  return {
    values: { data: values, dims: [rows, 5] },
    ids: { data: ids, dims: [rows, longest] },
    weights: { data: weights, dims: [rows, 1, longest] },
  };
}

const served = 3;
const finite = (data: Data): boolean => Array.from(data, Number).every(Number.isFinite);

async function scored(gate: Gate, facts: GateFacts, config: unknown, learned: Learned) {
  const trace = servingTrace(learned, { ports });
  const scores = gate.scores(trace, trace.features, facts, config);
  const again = gate.grounded?.(trace, trace.features, facts, config);
  const outputs =
    again === undefined ? { scores } : { scores, again: again.scores, grounds: again.grounds };
  return runBoth(emit({ name: 'gate', outputs }), feedsOf(recordsOf(served, 9), served));
}

test.each(gates.kinds)(
  'the gate %s gives a number for every score it is asked for',
  async (kind) => {
    const gate = gates.get(kind);
    const config = gate.config.parse({});
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 60 }),
        fc.nat(1000),
        async (count, twice, rows, seed) => {
          const own = Array.from({ length: count }, (_, i) => ({
            name: `e${i}`,
            cost: 1,
            loss: i,
          }));
          const experts = twice ? [...own, ...own] : own;
          const patterns = [{ presence: [1, 0, 1], rows, losses: experts.map(({ loss }) => loss) }];
          const facts = { experts, patterns };
          const experience = experienceOf(rows, experts.length, seed);
          const learned = learnedBy(gate, facts, config, experience);
          const { said, plain } = await scored(gate, facts, config, learned);
          // What looks at thousands of records is left to the runtime.
          if (gate.grounded === undefined) expect(plain).toBe(true);
          expect(said.scores!.dims).toEqual([served, experts.length]);
          expect(finite(said.scores!.data)).toBe(true);
          if (gate.grounded !== undefined) {
            expect(said.again!.data).toEqual(said.scores!.data);
            expect(said.grounds!.dims).toEqual([served, experts.length, 4]);
            expect(finite(said.grounds!.data)).toBe(true);
          }
          if (gate.fit !== undefined) expect(gate.fit(experience, config, 1)).toEqual(learned);
        },
      ),
      { numRuns: 8 },
    );
  },
);
