/** One small mixture, trained once, asked in every way: the promises that hold for all. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MonbanError } from '../src/core/fault.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { type Bundle, formatNumber, openBundle } from '../src/mixture/bundle.js';
import { saveBundle } from '../src/mixture/save.js';
import { explain } from '../src/predict/explain.js';
import { explainText } from '../src/predict/explain-text.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { train } from '../src/train/train.js';
import { animals, small } from './animals.js';

let bundle: Bundle;
let predictor: Predictor;
const asked: [string, number][] = [];
const encoded: [string, number][] = [];
const folder = mkdtempSync(join(tmpdir(), 'monban-'));
const record = { say: 'meow purr', weight: 4.2, eats: ['meat'] };

beforeAll(async () => {
  bundle = await train(small(1), animals(600));
  predictor = await openPredictor(bundle, {
    watch: {
      asked: (expert, rows) => asked.push([expert, rows]),
      encoded: (port, rows) => encoded.push([port, rows]),
    },
  });
});
afterAll(async () => {
  await predictor.close();
  rmSync(folder, { recursive: true, force: true });
});

test('it learns', async () => {
  const rows = animals(600);
  const found = await evaluateRows(predictor, rows, rows.target);
  expect(found.metrics.accuracy).toBeGreaterThan(0.9);
  expect(found.cost.expertsPerRecord).toBeLessThanOrEqual(2);
  const shares = Object.values(found.experts).map(({ share }) => share);
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
});

test('the same seed gives the same bytes, in this thread or in others; another seed does not', async () => {
  const again = await train(small(1, {}, 2), animals(600));
  const files = (one: Bundle) =>
    one.manifest.files.filter(({ path }) => path.endsWith('.onnx')).map(({ sha256 }) => sha256);
  expect(files(again)).toEqual(files(bundle));
  expect((await train(small(1), animals(600))).id).toBe(bundle.id);
  expect((await train(small(2), animals(600))).id).not.toBe(bundle.id);
});

test('what was not chosen is not touched', async () => {
  asked.length = 0;
  encoded.length = 0;
  const [decision] = await predictor.decide([record]);
  const route = decision!.route.map(({ expert }) => expert);
  expect(route).toHaveLength(2);
  expect(asked.map(([expert]) => expert).sort()).toEqual([...route].sort());
  const allowed = new Set([
    ...bundle.manifest.gate.ports,
    ...bundle.manifest.experts
      .filter(({ name }) => route.includes(name))
      .flatMap(({ ports }) => ports),
  ]);
  expect(encoded.every(([port]) => allowed.has(port))).toBe(true);
  expect(new Set(encoded.map(([port]) => port)).size).toBe(encoded.length);
});

test('a batch is decided as row by row, and deciding changes nothing', async () => {
  const records = [record, { say: 'moo' }, { weight: 600 }, {}, { eats: ['grass', 'lot3'] }];
  const together = await predictor.decide(records);
  for (const [i, one] of records.entries()) {
    const [alone] = await predictor.decide([one]);
    expect(alone!.route.map(({ expert }) => expert)).toEqual(
      together[i]!.route.map(({ expert }) => expert),
    );
    expect(alone!.answer.value).toBe(together[i]!.answer.value);
    expect(alone!.answer.confidence).toBeCloseTo(together[i]!.answer.confidence!, 4);
  }
});

test('a record without fields gets the prior and an empty route', async () => {
  const [nothing] = await predictor.decide([{ say: '  ', eats: [], weight: null }]);
  expect(nothing!.route).toEqual([]);
  const shares = (bundle.manifest.objective.state as { shares: number[] }).shares;
  expect(nothing!.answer.confidence).toBeCloseTo(Math.max(...shares), 5);
});

test('a closed expert is never asked, and huge or unseen values are defined', async () => {
  const closed = new Set(['linear', 'fusion']);
  const [decision] = await predictor.decide([record], { closed });
  expect(decision!.route.every(({ expert }) => !closed.has(expert))).toBe(true);
  const odd = [
    { weight: 1e308 },
    { weight: Number.POSITIVE_INFINITY },
    { say: '\u{1F63A} \uD800' },
    { eats: ['?'] },
  ];
  for (const { answer } of await predictor.decide(odd))
    expect(answer.confidence).toBeGreaterThan(0);
  expect(await predictor.decide([])).toEqual([]);
});

test('wrong values and mistyped names are refused, all at once', async () => {
  const bad = predictor.decide([{ weight: 'heavy', say: 3, eats: 'x' }, { weigt: 3 }]);
  await expect(bad).rejects.toThrow(MonbanError);
  await expect(predictor.decide([{ weigt: 3 }])).rejects.toThrow('did you mean "weight"?');
  await expect(predictor.decide([{ weight: 'heavy', eats: 5 }])).rejects.toThrow(
    /weight[\s\S]*eats/u,
  );
});

test('an explanation names the fields that matter and everybody who was asked', async () => {
  const explained = await explain(predictor, record);
  expect(explained.experts.filter(({ asked: was }) => was)).toHaveLength(2);
  expect(explained.answer.map(({ field }) => field).sort()).toEqual(['eats', 'say', 'weight']);
  expect(explainText(explained, predictor.model.objective.shown)).toContain('Asked: ');
});

test('saved and opened it says the same; damage and other formats are refused', async () => {
  const place = join(folder, 'model');
  saveBundle(bundle, place);
  const opened = openBundle(place);
  expect(opened.id).toBe(bundle.id);
  const other = await openPredictor(opened);
  const [before] = await predictor.decide([record]);
  const [after] = await other.decide([record]);
  await other.close();
  expect(after!.answer).toEqual(before!.answer);
  const path = join(place, opened.manifest.experts[0]!.file);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 1));
  expect(() => openBundle(place)).toThrow(opened.manifest.experts[0]!.file);
  bytes[20]! ^= 1;
  writeFileSync(path, bytes);
  expect(() => openBundle(place)).toThrow('checksum');
  const manifest = join(place, 'bundle.json');
  const text = readFileSync(manifest, 'utf8');
  const format = `"format": ${formatNumber}`;
  writeFileSync(manifest, text.replace(format, '"format": 99'));
  expect(() => openBundle(place)).toThrow('update Monban');
  writeFileSync(manifest, text.replace(format, '"format": 1'));
  expect(() => openBundle(place)).toThrow('train again');
  writeFileSync(manifest, text.slice(0, 50));
  expect(() => openBundle(place)).toThrow('not JSON');
});

test('at k = E the sparse road gives what pooling everybody gives', async () => {
  const dense = await train(small(1, { topK: 4 }), animals(300));
  const all = await openPredictor(dense);
  const [decision] = await all.decide([record]);
  await all.close();
  expect(decision!.route).toHaveLength(4);
  expect(decision!.route.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 5);
});

test('a shared expert runs on every record', async () => {
  const shared = await train(small(1, { shared: 'linear', topK: 1 }), animals(400));
  const all = await openPredictor(shared);
  const decisions = await all.decide([record, { say: 'moo' }, { weight: 20 }]);
  await all.close();
  for (const { route } of decisions) expect(route.map(({ expert }) => expert)).toContain('linear');
});

test('targets that teach nothing are refused', async () => {
  const rows = animals(100);
  const one = { ...rows, target: Array.from(rows.target.keys(), () => 'cat') };
  await expect(train(small(1), one)).rejects.toThrow('one class');
  const each = { ...rows, target: Array.from(rows.target.keys(), String) };
  await expect(train(small(1), each)).rejects.toThrow('classes that repeat');
  const few = { ...rows, rows: 3, target: ['cat', 'dog', 'cow'] };
  await expect(train(small(1), few)).rejects.toThrow('at least 20 training rows');
});
