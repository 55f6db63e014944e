/** What imported models are fed: pictures in either layout, one-hot columns; and classes passed over. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { openDataset } from '../src/data/dataset.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { type Plan, plan } from '../src/mixture/plan.js';
import { explain } from '../src/predict/explain.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { type LabelledRows, readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { recordsOf } from './animals.js';

const base = 'test/models';
const training = { threads: 0, crossFitBelow: 0, holdout: 0.5 };
const [height, width] = [10, 8];
const mean = [0.3, 0.2, 0.4];
const deviation = [0.2, 0.5, 0.25];
/** In the order of the models of bars; no picture of these tests leans. */
const order = ['stands', null, 'lies'];

/** A bar on noise as bytes [H, W, 3], as `make-pictures.py` draws them. */
function bar(label: string, stream: ReturnType<typeof random>): number[] {
  const stands = label === 'stands';
  const at = stream.below(stands ? width : height);
  return Array.from({ length: height * width * 3 }, (_, i) => {
    const place = Math.floor(i / 3);
    const on = (stands ? place % width : Math.floor(place / width)) === at;
    return on && i % 3 === (stands ? 2 : 0) ? 250 : stream.below(60);
  });
}

function bars(count: number): LabelledRows {
  const stream = random(1, 'bars');
  const target = Array.from({ length: count }, () => (stream.below(2) === 0 ? 'stands' : 'lies'));
  const photo = target.map((label, i) => (i % 10 === 9 ? null : bar(label, stream).map(String)));
  const unit = Uint32Array.from(target.keys());
  return { rows: count, values: { photo }, target, unit, unlabelled: 0 };
}

/** What a model of bars says of a picture, laid out here once more by hand. */
async function directly(file: string, bytes: readonly number[]): Promise<Float32Array> {
  const session = await InferenceSession.create(`${base}/${file}`);
  const last = bytes.map((byte, i) => (byte / 255 - mean[i % 3]!) / deviation[i % 3]!);
  const first = [0, 1, 2].flatMap((c) => last.filter((_, i) => i % 3 === c));
  const tensor = file.includes('nchw')
    ? new Tensor('float32', first, [1, 3, height, width])
    : new Tensor('float32', last, [1, height, width, 3]);
  return (await session.run({ photo: tensor })).said!.data as Float32Array;
}

