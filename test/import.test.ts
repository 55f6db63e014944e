/** Models that other tools wrote, as experts: from the spec to answers, and everything that can be wrong. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MonbanError } from '../src/core/fault.js';
import { openDataset } from '../src/data/dataset.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { type Bundle, openBundle } from '../src/mixture/bundle.js';
import { plan } from '../src/mixture/plan.js';
import { saveBundle } from '../src/mixture/save.js';
import { graphBuilder } from '../src/onnx/graph.js';
import { explain } from '../src/predict/explain.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { type LabelledRows, readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { openRows } from '../src/train/training-rows.js';
import { recordsOf } from './animals.js';

const models = resolve('test/models');
const folder = mkdtempSync(join(tmpdir(), 'monban-import-'));
const numbers = ['carat', 'depth', 'table', 'price', 'x', 'y', 'z'];
const order = ['Premium', 'Fair', 'Ideal', 'Good', 'Very Good'];
/** Diamonds that no model of test/models was made from. */
const query =
  "SELECT * FROM read_parquet('datasets/diamonds/diamonds.parquet', file_row_number = true) WHERE file_row_number % 54 = 1";

interface Spec {
  readonly target?: string;
  readonly source?: string;
  readonly objective?: string;
  readonly experts: Record<string, unknown>;
  readonly fields?: Record<string, unknown>;
  readonly training?: Record<string, unknown>;
}

const usual = Object.fromEntries(numbers.map((name) => [name, 'number']));

function planOf({ target = 'cut', objective = 'classification', experts, ...more }: Spec) {
  const { source = query } = more;
  const fields = more.fields ?? { ...usual, color: 'category', clarity: 'category' };
  return plan({
    data: { source: { query: source }, target },
    fields,
    objective,
    experts,
    gate: { epochs: 4, kind: 'linear' },
    training: { threads: 0, crossFitBelow: 0, holdout: 0.5, ...more.training },
  });
}

const table = { kind: 'tabular', width: 16, depth: 1, training: { epochs: 3, batch: 64 } };
const torch = {
  kind: 'onnx',
  path: 'cut-torch.onnx',
  inputs: { amounts: numbers },
  gives: 'logits',
  classes: order,
};
const forest = {
  kind: 'onnx',
  path: 'cut-forest.onnx',
  inputs: { float_input: numbers },
  gives: 'probabilities',
  classes: order,
};

const priceFields = { carat: 'number', color: 'category', cut: 'category', table: 'number' };
const linear = {
  kind: 'onnx',
  path: 'price-linear.onnx',
  inputs: {
    carat: 'carat',
    color: { field: 'color', codes: ['D', 'E', 'F', 'G', 'H', 'I', 'J'] },
    cut: ['cut'],
  },
  gives: 'value',
  missing: 3,
};

async function rowsFor(use: ReturnType<typeof plan>): Promise<LabelledRows> {
  const data = await openDataset(use.spec.data.source);
  try {
    return await readRows(use, data, 0);
  } finally {
    await data.close();
  }
}

/** What ONNX Runtime itself says of one output, for rows of plain numbers. */
async function directly(file: string, name: string, output: string, rows: LabelledRows) {
  const session = await InferenceSession.create(join(models, file));
  const data = new Float32Array(rows.rows * numbers.length);
  numbers.forEach((field, f) => {
    (rows.values[field] as Float64Array).forEach((value, row) => {
      data[row * numbers.length + f] = value;
    });
  });
  const feeds = { [name]: new Tensor('float32', data, [rows.rows, numbers.length]) };
  return (await session.run(feeds, [output]))[output]!.data as Float32Array;
}

let bundle: Bundle;
let predictor: Predictor;
let rows: LabelledRows;
const use = planOf({ experts: { table, torch, forest } });

beforeAll(async () => {
  rows = await rowsFor(use);
  bundle = await train(use, rows, { base: models });
  predictor = await openPredictor(bundle);
});
afterAll(async () => {
  await predictor.close();
  rmSync(folder, { recursive: true, force: true });
});

