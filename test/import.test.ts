/** Models that other tools wrote, as experts: from the spec to answers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from '../src/data/dataset.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { type Bundle, openBundle } from '../src/mixture/bundle.js';
import { saveBundle } from '../src/mixture/save.js';
import { explain } from '../src/predict/explain.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { openRows } from '../src/train/training-rows.js';
import { recordsOf } from './animals.js';
import {
  forest,
  linear,
  models,
  numbers,
  order,
  planOf,
  priceFields,
  rowsFor,
  table,
  torch,
} from './stones.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-import-'));

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