const soft = (logits: readonly number[], temperature: number): number[] => {
  const powers = logits.map((z) => Math.exp(z / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
};

async function trained(use: Plan, rows: LabelledRows) {
  const bundle = await train(use, rows, { base });
  return { bundle, predictor: await openPredictor(bundle) };
}

/** The probability that an expert gives each label of a record. */
async function probabilities(predictor: Predictor, record: object, name: string) {
  const { experts } = await explain(predictor, record as Record<string, never>);
  const { answer } = experts.find(({ expert }) => expert === name)!;
  return Object.fromEntries(answer.top!.map(({ value, probability }) => [value, probability]));
}

test('pictures reach models in either layout, scaled and standardised, as lists, PNGs or not at all', async () => {
  const photo = (layout: string) => ({ field: 'photo', layout, mean, deviation });
  const bars2 = (layout: string, gives: string) => ({
    ...{ kind: 'onnx', path: `bars-${layout}.onnx`, inputs: { photo: photo(layout) } },
    ...{ gives, classes: order },
  });
  const use = plan({
    data: { source: 'bars', target: 'way' },
    fields: { photo: { kind: 'image', height, width, channels: 3 } },
    experts: {
      first: bars2('nchw', 'logits'),
      last: bars2('nhwc', 'probabilities'),
      own: { kind: 'image', size: 'small', training: { epochs: 1 } },
    },
    gate: { kind: 'linear', epochs: 1 },
    training,
  });
  const rows = bars(240);
  const { bundle, predictor } = await trained(use, rows);
  const entry = (name: string) => bundle.manifest.experts.find((one) => one.name === name)!;
  const found = await evaluateRows(predictor, rows, rows.target);
  expect(found.experts.first!.metrics.accuracy).toBeGreaterThan(0.9);
  expect(found.experts.first!.metrics.accuracy).toBe(found.experts.last!.metrics.accuracy);
  const list = bar('lies', random(9, 'one'));
  const raw = { raw: { width, height, channels: 3 as const } };
  const png = await sharp(Buffer.from(list), raw).png().toBuffer();
  const uri = `data:image/png;base64,${png.toString('base64')}`;
  for (const [name, file] of [
    ['first', 'bars-nchw.onnx'],
    ['last', 'bars-nhwc.onnx'],
  ] as const) {
    const said = await directly(file, list);
    const logits = name === 'first' ? said : said.map((p) => Math.log(Math.max(1e-7, p)));
    const [stands, lies] = soft([logits[0]!, logits[2]!], entry(name).calibration[0]!);
    for (const picture of [list, uri]) {
      const own = await probabilities(predictor, { photo: picture }, name);
      expect(own.stands).toBeCloseTo(stands!, 4);
      expect(own.lies).toBeCloseTo(lies!, 4);
    }
  }
  const [decision] = await predictor.decide([{}]);
  expect(decision!.route).toEqual([]);
  await predictor.close();
});

/** Diamonds that no model of test/models was made from. */
const diamonds =
  "SELECT * FROM read_parquet('datasets/diamonds/diamonds.parquet', file_row_number = true) WHERE file_row_number % 54 = 1";

async function rowsFor(use: Plan): Promise<LabelledRows> {
  const data = await openDataset(use.spec.data.source);
  try {
    return await readRows(use, data, 0);
  } finally {
    await data.close();
  }
}

test('texts become columns of 0 and 1 in the order that the spec says; an unknown one is zeros', async () => {
  const colours = ['J', 'D', 'H', 'E', 'G', 'F', 'I'];
  const use = plan({
    data: { source: { query: diamonds }, target: 'price' },
    fields: { carat: 'number', color: 'category' },
    objective: 'regression',
    experts: {
      line: {
        ...{ kind: 'onnx', path: 'price-one-hot.onnx', gives: 'value' },
        inputs: { all: [{ field: 'color', oneHot: colours }, 'carat'] },
        missing: 1,
      },
      base: { kind: 'linear', training: { epochs: 1 } },
    },
    gate: { kind: 'linear', epochs: 1 },
    training,
  });
  const rows = await rowsFor(use);
  const { predictor } = await trained(use, rows);
  const found = await evaluateRows(predictor, rows, rows.target);
  expect(found.experts.line!.metrics.r2).toBeGreaterThan(0.8);
  const session = await InferenceSession.create(`${base}/price-one-hot.onnx`);
  const cases = [
    { color: 'G', carat: 2 },
    { color: 'J', carat: 3 },
    { color: 'Z', carat: 2 },
  ];
  for (const record of [...cases, { color: 'D' }]) {
    const hot = colours.map((name) => Number(name === record.color));
    const carat = 'carat' in record ? record.carat : 1;
    const { price } = await session.run({ all: new Tensor('float32', [...hot, carat], [1, 8]) });
    const { experts } = await explain(predictor, record);
    const { answer } = experts.find(({ expert }) => expert === 'line')!;
    expect(Number(answer.value)).toBeCloseTo(Number(price!.data[0]), 0);
  }
  await predictor.close();
});

test('a number for no class of the target is passed over, and a class without one is unlikely', async () => {
  const numbers = ['carat', 'depth', 'table', 'price', 'x', 'y', 'z'];
  const own = ['Premium', 'Fair', 'Ideal', 'Good', 'Very Good'];
  // Fair ones are not of the target, and what is Good the model is said not to know.
  const classes = ['Premium', null, 'Ideal', null, 'Very Good'];
  const query = `SELECT * FROM (${diamonds}) WHERE cut <> 'Fair'`;
  const use = plan({
    data: { source: { query }, target: 'cut' },
    fields: Object.fromEntries(numbers.map((name) => [name, 'number'])),
    experts: {
      forest: {
        ...{ kind: 'onnx', path: 'cut-forest.onnx', gives: 'probabilities', classes },
        inputs: { float_input: numbers },
      },
      table: { kind: 'linear', training: { epochs: 1 } },
    },
    gate: { kind: 'linear', epochs: 1 },
    training,
  });
  const rows = await rowsFor(use);
  const { bundle, predictor } = await trained(use, rows);
  const temperature = bundle.manifest.experts[0]!.calibration[0]!;
  const session = await InferenceSession.create(`${base}/cut-forest.onnx`);
  for (const record of recordsOf(rows).slice(0, 5)) {
    const values = numbers.map((name) => Number((record as Record<string, unknown>)[name]));
    const fed = { float_input: new Tensor('float32', values, [1, values.length]) };
    const { scores } = await session.run(fed, ['scores']);
    const known = [0, 2, 4];
    const logs = known.map((at) => Math.log(Math.max(1e-7, Number(scores!.data[at]))));
    const expected = soft([...logs, Math.log(1e-6)], temperature);
    const found = await probabilities(predictor, record, 'forest');
    known.forEach((at, i) => {
      expect(found[own[at]!]).toBeCloseTo(expected[i]!, 3);
    });
    expect(found.Good).toBeLessThan(0.05);
    expect(Object.keys(found).sort()).toEqual(['Good', 'Ideal', 'Premium', 'Very Good']);
  }
  await predictor.close();
});
