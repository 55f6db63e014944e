/** Amounts from training to explanation, through the library parts and through the command line. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import { scoreSlices } from '../src/evaluate/slices.js';
import { plan } from '../src/mixture/plan.js';
import { explain } from '../src/predict/explain.js';
import { explainText } from '../src/predict/explain-text.js';
import { openPredictor, type Predictor } from '../src/predict/predictor.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { recordsOf } from './animals.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-regression-'));
const bin = resolve('bin/monban.mjs');

/** Rents by size and town; what is not said of them is noise of 5 %. */
function rents(rows: number, seed: number): LabelledRows {
  const stream = random(seed, 'rents');
  const size = Float64Array.from({ length: rows }, () => 20 + 100 * stream.uniform());
  const town = Array.from(size, () => ['Kyoto', 'Nara', 'Osaka'][stream.below(3)]!);
  const factor = { Kyoto: 1.5, Nara: 1, Osaka: 1.2 };
  const target = Float64Array.from(size, (area, row) => {
    const fair = (200 + 10 * area) * factor[town[row] as keyof typeof factor];
    return fair * Math.exp(0.05 * stream.normal());
  });
  return {
    rows,
    values: { size, town },
    target,
    unit: Uint32Array.from(size.keys()),
    unlabelled: 0,
  };
}

function planOf(objective: object, more: object = {}) {
  const training = { epochs: 15, batch: 32 };
  return plan({
    data: { source: 'rents', target: 'rent' },
    fields: { size: 'number', town: 'category' },
    objective: { kind: 'regression', ...objective },
    experts: {
      table: { kind: 'tabular', width: 32, depth: 1, training },
      linear: { kind: 'linear', training },
      size: { kind: 'tabular', width: 8, depth: 1, reads: ['size'], training },
    },
    gate: { epochs: 3 },
    training: { threads: 0, crossFitBelow: 0, holdout: 0.4 },
    ...more,
  });
}

const fresh = rents(800, 2);
let predictor: Predictor;

beforeAll(async () => {
  predictor = await openPredictor(await train(planOf({}), rents(1200, 1)));
});
afterAll(async () => {
  await predictor.close();
  rmSync(folder, { recursive: true, force: true });
});

test('it learns amounts, and its intervals hold on fresh rows', async () => {
  const { metrics, experts, ensemble, baselines, unseen } = await evaluateRows(
    predictor,
    fresh,
    fresh.target,
  );
  expect(Object.keys(metrics).slice(0, 5)).toEqual(['r2', 'rmse', 'mae', 'pinball', 'coverage']);
  expect(metrics.r2).toBeGreaterThan(0.95);
  expect(Math.abs(metrics.coverage! - 0.9)).toBeLessThan(0.06);
  expect(Math.abs(metrics.coverage80! - 0.8)).toBeLessThan(0.08);
  expect(experts.size!.metrics.r2).toBeLessThan(metrics.r2!);
  expect(ensemble.metrics.r2).toBeGreaterThan(0.5);
  expect(baselines!.constant.r2).toBeCloseTo(0, 6);
  expect(unseen).toBe(0);
  const slices = await scoreSlices(predictor, fresh, fresh.target, 'town');
  expect(slices.map(({ name }) => name).sort()).toEqual(['Kyoto', 'Nara', 'Osaka']);
});

test('options of the experts and the schedule are those for amounts, unless the spec has them', () => {
  const [table] = planOf({}).experts;
  expect(table!.config).toMatchObject({ dropout: 0 });
  expect(table!.schedule).toMatchObject({ epochs: 15, patience: 16 });
  const own = { experts: { table: { kind: 'tabular', dropout: 0.3 }, linear: 'linear' } };
  expect(planOf({}, own).experts[0]!.config).toMatchObject({ dropout: 0.3 });
  expect(planOf({ kind: 'classification' }).experts[0]!.config).toMatchObject({ dropout: 0.1 });
});

test('an amount comes with a spread and intervals, alone as in a batch', async () => {
  const records = recordsOf(fresh).slice(0, 30);
  const together = await predictor.decide(records);
  for (const [i, record] of records.entries()) {
    const [alone] = await predictor.decide([record]);
    const { value, spread, intervals } = alone!.answer;
    expect(Number(value)).toBeCloseTo(Number(together[i]!.answer.value), 0);
    expect(spread).toBeGreaterThan(0);
    const [eighty, ninety] = intervals!;
    expect(ninety!.low).toBeLessThan(eighty!.low);
    expect(ninety!.high).toBeGreaterThan(eighty!.high);
  }
  const [nothing] = await predictor.decide([{}]);
  expect(nothing!.route).toEqual([]);
  const average = fresh.target.length && Number(nothing!.answer.value);
  expect(average).toBeGreaterThan(800);
  expect(average).toBeLessThan(1400);
});

test('an explanation says by how much a field moves the amount', async () => {
  const explained = await explain(predictor, { size: 115, town: 'Kyoto' });
  const size = explained.answer.find(({ field }) => field === 'size')!;
  expect(size.effect).toBeGreaterThan(100);
  const text = explainText(explained, predictor.model.objective.shown);
  expect(text).toMatch(/^Answer: [\d,.]+ \(90 % between [\d,.]+ and [\d,.]+\)/u);
  expect(text).toContain('+ raises it, - lowers it');
});

