/** The contract of expert kinds that are not trained: what a model is fed and says, for any record. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Columns } from '../src/core/column.js';
import { type Random, random } from '../src/core/random.js';
import type { Values } from '../src/data/column.js';
import { encoders } from '../src/encoder/encoders.js';
import { experts } from '../src/expert/experts.js';
import type { OnnxConfig, OnnxFile } from '../src/expert/onnx.js';
import { expertParts } from '../src/mixture/expert-parts.js';
import { openExpert } from '../src/mixture/expert-runner.js';
import { portsOf } from '../src/mixture/wiring.js';
import { objectives } from '../src/objective/objectives.js';
import { graphBuilder } from '../src/onnx/graph.js';
import { sessions } from '../src/runtime/session.js';

const rows = 7;
const side = 4;
const area = side * side;
const channels = 3;
const names = ['red', 'green', 'blue'];
const objective = objectives.get('classification');

/** One record in plain values, which the reference reads. */
interface Plain {
  readonly amount: number;
  readonly colour: string | null;
  readonly photo: readonly number[] | null;
}

interface Sample {
  /** Options of the kind, and what it would have loaded. */
  readonly config: unknown;
  readonly loaded: unknown;
  /** What the model says of a record, worked out by hand. */
  readonly reference: (record: Plain) => number[];
}

/** A model that gives back what it is fed: numbers and codes, one-hot columns, a whole number, a picture. */
function echo(stream: Random): Sample {
  const inputs = [
    { name: 'mixed', type: 'float32', shape: ['B', 5] },
    { name: 'whole', type: 'int64', shape: ['B', 1] },
    { name: 'photo', type: 'float32', shape: ['B', channels, side, side] },
  ];
  const graph = graphBuilder('echo');
  for (const { name, type, shape } of inputs) graph.input(name, shape, type as 'float32');
  const whole = graph.node('Cast', ['whole'], { to: 1 })[0]!;
  const photo = graph.node('Flatten', ['photo'], { axis: 1 })[0]!;
  const all = graph.node('Concat', ['mixed', whole, photo], { axis: 1 })[0]!;
  const width = 6 + channels * area;
  graph.output('said', all, ['B', width], 'float32');
  const missing = stream.below(9) - 4;
  const mean = [0, 1, 2].map(() => stream.uniform());
  const deviation = mean.map((value) => 0.5 + value);
  const config: OnnxConfig = {
    path: 'echo.onnx',
    inputs: {
      photo: { field: 'photo', scale: 2, mean, deviation, layout: 'nchw' },
      whole: { field: 'colour', codes: { green: 7, blue: -2 }, scale: 1, layout: 'nchw' },
      mixed: [
        { field: 'colour', oneHot: [...names].reverse(), scale: 1, layout: 'nchw' },
        'amount',
        { field: 'colour', codes: names, scale: 1, layout: 'nchw' },
      ],
    },
    gives: 'logits',
    classes: Array.from({ length: width }, (_, i) => `c${i}`),
    missing,
    missingText: '',
  };
  const loaded: OnnxFile = {
    bytes: graph.bytes(),
    inputs,
    outputs: [{ name: 'said', type: 'float32', shape: ['B', width] }],
  };
  const code = (list: readonly number[], at: number) => list[at] ?? missing;
  return {
    config,
    loaded,
    reference: ({ amount, colour, photo }) => {
      const at = names.indexOf(colour ?? '');
      return [
        ...[...names].reverse().map((name) => Number(name === colour)),
        Number.isNaN(amount) ? missing : amount,
        code([0, 1, 2], at),
        at === 1 ? 7 : at === 2 ? -2 : missing,
        ...mean.flatMap((average, c) =>
          Array.from({ length: area }, (_, place) => {
            const pixel = (photo?.[place * channels + c] ?? 0) / 255;
            return (pixel * 2 - average) / deviation[c]!;
          }),
        ),
      ];
    },
  };
}