test('imported models answer as ONNX Runtime does by itself, though their classes are in another order', async () => {
  const found = await evaluateRows(predictor, rows, rows.target);
  const cases = [
    ['torch', 'cut-torch.onnx', 'amounts', 'logits'],
    ['forest', 'cut-forest.onnx', 'float_input', 'scores'],
  ] as const;
  for (const [name, file, input, output] of cases) {
    const said = await directly(file, input, output, rows);
    let right = 0;
    rows.target.forEach((label, row) => {
      const own = said.subarray(row * order.length, (row + 1) * order.length);
      if (order[own.indexOf(Math.max(...own))] === label) right++;
    });
    expect(right / rows.rows).toBeGreaterThan(0.6);
    expect(found.experts[name]!.metrics.accuracy).toBeCloseTo(right / rows.rows, 2);
  }
});

test('probabilities are those of the model, softened by one temperature', async () => {
  const said = await directly('cut-forest.onnx', 'float_input', 'scores', rows);
  const entry = bundle.manifest.experts.find(({ name }) => name === 'forest')!;
  const labels = (bundle.manifest.objective.state as { labels: string[] }).labels;
  const one = recordsOf(rows).slice(0, 5);
  for (const [row, record] of one.entries()) {
    const { experts } = await explain(predictor, record);
    const { answer } = experts.find(({ expert }) => expert === 'forest')!;
    const powers = labels.map(
      (label) =>
        Math.max(1e-7, said[row * order.length + order.indexOf(label)]!) **
        (1 / entry.calibration[0]!),
    );
    const total = powers.reduce((a, b) => a + b, 0);
    for (const { value, probability } of answer.top!)
      expect(probability).toBeCloseTo(powers[labels.indexOf(String(value))]! / total, 4);
  }
});

test('it is routed, costs what its graph says, and the bundle stands alone', async () => {
  const { experts } = bundle.manifest;
  for (const name of ['torch', 'forest']) {
    const card = bundle.card.experts.find((expert) => expert.name === name)!;
    expect(card.share).toBeGreaterThan(0.05);
    expect(card.epochs).toBe(0);
    const entry = experts.find((expert) => expert.name === name)!;
    expect(entry.cost).toBeGreaterThan(18);
    const file = readFileSync(join(models, `cut-${name}.onnx`));
    expect(Buffer.from(bundle.file(entry.imported!.file)).equals(file)).toBe(true);
  }
  expect(bundle.card.limits.join(' ')).toContain('torch, forest');
  const place = join(folder, 'bundle');
  saveBundle(bundle, place);
  const opened = await openPredictor(openBundle(place));
  const records = recordsOf(rows).slice(0, 8);
  const before = await predictor.decide(records);
  const after = await opened.decide(records);
  await opened.close();
  expect(after.map(({ answer }) => answer)).toEqual(before.map(({ answer }) => answer));
  const damaged = bundle.manifest.experts[1]!.imported!.file;
  writeFileSync(join(place, damaged), 'x');
  expect(() => openBundle(place)).toThrow(damaged);
});

test('the same seed gives the same bytes, in workers too', async () => {
  const threads = planOf({ experts: { table, torch, forest }, training: { threads: 2 } });
  const again = await train(threads, rows, { base: models });
  const files = (one: Bundle) => one.manifest.files.filter(({ path }) => path.endsWith('.onnx'));
  expect(files(again)).toEqual(files(bundle));
});

test('missing fields, and a model that takes one row at a time', async () => {
  const one = { ...torch, path: 'cut-torch-one.onnx' };
  const measured = planOf({ experts: { table, torch, one }, training: { costs: 'measured' } });
  let now = 0;
  const trained = await train(measured, rows, { base: models, clock: () => now++ });
  const asking = await openPredictor(trained);
  const records = [...recordsOf(rows).slice(0, 4), { carat: 1 }, {}];
  const decisions = await asking.decide(records);
  expect(decisions.every(({ answer }) => Number.isFinite(answer.confidence))).toBe(true);
  const found = await evaluateRows(asking, rows, rows.target);
  expect(found.experts.one!.metrics).toEqual(found.experts.torch!.metrics);
  await asking.close();
});

