/** A mixture over pictures from end to end: lists, data URIs, broken ones, explanations, bytes. */
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import type { Bundle } from '../src/mixture/bundle.js';
import { plan } from '../src/mixture/plan.js';
import { explain } from '../src/predict/explain.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';

const side = 8;

/** Stripes that lie or stand, somewhere, on noise. */
function stripe(stands: boolean, stream: ReturnType<typeof random>): number[] {
  const at = 1 + stream.below(side - 2);
  return Array.from({ length: side * side }, (_, i) =>
    (stands ? i % side : Math.floor(i / side)) === at ? 250 : stream.below(60),
  );
}

function stripes(rows: number, seed: number): LabelledRows {
  const stream = random(seed, 'stripes');
  const target = Array.from({ length: rows }, () => (stream.below(2) === 0 ? 'lies' : 'stands'));
  const picture = target.map((label) => stripe(label === 'stands', stream).map(String));
  const unit = Uint32Array.from(target.keys());
  return { rows, values: { picture }, target, unit, unlabelled: 0 };
}

const expert = { kind: 'image', rotate: 0, training: { epochs: 6, batch: 32 } };
const use = plan({
  data: { source: 'stripes', target: 'way' },
  fields: { picture: 'image' },
  experts: {
    glance: { ...expert, channels: [4, 8] },
    look: { ...expert, channels: [8, 16], blocks: 1 },
  },
  gate: { shared: 'glance', epochs: 2, kind: 'linear', pool: 'mixture' },
  training: { seed: 1, threads: 0, crossFitBelow: 0, holdout: 0.4 },
});

let bundle: Bundle;
let predictor: Predictor;
const broken: string[] = [];

beforeAll(async () => {
  bundle = await train(use, stripes(500, 1));
  predictor = await openPredictor(bundle, {
    watch: { broken: (field, faults) => broken.push(...faults.map(() => field)) },
  });
});
afterAll(() => predictor.close());

test('it learns, and the same seed gives the same bytes', async () => {
  const rows = stripes(300, 2);
  const found = await evaluateRows(predictor, rows, rows.target);
  expect(found.metrics.accuracy).toBeGreaterThan(0.95);
  expect((await train(use, stripes(500, 1))).id).toBe(bundle.id);
});

test('a list, rows of rows and a PNG of one picture are one and the same', async () => {
  const list = stripe(true, random(5, 'one'));
  const nested = Array.from({ length: side }, (_, y) => list.slice(y * side, (y + 1) * side));
  const raw = { raw: { width: side, height: side, channels: 1 as const } };
  const png = await sharp(Buffer.from(list), raw).toColourspace('b-w').png().toBuffer();
  const uri = `data:image/png;base64,${png.toString('base64')}`;
  const records = [{ picture: list }, { picture: nested }, { picture: uri }];
  const decisions = await predictor.decide(records);
  const [first, ...others] = decisions.map(({ answer, route }) => ({ answer, route }));
  expect(first!.answer.value).toBe('stands');
  for (const other of others) expect(other).toEqual(first);
});

test('a broken picture counts as missing, is told, and leaves the others alone', async () => {
  broken.length = 0;
  const good = { picture: stripe(false, random(6, 'one')) };
  const [bad, fine] = await predictor.decide([{ picture: 'nowhere.png' }, good]);
  expect(broken).toEqual(['picture']);
  expect([bad!.missing, bad!.route]).toEqual([['picture'], []]);
  expect([fine!.missing, fine!.answer.value]).toEqual([[], 'lies']);
  await expect(predictor.decide([{ picture: 7 }])).rejects.toThrow('expected a text or a list');
});

test('an explanation decodes once and shows no bytes', async () => {
  const explained = await explain(predictor, { picture: stripe(true, random(7, 'one')) });
  expect(explained.experts.map(({ expert: name }) => name)).toEqual(['glance', 'look']);
  expect(JSON.stringify(explained).length).toBeLessThan(4000);
});
