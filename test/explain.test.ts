/** Explanations are true of the model: flips flip, named fields matter, the route is no answer. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { mean, standardError } from '../src/core/statistic.js';
import { openDataset } from '../src/data/dataset.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { plan } from '../src/mixture/plan.js';
import { sliceBatch } from '../src/predict/batch.js';
import { type Explained, explainBatch } from '../src/predict/explain.js';
import { explainText } from '../src/predict/explain-text.js';
import { type Change, candidates, seekFlip } from '../src/predict/flip.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import { type LabelledRows, readRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';

const base = fileURLToPath(new URL('../../datasets/diamonds/', import.meta.url));
const training = { epochs: 4 };
const spec = plan({
  data: {
    source: {
      query: "SELECT * FROM 'diamonds.parquet' ORDER BY md5(carat || price || x || y) LIMIT 5000",
    },
    target: 'cut',
    split: { by: 'hash', key: 'price', test: 0 },
  },
  fields: {
    carat: 'number',
    color: 'category',
    clarity: 'category',
    depth: 'number',
    table: 'number',
    price: 'number',
    x: 'number',
  },
  experts: {
    linear: { kind: 'linear', training },
    tabular: { kind: 'tabular', width: 64, training },
    stones: {
      kind: 'tabular',
      width: 32,
      depth: 1,
      reads: ['carat', 'color', 'clarity'],
      training,
    },
  },
  gate: { epochs: 6, kind: 'mlp', pool: 'mixture', topK: 1 },
  training: { threads: 0, crossFitBelow: 0, holdout: 0.4 },
});

let predictor: Predictor;
let rows: LabelledRows;
const explained: Explained[] = [];
const explainedRows = 150;

beforeAll(async () => {
  const data = await openDataset(spec.spec.data.source, { base });
  predictor = await openPredictor(await train(spec, await readRows(spec, data, 0)));
  rows = await readRows(spec, data, 1);
  await data.close();
  for (let row = 0; row < explainedRows; row++)
    explained.push(await explainBatch(predictor, sliceBatch(rows, row, row + 1)));
}, 180_000);
afterAll(() => predictor.close());

type Record_ = Record<string, unknown>;
const recordOf = (row: number): Record_ =>
  Object.fromEntries(Object.entries(rows.values).map(([name, column]) => [name, column[row]]));

function changed(row: number, changes: readonly Change[]): Record_ {
  return { ...recordOf(row), ...Object.fromEntries(changes.map(({ field, to }) => [field, to])) };
}

/** The experts that records are sent to. */
async function routes(records: readonly Record_[]): Promise<string[][]> {
  return (await predictor.decide(records)).map(({ route }) => route.map(({ expert }) => expert));
}

test('a flip really sends the record elsewhere, and most records have one', async () => {
  const found = explained.filter(({ flip }) => flip !== null);
  expect(found.length).toBeGreaterThan(explainedRows / 2);
  for (const [row, { flip, decision }] of explained.entries()) {
    if (flip === null) continue;
    const [now] = await routes([changed(row, flip.changes)]);
    const before = decision.route.map(({ expert }) => expert);
    expect(now).toEqual(flip.route);
    expect(now!.some((expert) => !before.includes(expert))).toBe(true);
    for (const { field, from } of flip.changes) expect(from).toBe(recordOf(row)[field]);
  }
});

test('no smaller change among those searched does, tried one by one', async () => {
  for (const [row, { flip, decision }] of explained.entries()) {
    const all = candidates(
      predictor.model,
      sliceBatch(rows, row, row + 1),
      Object.keys(rows.values),
    );
    const found = await routes(all.map((change) => changed(row, [change])));
    const before = decision.route.map(({ expert }) => expert);
    const flips = all.filter((_, i) => found[i]!.some((expert) => !before.includes(expert)));
    if (flip?.changes.length !== 1) {
      expect(flips).toEqual([]);
      continue;
    }
    const least = Math.min(...flips.map(({ size }) => size));
    const [change] = flip.changes;
    expect(flips.find(({ field, to }) => field === change!.field && to === change!.to)!.size).toBe(
      least,
    );
  }
});