test('an amount from whole numbers and texts; its spread is fitted on held-out rows', async () => {
  const prices = planOf({
    target: 'price',
    objective: 'regression',
    fields: priceFields,
    experts: { table, linear },
  });
  const amounts = await rowsFor(prices);
  const asking = await openPredictor(await train(prices, amounts, { base: models }));
  const found = await evaluateRows(asking, amounts, amounts.target);
  const { metrics } = found.experts.linear!;
  expect(metrics.r2).toBeGreaterThan(0.85);
  expect(Math.abs(metrics.coverage! - 0.9)).toBeLessThan(0.04);
  const row = recordsOf(amounts)[0] as Record<string, string | number>;
  const session = await InferenceSession.create(join(models, 'price-linear.onnx'));
  const { price } = await session.run({
    carat: new Tensor('float32', [Number(row.carat)], [1, 1]),
    color: new Tensor('int64', [BigInt('DEFGHIJ'.indexOf(String(row.color)))], [1, 1]),
    cut: new Tensor('string', [String(row.cut)], [1, 1]),
  });
  const said = await explain(asking, row);
  const { answer } = said.experts.find(({ expert }) => expert === 'linear')!;
  expect(Number(answer.value)).toBeCloseTo(Number(price!.data[0]), 0);
  await asking.close();
});

async function faultsOf(experts: Record<string, unknown>, more: Partial<Spec> = {}) {
  try {
    await train(planOf({ experts: { table, ...experts }, ...more }), rows, { base: folder });
  } catch (error) {
    if (error instanceof MonbanError) return error.message.split('\n');
    throw error;
  }
  throw new Error('nothing was wrong');
}

/** Copies a model to where the faulty specs look for it. */
function given(name: string): string {
  copyFileSync(join(models, name), join(folder, name));
  return name;
}

test('files that are no models are refused, all at once', async () => {
  const whole = readFileSync(join(models, 'cut-torch.onnx'));
  writeFileSync(join(folder, 'half.onnx'), whole.subarray(0, whole.length / 2));
  writeFileSync(join(folder, 'text.onnx'), 'a text');
  writeFileSync(join(folder, 'empty.onnx'), '');
  const paths = ['none.onnx', '.', 'half.onnx', 'text.onnx', 'empty.onnx'];
  const experts = Object.fromEntries(paths.map((path, i) => [`m${i}`, { ...torch, path }]));
  const lines = await faultsOf(experts);
  expect(lines).toHaveLength(paths.length);
  expect(lines[0]).toContain('experts.m0.path: expected an ONNX file, got no file "none.onnx"');
  expect(lines[1]).toContain('the folder "."');
  for (const i of [2, 3, 4])
    expect(lines[i]).toMatch(new RegExp(`^experts.m${i}.path .*expected an? `));
});

test('an opset from the future, operators of others and weights elsewhere are refused', async () => {
  const graph = graphBuilder('future');
  graph.input('amounts', ['B', 7], 'float32');
  graph.output('logits', graph.node('NoSuchOperator', ['amounts'])[0]!, ['B', 5], 'float32');
  writeFileSync(join(folder, 'custom.onnx'), graph.bytes());
  const whole = Buffer.from(readFileSync(join(models, 'cut-torch.onnx')));
  // opset_import { version: 13 } is the last message of the file: 42 02 10 0d.
  const at = whole.lastIndexOf(Buffer.from([0x42, 0x02, 0x10, 0x0d]));
  expect(at).toBeGreaterThan(0);
  whole[at + 3] = 99;
  writeFileSync(join(folder, 'future.onnx'), whole);
  const [future, custom, apart] = await faultsOf({
    future: { ...torch, path: 'future.onnx' },
    custom: { ...torch, path: 'custom.onnx' },
    apart: { ...torch, path: given('cut-apart.onnx') },
  });
  expect(future).toContain('expected a model of a supported version');
  expect(custom).toContain('expected operators of the standard set');
  expect(apart).toContain('expected a model in one file');
});

