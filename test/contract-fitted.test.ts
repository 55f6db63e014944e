/** The contract of expert kinds that are fitted to rows: what was fitted is what is served. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BagColumn, Columns } from '../src/core/column.js';
import { type Random, random } from '../src/core/random.js';
import type { Values } from '../src/data/column.js';
import { encoders } from '../src/encoder/encoders.js';
import type { Carried, FitTask, Fitting, RowsModel } from '../src/expert/expert.js';
import { experts } from '../src/expert/experts.js';
import { expertParts } from '../src/mixture/expert-parts.js';
import { openExpert } from '../src/mixture/expert-runner.js';
import { portsOf } from '../src/mixture/wiring.js';
import { objectives } from '../src/objective/objectives.js';
import { sessions } from '../src/runtime/session.js';

const fitted = experts.kinds.filter((kind) => experts.get(kind).fitted === true);
const names = ['red', 'green', 'blue', 'grey'];
const stages = 6;

/** Values of some kinds of field, now and then missing, infinite or never met before. */
const given: Readonly<Record<string, (stream: Random, rows: number) => Values>> = {
  number: (stream, rows) =>
    Float64Array.from({ length: rows }, () => {
      const drawn = stream.uniform();
      if (drawn < 0.2) return Number.NaN;
      return drawn < 0.25 ? Number.POSITIVE_INFINITY : stream.normal() * 100;
    }),
  category: (stream, rows) =>
    Array.from({ length: rows }, () => (stream.uniform() < 0.2 ? null : names[stream.below(4)]!)),
  time: (stream, rows) =>
    Array.from({ length: rows }, () =>
      stream.uniform() < 0.2 ? null : `2024-0${1 + stream.below(9)}-11 0${stream.below(9)}:30`,
    ),
  series: (stream, rows) =>
    Array.from({ length: rows }, () =>
      stream.uniform() < 0.2 ? null : Array.from({ length: 8 }, () => String(stream.normal())),
    ),
};

/** A field of every kind, or of each as many. */
async function fieldsOf(stream: Random, rows: number, many = 1) {
  const all = Object.entries(given).flatMap(([kind, draw]) =>
    Array.from({ length: many }, async (_, i) => {
      const encoder = encoders.get(kind);
      const values = draw(stream, rows);
      const coder = encoder.open(await encoder.fit(values, encoder.config.parse({})));
      return [`${kind}${i}`, { coder, values }] as const;
    }),
  );
  return Object.fromEntries(await Promise.all(all));
}

type Fields = Awaited<ReturnType<typeof fieldsOf>>;

/** The ports of the fields that a kind reads, encoded. */
function carried(fields: Fields, readable: readonly string[], rows: number): Carried {
  const columns: Record<string, Columns[string]> = {};
  for (const [field, { coder, values }] of Object.entries(fields)) {
    const own = Object.keys(coder.ports).filter((port) => readable.includes(port));
    for (const [port, column] of Object.entries(coder.encode(values, own)))
      columns[`${field}:${port}`] = column;
  }
  return { rows, columns };
}

/** Fits an objective to the rows, of which all are held besides: what is said of them is compared. */
function learn(model: RowsModel, objective: string, rows: Carried, seed: number): Fitting {
  const { kind, config, ...own } = objectives.get(objective);
  const stream = random(seed, kind);
  // An objective wants more than one row to see what the target is.
  const length = Math.max(3, rows.rows);
  const target =
    kind === 'regression'
      ? Float64Array.from({ length }, () => stream.normal())
      : Array.from({ length }, (_, i) => names[i % 3]!);
  const state = own.fit(target, config.parse({}), 'target');
  const truth = own.encode(target, state, 'target').slice(0, rows.rows);
  const task: FitTask = {
    ...rows,
    outputs: own.outputs(state),
    weights: Float32Array.from({ length: rows.rows }, () => 0.5 + stream.uniform()),
    part: Uint8Array.from({ length: rows.rows }, (_, i) => i % 3),
    slopes: (outputs, gradient, curvature) => own.slopes(outputs, truth, { gradient, curvature }),
    held: rows,
    stream: random(seed, 'fit'),
  };
  const fitting = model.begin(task);
  for (let stage = 0; stage < stages; stage++) fitting.advance();
  return fitting;
}

const objectiveKinds = ['classification', 'regression'];
const widths: Readonly<Record<string, number>> = { classification: 3, regression: 2 };
const pairs = fitted.flatMap((kind) =>
  objectiveKinds.map((objective) => [kind, objective] as const),
);