test('a reward for small errors buys what lowers them', async () => {
  const reward = { right: 1, wrong: 0.01, experts: { table: 0.01 } };
  const rewarded = await openPredictor(await train(planOf({}, { reward }), rents(400, 3)));
  const { metrics } = await evaluateRows(rewarded, fresh, fresh.target);
  await rewarded.close();
  expect(metrics.r2).toBeGreaterThan(0.8);
  const perLabel = { right: { cheap: 1 } };
  await expect(train(planOf({}, { reward: perLabel }), rents(400, 3))).rejects.toThrow(
    'reward.right',
  );
});

function monban(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
  });
  expect(stderr).not.toMatch(/\n {4}at /u);
  return { status, stdout, stderr };
}

function csv({ rows, values, target }: LabelledRows, edit: (rent: number, row: number) => string) {
  const line = (row: number) =>
    `${values.size![row]},${values.town![row]},${edit(Number(target[row]), row)}`;
  return `size,town,rent\n${Array.from({ length: rows }, (_, row) => line(row)).join('\n')}\n`;
}

test('from init to explain on the command line, on the scale of logarithms', () => {
  writeFileSync(join(folder, 'rents.csv'), csv(rents(300, 4), String));
  const first = JSON.parse(
    monban(['init', 'rents.csv', '--target', 'rent', '--out', 'm.yaml', '--json']).stdout,
  );
  expect(first.target.objective).toBe('regression');
  const spec = readFileSync(join(folder, 'm.yaml'), 'utf8');
  expect(spec).toContain('objective: regression');
  expect(spec).not.toContain('dropout');
  const log = spec
    .replace('objective: regression', 'objective: { kind: regression, log: true }')
    .replace(
      /^experts:[\s\S]*/mu,
      'experts: { linear: linear, table: { kind: tabular, width: 8 } }',
    );
  writeFileSync(join(folder, 'm.yaml'), `${log}\n`);
  expect(monban(['train', 'm.yaml', '--out', 'model']).status).toBe(0);
  const scored = JSON.parse(monban(['evaluate', 'model', 'rents.csv', '--json']).stdout);
  expect(scored.metrics.r2).toBeGreaterThan(0.8);
  expect(scored.metrics.rmse).toBeLessThan(0.3);
  const text = monban(['evaluate', 'model', 'rents.csv']).stdout;
  expect(text).toContain('Scores are of logarithms');
  expect(text).toMatch(/R2 +RMSE +MAE +in 90 % interval/u);
  monban(['predict', 'model', 'rents.csv', '--out', 'answers.csv']);
  const [head, one] = readFileSync(join(folder, 'answers.csv'), 'utf8').split('\n');
  expect(head).toContain('"answer","spread","low_80","high_80","low_90","high_90"');
  expect(Number(one!.split(',')[1])).toBeGreaterThan(100);
  const why = monban(['explain', 'model', '--data', 'rents.csv', '--row', '2']).stdout;
  expect(why).toContain('(in truth: ');
  // a target that changed its kind since training
  writeFileSync(
    join(folder, 'words.csv'),
    csv(rents(30, 4), (rent) => `about ${rent}`),
  );
  const words = monban(['evaluate', 'model', 'words.csv']);
  expect([words.status, words.stderr]).toEqual([2, expect.stringContaining('expected numbers')]);
});

test.each([
  ['the same everywhere', () => '700.5', 'at least two different values', 'init'],
  [
    'infinite',
    (rent: number, row: number) => (row === 5 ? 'inf' : String(rent)),
    'finite',
    'train',
  ],
])('a target that is %s is refused', (name, edit, said, verb) => {
  const file = `${name.replaceAll(' ', '-')}.csv`;
  writeFileSync(join(folder, file), csv(rents(60, 5), edit));
  const first = monban(['init', file, '--target', 'rent', '--out', `${file}.yaml`]);
  const found = verb === 'init' ? first : monban(['train', `${file}.yaml`, '--out', 'other']);
  expect([found.status, found.stderr]).toEqual([2, expect.stringContaining(said)]);
});

test('a boolean target answers true or false', () => {
  const big = csv(rents(300, 6), (rent) => String(rent > 1000));
  writeFileSync(join(folder, 'dear.csv'), big);
  monban(['init', 'dear.csv', '--target', 'rent', '--out', 'd.yaml']);
  const spec = readFileSync(join(folder, 'd.yaml'), 'utf8');
  expect(spec).toContain('objective: classification');
  writeFileSync(
    join(folder, 'd.yaml'),
    spec.replace(/^experts:[\s\S]*/mu, 'experts: { a: linear }'),
  );
  expect(monban(['train', 'd.yaml', '--out', 'dear']).status).toBe(0);
  const scored = JSON.parse(monban(['evaluate', 'dear', 'dear.csv', '--json']).stdout);
  expect(scored.metrics.accuracy).toBeGreaterThan(0.8);
  expect(scored.unseen).toBe(0);
  const said = monban(['predict', 'dear', '-'], '{"size": 118, "town": "Kyoto"}').stdout;
  expect(JSON.parse(said).answer.value).toBe('true');
});