test('everything between spec and model is said at once, with the inputs that there are', async () => {
  const path = given('cut-forest.onnx');
  const lines = await faultsOf({
    a: {
      ...forest,
      path,
      inputs: { float_inputs: numbers, float_input: ['carat', 'dept', 'color'] },
    },
    b: { ...forest, path, inputs: { float_input: ['carat'] }, output: 'score' },
    c: { ...forest, path, classes: ['Premium', 'Fairr', 'Ideal', 'Premium'] },
    d: { ...forest, path, classes: undefined },
    e: { ...forest, path, gives: 'value' },
  });
  const text = lines.join('\n');
  expect(text).toContain(
    "experts.a.inputs.float_inputs: expected one of the model's inputs: float_input: float32",
  );
  expect(text).toContain(
    'experts.a.inputs.float_input[1]: expected a field of the spec, got "dept"; did you mean "depth"?',
  );
  expect(text).toContain(
    'experts.a.inputs.float_input[2]: expected numbers, got color, which holds texts',
  );
  expect(text).toContain('experts.b.inputs.float_input: expected float_input: float32');
  expect(text).toContain('got 1 numbers a record');
  expect(text).toContain("experts.b.output: expected one of the model's outputs: label: string");
  expect(text).toContain('did you mean "scores"?');
  expect(text).toContain('experts.c.classes[1]: expected a label of the target');
  expect(text).toContain('experts.c.classes[3]: expected every label once, got "Premium" again');
  expect(text).toContain(
    "experts.c.classes: expected as many as the model's output has numbers, 5, got 4",
  );
  expect(text).toContain(
    'experts.d.classes: expected labels of the target in the order of the output',
  );
  expect(text).toContain('experts.e.gives: expected probabilities or logits for this objective');
});

test('zip maps, whole numbers without a filling and inputs that nobody feeds are refused', async () => {
  const text = (
    await faultsOf(
      {
        zipped: { ...forest, path: given('cut-zipmap.onnx') },
        price: {
          kind: 'onnx',
          path: given('price-linear.onnx'),
          inputs: { color: { field: 'color', codes: ['D'] }, cut: 'carat' },
          gives: 'value',
        },
      },
      {},
    )
  ).join('\n');
  expect(text).toContain('experts.zipped.output: expected one output that can be probabilities');
  expect(text).toContain('zipmap": False');
  expect(text).toContain('experts.price.inputs.carat: expected fields for the model');
  expect(text).toContain('add for example "missing: -1"');
  expect(text).toContain(
    'experts.price.inputs.cut: expected values that an input of string can take, got carat',
  );
  expect(text).toContain('experts.price.gives: expected probabilities or logits');
});

test('texts of rows that wait in a file are asked about like those in memory', async () => {
  const many =
    "SELECT * FROM read_parquet('datasets/diamonds/diamonds.parquet', file_row_number = true) WHERE file_row_number % 9 = 1";
  const cards: unknown[] = [];
  for (const memory of [1, 1024]) {
    const prices = planOf({
      ...{ target: 'price', objective: 'regression', fields: priceFields, source: many },
      experts: { base: { kind: 'linear', training: { epochs: 1 } }, linear },
      training: { memory },
    });
    const data = await openDataset(prices.spec.data.source);
    const waiting = await openRows(prices, data);
    const trained = await train(prices, waiting, { base: models });
    await data.close();
    cards.push(trained.card.experts.find(({ name }) => name === 'linear')!.scores);
  }
  expect(cards[0]).toEqual(cards[1]);
});