function modelOf(kind: string, objective: string, options: object = {}) {
  const expert = experts.get(kind);
  const config = expert.config.parse(options);
  const model = expert.build(widths[objective]!, config) as RowsModel;
  expect(model.by).toBe('rows');
  return { expert, config, model };
}

test.each(
  pairs.flatMap(([kind, objective]) => [
    [kind, objective, 1] as const,
    [kind, objective, 8] as const,
  ]),
)(
  '%s for %s: the graph says what was fitted, %i fields of a kind',
  async (kind, objective, many) => {
    const { expert, config, model } = modelOf(kind, objective);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 3, max: 90 }), async (seed, rows) => {
        const fields = await fieldsOf(random(seed, 'records'), rows, many);
        const about = carried(fields, expert.ports, rows);
        const fitting = learn(model, objective, about, seed);
        expect(fitting.said.every(Number.isFinite)).toBe(true);
        const ports = Object.keys(about.columns);
        const opened = portsOf(
          Object.fromEntries(Object.entries(fields).map(([name, { coder }]) => [name, coder])),
        );
        const graph = { kind, config, fields: opened, ports, outputs: widths[objective]! };
        const aim = { objective: objectives.get(objective), state: {} };
        const runner = await openExpert(
          sessions,
          expertParts('fitted', graph, fitting.learned(), aim),
        );
        const all = Int32Array.from({ length: rows }, (_, i) => i);
        const served = await runner.say(ports, { columns: about.columns, rows: () => all });
        await runner.close();
        expect(served).toHaveLength(fitting.said.length);
        served.forEach((value, i) => {
          expect(Math.abs(value - fitting.said[i]!)).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 6 },
    );
  },
);

test.each(pairs)('%s for %s: the same seed gives the same bytes', async (kind, objective) => {
  const { expert, model } = modelOf(kind, objective, { rowShare: 0.7, columnShare: 0.7 });
  const learned = async (seed: number) => {
    const about = carried(await fieldsOf(random(5, 'records'), 60), expert.ports, 60);
    return learn(model, objective, about, seed).learned();
  };
  expect(await learned(3)).toEqual(await learned(3));
  expect(await learned(3)).not.toEqual(await learned(4));
});

const dense = (...data: number[]): Columns['x'] => ({
  form: 'values',
  width: 2,
  data: Float32Array.from(data.flatMap((value) => (Number.isNaN(value) ? [0, 0] : [value, 1]))),
});
const noIds: BagColumn = {
  form: 'bag',
  width: 3,
  ids: new Int32Array(0),
  weights: new Float32Array(0),
  offsets: new Int32Array(4),
};
const oddRows: readonly [string, Carried][] = [
  ['one row', { rows: 1, columns: { 'x:value': dense(7) } }],
  ['constant', { rows: 3, columns: { 'x:value': dense(7, 7, 7) } }],
  ['all missing', { rows: 3, columns: { 'x:value': dense(NaN, NaN, NaN), 'c:level': noIds } }],
];

test.each(
  pairs.flatMap(([kind, objective]) =>
    oddRows.map(([what, rows]) => [kind, objective, what, rows] as const),
  ),
)('%s for %s: %s teach no more than one answer', (kind, objective, _what, rows) => {
  const { model } = modelOf(kind, objective);
  const { said } = learn(model, objective, rows, 1);
  expect(said.every(Number.isFinite)).toBe(true);
  const width = widths[objective]!;
  said.forEach((value, i) => {
    expect(value).toBe(said[i % width]);
  });
});

test.each(fitted)('%s: a missing value is told from every given one', (kind) => {
  const { model } = modelOf(kind, 'classification', { l2: 0, trees: 20, step: 1 });
  const rows = 60;
  const missing = (i: number) => i % 3 === 0;
  const values = Array.from({ length: rows }, (_, i) => (missing(i) ? NaN : Math.sin(i)));
  const about: Carried = { rows, columns: { 'x:value': dense(...values) } };
  const { said } = learn(model, 'classification', about, 1);
  // The last class in the order of letters is that of the rows without a value.
  for (let i = 0; i < rows; i++) {
    const [blue, green, red] = said.subarray(3 * i, 3 * i + 3);
    expect(red! > Math.max(blue!, green!)).toBe(missing(i));
  }
});