test('pairs come only where no single change is enough, and they flip', async () => {
  const fields = ['color', 'clarity', 'price'];
  const sizes: number[] = [];
  for (let row = 0; row < explainedRows; row++) {
    const batch = sliceBatch(rows, row, row + 1);
    const { changes } = await seekFlip(predictor, batch, await predictor.run(batch), fields);
    const before = explained[row]!.decision.route.map(({ expert }) => expert);
    const elsewhere = async (sets: readonly (readonly Change[])[]) =>
      (await routes(sets.map((set) => changed(row, set)))).map((now) =>
        now.some((expert) => !before.includes(expert)),
      );
    sizes.push(changes?.length ?? 0);
    if (changes !== null) expect(await elsewhere([changes])).toEqual([true]);
    if (changes?.length === 1) continue;
    const singles = candidates(predictor.model, batch, fields).map((change) => [change]);
    expect((await elsewhere(singles)).some((flips) => flips)).toBe(false);
  }
  expect(new Set(sizes)).toContain(2);
});

/** How far hiding fields moves the log-probability of the answer. */
async function moved(row: number, fields: readonly string[]): Promise<number> {
  const { value, confidence } = explained[row]!.decision.answer;
  const hidden = changed(
    row,
    fields.map((field) => ({ field, from: null, to: null })),
  );
  const [decision] = await predictor.decide([hidden]);
  const now = decision!.answer.top!.find((item) => item.value === value)!.probability;
  return Math.abs(Math.log(confidence!) - Math.log(now));
}

test('hiding the two fields it names moves the answer more than hiding any two', async () => {
  const stream = random(3, 'deletion');
  const named: number[] = [];
  const drawn: number[] = [];
  for (const [row, { answer }] of explained.entries()) {
    const fields = answer.map(({ field }) => field);
    named.push(await moved(row, fields.slice(0, 2)));
    drawn.push(await moved(row, stream.shuffle(fields).slice(0, 2)));
  }
  const differences = named.map((effect, i) => effect - drawn[i]!);
  expect(mean(differences)).toBeGreaterThan(3 * standardError(differences));
  expect(mean(differences)).toBeGreaterThan(0.1);
});

test('the route does not give the answer away', async () => {
  const { metrics, baselines } = await evaluateRows(predictor, rows, rows.target);
  const decided = await predictor.run(rows);
  const byExpert = new Map<string, Map<unknown, number>>();
  for (let row = 0; row < rows.rows; row++) {
    const { expert } = predictor.decision(decided, row).route[0]!;
    const counts = byExpert.get(expert) ?? new Map<unknown, number>();
    byExpert.set(expert, counts.set(rows.target[row], (counts.get(rows.target[row]) ?? 0) + 1));
  }
  const right = [...byExpert.values()].reduce(
    (sum, counts) => sum + Math.max(...counts.values()),
    0,
  );
  expect(byExpert.size).toBeGreaterThan(1);
  expect(baselines!.route.accuracy).toBeCloseTo(right / rows.rows, 9);
  expect(baselines!.route.accuracy).toBeGreaterThanOrEqual(baselines!.constant.accuracy!);
  expect(baselines!.route.accuracy).toBeLessThan(metrics.accuracy! - 0.1);
});

test('the text says who, by how much, why, what others say and what would change it', () => {
  const flip = {
    changes: [
      { field: 'installed_kb', from: 120, to: 4096 },
      { field: 'note', from: 'fine', to: null },
    ],
    route: ['linear'],
    answer: explained[0]!.decision.answer,
  };
  const text = explainText({ ...explained[0]!, flip }, predictor.model.objective.shown);
  for (const part of ['Asked: ', 'Runner-up: ', 'moved the route', 'moved the answer', 'by itself'])
    expect(text).toContain(part);
  expect(text).toContain('changing installed_kb from 120 to 4,096 and leaving out note;');
  expect(text).toContain('then linear would be asked, and the answer would still be ');
});

test('a record without fields is explained by saying that nobody was asked', async () => {
  const empty = sliceBatch(
    {
      rows: 1,
      values: Object.fromEntries(
        Object.entries(rows.values).map(([name, column]) => [
          name,
          column instanceof Float64Array ? Float64Array.of(Number.NaN) : [null],
        ]),
      ),
    },
    0,
    1,
  );
  const nothing = await explainBatch(predictor, empty);
  expect(nothing.flip).toBeNull();
  expect(explainText(nothing, predictor.model.objective.shown)).toContain('Nobody could be asked');
});
