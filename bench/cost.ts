/** Measures the constants of src/mixture/cost.ts, each as a slope between two sizes: `npm run cost`. */

import type { Column, Port } from '../src/core/column.js';
import { random } from '../src/core/random.js';
import { quantile } from '../src/core/statistic.js';
import { encoders } from '../src/encoder/encoders.js';
import { fitRocket, openRocket } from '../src/encoder/minirocket.js';
import type { GradientModel } from '../src/expert/expert.js';
import { experts } from '../src/expert/experts.js';
import { servingFeeds } from '../src/mixture/feeds.js';
import { type ExpertGraph, expertGraph } from '../src/mixture/graphs.js';
import { graphFeatures } from '../src/mixture/wiring.js';
import { objectives } from '../src/objective/objectives.js';
import { elements } from '../src/onnx/types.js';
import { encodeLazily, type PortSource } from '../src/predict/encoded.js';
import { openSession, type Session } from '../src/runtime/session.js';
import { count } from '../src/tensor/emit.js';
import { trainingTrace } from '../src/tensor/trace.js';

const rounds = 2000;
const stream = random(1, 'cost');

interface Case {
  readonly session: Session;
  /** Multiply-adds, as cost.ts counts them. */
  readonly work: number;
  run(): Promise<unknown> | unknown;
}

/** An expert of a kind over some columns, each under the port's own name of a field of its own. */
async function expertCase(
  kind: string,
  options: object,
  columns: Record<string, Column>,
): Promise<Case> {
  const ports = Object.keys(columns);
  const fields = Object.fromEntries(
    ports.map((name) => {
      const [field, port] = name.split(':') as [string, string];
      const { form, width } = columns[name]!;
      return [field, { [port]: { form, width, cheap: false } satisfies Port }];
    }),
  );
  const config = experts.get(kind).config.parse(options);
  const graph: ExpertGraph = { kind, config, fields, ports, outputs: 10 };
  const trace = trainingTrace();
  const output = (experts.get(kind).build(10, config) as GradientModel).forward(
    trace,
    graphFeatures(fields, ports),
  );
  const filled = (shape: readonly number[]) => new Float32Array(elements(shape)).fill(0.01);
  const learned = {
    weights: Object.fromEntries(trace.weights.map(({ name, shape }) => [name, filled(shape)])),
    tables: Object.fromEntries(
      trace.tables.map(({ name, rows, width }) => [name, filled([rows, width])]),
    ),
  };
  const session = await openSession(
    expertGraph(graph, learned, objectives.get('classification'), [1.5]),
  );
  const one = Int32Array.of(0);
  return {
    session,
    work: count({ outputs: { output } }),
    run: () => session.run(servingFeeds(ports, { columns, rows: () => one }, session.reads)),
  };
}

const values = (width: number): Column => ({
  form: 'values',
  width,
  data: new Float32Array(width).fill(0.5),
});

const vocabulary = 100_000;
/** A bag whose ids differ from run to run, so that a table's rows are seldom in a cache. */
function bag(length: number): Column {
  const ids = new Int32Array(length);
  const offsets = Int32Array.of(0, length);
  return {
    form: 'bag',
    width: vocabulary,
    ids,
    weights: new Float32Array(length).fill(0.1),
    offsets,
  };
}

function scatter(column: Column): void {
  if (column.form === 'bag')
    for (let i = 0; i < column.ids.length; i++) column.ids[i] = stream.below(vocabulary);
}

function words(many: number): string {
  const word = () => Array.from({ length: 6 }, () => 'etaoinshrd'[stream.below(10)]).join('');
  return Array.from({ length: many }, word).join(' ');
}

/** Medians in microseconds of cases that take turns, so that a busy machine slows all alike. */
async function medians<K extends string>(
  cases: Record<K, () => unknown>,
): Promise<Record<K, number>> {
  const names = Object.keys(cases) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  for (let i = 0; i < rounds; i++) {
    for (const name of names) {
      const start = performance.now();
      await cases[name]();
      if (i >= rounds / 4) times[name].push((performance.now() - start) * 1000);
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, quantile(Float64Array.from(times[name]), 0.5)]),
  ) as Record<K, number>;
}