const samples: Readonly<Record<string, (stream: Random) => Sample>> = { onnx: echo };
const frozen = experts.kinds.filter((kind) => experts.get(kind).frozen === true);

/** Records with any of their fields missing, or of a name that has no code. */
function recordsOf(stream: Random): Plain[] {
  return Array.from({ length: rows }, () => ({
    amount: stream.uniform() < 0.3 ? Number.NaN : Math.fround(stream.normal()),
    colour: stream.uniform() < 0.3 ? null : [...names, 'mauve'][stream.below(4)]!,
    photo:
      stream.uniform() < 0.3
        ? null
        : Array.from({ length: channels * area }, () => stream.below(256)),
  }));
}

const fieldKinds = { amount: 'number', colour: 'category', photo: 'image' };

async function encoded(records: readonly Plain[]) {
  const values: Record<string, Values> = {
    amount: Float64Array.from(records, ({ amount }) => amount),
    colour: records.map(({ colour }) => colour),
    photo: records.map(({ photo }) => photo?.map(String) ?? null) as unknown as Values,
  };
  const columns: Record<string, Columns[string]> = {};
  const coders: Parameters<typeof portsOf>[0] = Object.fromEntries(
    await Promise.all(
      Object.entries(fieldKinds).map(async ([name, kind]) => {
        const encoder = encoders.get(kind);
        const config = encoder.config.parse(kind === 'image' ? { size: side, channels } : {});
        const coder = encoder.open(await encoder.fit(values[name]!, config));
        const loaded = (await coder.load?.(values[name]!))?.values ?? values[name]!;
        const want = Object.keys(coder.ports);
        for (const [port, column] of Object.entries(coder.encode(loaded, want)))
          columns[`${name}:${port}`] = column;
        return [name, coder] as const;
      }),
    ),
  );
  return { fields: portsOf(coders), columns };
}

const present = (record: Plain, port: string): boolean => {
  const value = record[port.slice(0, port.indexOf(':')) as keyof Plain];
  return value !== null && !Number.isNaN(value);
};

test('every kind that is not trained has a sample here', () => {
  expect(frozen).toEqual(Object.keys(samples));
});

test.each(frozen)('%s: any record is fed as the spec says, alone or among others', async (kind) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const stream = random(seed, kind);
      const { config, loaded, reference } = samples[kind]!(stream);
      const records = recordsOf(stream);
      const { fields, columns } = await encoded(records);
      const expert = experts.get(kind);
      expect(expert.check?.(config, { fields, loaded }, 'experts.a')).toEqual([]);
      const ports = expert.reads!(fields, config);
      const labels = (config as OnnxConfig).classes as string[];
      const state = objective.fit([...labels, ...labels], objective.config.parse({}), 'target');
      const outputs = objective.outputs(state);
      const graph = { kind, config, fields, ports, outputs, loaded };
      const parts = expertParts('a', graph, { weights: {}, tables: {} }, { objective, state });
      const runner = await openExpert(sessions, parts);
      const ask = (order: readonly number[]) =>
        runner.say(ports, {
          columns,
          rows: (port) => Int32Array.from(order, (r) => (present(records[r]!, port) ? r : -1)),
        });
      const order = [...records.keys()].reverse();
      const together = await ask(order);
      // Labels of the target are in the order of the alphabet, not in that of the model.
      const places = (state as { labels: string[] }).labels.map((label) => labels.indexOf(label));
      for (const [i, row] of order.entries()) {
        const said = reference(records[row]!);
        const most = Math.max(...said);
        const norm = most + Math.log(said.reduce((sum, z) => sum + Math.exp(z - most), 0));
        const own = together.subarray(i * outputs, (i + 1) * outputs);
        places.forEach((place, label) => {
          expect(own[label]).toBeCloseTo(said[place]! - norm, 3);
        });
        expect(await ask([row])).toEqual(own);
      }
      await runner.close();
    }),
    { numRuns: 8 },
  );
});
