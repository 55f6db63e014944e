/** Whether a routed row costs the same with many experts: 64 against 8, by the real predictor. */
import { type Random, random } from '../../src/core/random.js';
import type { Coder } from '../../src/encoder/encoder.js';
import { encoders } from '../../src/encoder/encoders.js';
import type { GradientModel } from '../../src/expert/expert.js';
import { experts } from '../../src/expert/experts.js';
import { gates } from '../../src/gate/gates.js';
import type { Bundle, Manifest } from '../../src/mixture/bundle.js';
import type { Card } from '../../src/mixture/card.js';
import { expertGraph, gateFeatures, gateGraph, poolGraph } from '../../src/mixture/graphs.js';
import { expertPorts, gatePorts, graphFeatures, portsOf } from '../../src/mixture/wiring.js';
import { objectives } from '../../src/objective/objectives.js';
import { openPredictor } from '../../src/predict/predictor.js';
import { initialise } from '../../src/tensor/init.js';
import { type TrainingTrace, trainingTrace } from '../../src/tensor/trace.js';
import { type Quarters, quarters } from './measure.js';

/** Time of one row with `many` experts over that with `few`. */
export interface Routes {
  readonly rows: number;
  /** Microseconds of one row. */
  readonly few: number;
  readonly many: number;
  readonly ratio: Quarters;
}

export const [few, many, asked] = [8, 64, 2];
/** The ratio that is asked at most. */
export const most = 1.3;

const fieldNames = Array.from({ length: 16 }, (_, i) => `n${i}`);
const classes = 10;
const objective = objectives.get('classification');
const state = {
  labels: Array.from({ length: classes }, (_, i) => i),
  shares: new Array(classes).fill(1 / classes),
  classWeights: new Array(classes).fill(1),
};

/** Starting values of everything that a trace has collected; nothing here needs to be true. */
function untrained({ weights, tables }: TrainingTrace, stream: Random) {
  const start = (shape: readonly number[]) =>
    initialise({ kind: 'normal', scale: 0.3 }, shape, stream);
  return {
    weights: Object.fromEntries(weights.map(({ name, shape }) => [name, start(shape)])),
    tables: Object.fromEntries(tables.map(({ name, rows, width }) => [name, start([rows, width])])),
  };
}

function fieldsOf(stream: Random) {
  const number = encoders.get('number');
  const values = Float64Array.from({ length: 2000 }, () => stream.normal());
  const fitted = number.fit(values, number.config.parse({}));
  const coders: Record<string, Coder> = {};
  for (const name of fieldNames) coders[name] = number.open(fitted);
  const entries = fieldNames.map((name) => ({ name, column: name, kind: 'number', state: fitted }));
  return { entries, fields: portsOf(coders) };
}

/** A mixture of so many experts of one size, which nobody has trained. */
function bundleOf(count: number): Bundle {
  const stream = random(1, 'routes');
  const { entries, fields } = fieldsOf(stream);
  const files = new Map<string, Uint8Array>();
  const config = experts.get('tabular').config.parse({});
  const list = Array.from({ length: count }, (_, e) => {
    const name = `e${e}`;
    const ports = expertPorts(fields, { name, kind: 'tabular', config } as never);
    const trace = trainingTrace();
    const model = experts.get('tabular').build(classes, config) as GradientModel;
    model.forward(trace, graphFeatures(fields, ports));
    const graph = { kind: 'tabular', config, fields, ports, outputs: classes };
    files.set(name, expertGraph(graph, untrained(trace, stream), objective, [1]));
    return {
      name,
      kind: 'tabular',
      config,
      ports,
      needs: 'any',
      calibration: [1],
      cost: 1,
      file: name,
    };
  });
  const zeros: number[] = new Array(count).fill(0);
  const facts = { experts: list.map(({ name }) => ({ name, cost: 1, loss: 1 })), patterns: [] };
  const gate = {
    ...{ kind: 'linear', config: {}, ports: gatePorts(fields, {}), facts, topK: asked, shared: -1 },
    ...{ bias: zeros, penalty: zeros, targets: zeros, file: 'gate' },
  };
  const trace = trainingTrace();
  const graph = { ...gate, fields, pool: 'mixture' as const };
  gates.get('linear').scores(trace, gateFeatures(graph, classes, objective), facts, {});
  files.set('gate', gateGraph(graph, untrained(trace, stream), objective, classes));
  files.set('pool', poolGraph(objective, state, 'mixture', [1]));
  const manifest = {
    ...{ format: 0, version: '', target: 'y', objective: { kind: objective.kind, state } },
    ...{ fields: entries, experts: list, gate, files: [], spec: {} },
    pool: { kind: 'mixture', calibration: [1], file: 'pool' },
  } as unknown as Manifest;
  return { id: 'bench', manifest, card: {} as Card, file: (path) => files.get(path)! };
}

async function open(count: number, rows: number) {
  const predictor = await openPredictor(bundleOf(count));
  const stream = random(2, 'records');
  const records = Array.from({ length: rows }, () =>
    Object.fromEntries(fieldNames.map((name) => [name, stream.normal()])),
  );
  return {
    async run(times: number): Promise<number> {
      const start = performance.now();
      for (let i = 0; i < times; i++) await predictor.decide(records);
      return ((performance.now() - start) * 1000) / (times * rows);
    },
    close: () => predictor.close(),
  };
}

/** Microseconds of a routed row, record in and decision out, few and many experts in turns. */
export async function measureRoutes(rows: number): Promise<Routes> {
  const [a, b] = [await open(few, rows), await open(many, rows)];
  const times = Math.ceil(2000 / rows) > 100 ? 200 : 4;
  const pairs: [number, number][] = [];
  for (const side of [a, b]) await side.run(times);
  for (let turn = 0; turn < 21; turn++) pairs.push([await a.run(times), await b.run(times)]);
  await Promise.all([a.close(), b.close()]);
  return {
    rows,
    few: quarters(pairs.map(([x]) => x)).middle,
    many: quarters(pairs.map(([, y]) => y)).middle,
    ratio: quarters(pairs.map(([x, y]) => y / x)),
  };
}