/** A text coder that knows every n-gram of its texts, and the same text in two lengths. */
function textCase() {
  const long = words(200);
  const texts = [long, long.slice(0, 140)];
  const kind = encoders.get('text');
  const coder = kind.open(kind.fit(texts, kind.config.parse({ minimum: 1 })));
  const lengthOf = (text: string) => {
    const column = coder.encode([text], ['words']).words!;
    return column.form === 'bag' ? column.ids.length : 0;
  };
  const [most, least] = texts as [string, string];
  return {
    grams: lengthOf(most) - lengthOf(least),
    long: () => coder.encode([most], ['words']),
    short: () => coder.encode([least], ['words']),
  };
}

/** Kernels over series of two lengths. */
const series = [64, 256].map((length) => {
  const made = Array.from({ length: 20 }, () =>
    Float32Array.from({ length: 2 * length }, () => stream.normal()),
  );
  const rocket = openRocket(fitRocket(made, 2, length, 1000));
  const out = new Float32Array(rocket.width);
  return { work: rocket.work, run: () => rocket.into(made[0]!, out, 0) };
});

const levels = encoders.get('category');
const level = levels.open(levels.fit(['a', 'b', 'a', 'b'], levels.config.parse({})));

/** An expert that reads some categories of one record, encoding included. */
async function categories(many: number): Promise<() => Promise<unknown>> {
  const names = Array.from({ length: many }, (_, i) => `f${i}`);
  const ports = names.map((field) => `${field}:level`);
  const sources = names.map((field, index): [string, PortSource] => [
    `${field}:level`,
    { field, index, name: 'level', coder: level },
  ]);
  const model = { manifest: { fields: names }, sources: new Map(sources), watch: {} };
  const batch = { rows: 1, values: Object.fromEntries(names.map((field) => [field, ['a']])) };
  const given = new Uint8Array(many).fill(1);
  const one = Int32Array.of(0);
  const column = level.encode(['a'], ['level']).level!;
  const { session } = await expertCase(
    'linear',
    {},
    Object.fromEntries(ports.map((port) => [port, column])),
  );
  return () => {
    const { columns, want, positions } = encodeLazily(model, batch, given);
    for (const port of ports) want(port, one);
    const selected = { columns, rows: (port: string) => positions(port, one) };
    return session.run(servingFeeds(ports, selected, session.reads));
  };
}

const tiny = await expertCase('linear', {}, { 'x:steps': values(1) });
const [narrow, wide] = await Promise.all(
  [64, 640].map((width) => expertCase('tabular', { width }, { 'x:value': values(2) })),
);
const bags = [bag(100), bag(600)] as const;
const [few, many] = await Promise.all(
  bags.map((words) => expertCase('text', {}, { 'x:words': words })),
);
const text = textCase();
const found = await medians({
  tiny: tiny.run,
  narrow: narrow!.run,
  wide: wide!.run,
  few: () => few!.run(),
  many: () => many!.run(),
  // not timed for itself: moves the ids between the runs
  scatter: () => bags.forEach(scatter),
  short: text.short,
  long: text.long,
  brief: series[0]!.run,
  lasting: series[1]!.run,
  // what runs before a case leaves the caches as it likes: `one` and `twenty` follow the same
  before: await categories(21),
  one: await categories(1),
  again: await categories(21),
  twenty: await categories(21),
});
const constants = {
  perRun: found.tiny,
  perMultiplyAdd: (found.wide - found.narrow) / (wide!.work - narrow!.work),
  perLookup: (found.many - found.few) / (500 * 64),
  perGram: (found.long - found.short) / text.grams,
  perPort: (found.twenty - found.one) / 20,
  perEncoding: (found.lasting - found.brief) / (series[1]!.work - series[0]!.work),
};
for (const [name, value] of Object.entries(constants)) {
  const share = value / constants.perRun;
  process.stdout.write(
    `${name.padEnd(16)} ${value.toPrecision(3).padStart(10)} us  ${share.toPrecision(3)} runs\n`,
  );
}
