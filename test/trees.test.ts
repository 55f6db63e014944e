/** Trees from the spec to answers: quality, hidden sources, rows in a file, checkpoints, refusals. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { random } from '../src/core/random.js';
import { evaluateRows } from '../src/evaluate/evaluate.js';
import type { Bundle } from '../src/mixture/bundle.js';
import { type Plan, plan } from '../src/mixture/plan.js';
import { predictorOver } from '../src/predict/decide.js';
import { explain } from '../src/predict/explain.js';
import { openPredictor } from '../src/predict/predictor.js';
import { webSessions } from '../src/runtime/session-web.js';
import type { TrainEvent } from '../src/train/event.js';
import type { LabelledRows } from '../src/train/rows.js';
import { train } from '../src/train/train.js';
import { recordsOf } from './animals.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-trees-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hours = 24;

/**
 * Orders of shops: whether one is late hangs on its size and its shop together, and on the hour; what
 * it costs on size and shop. Each field is missing now and then.
 */
function orders(rows: number, seed: number, target: 'late' | 'cost'): LabelledRows {
  const stream = random(seed, 'orders');
  const drawn = Array.from({ length: rows }, () => ({
    size: stream.uniform() * 10,
    shop: stream.below(30),
    hour: stream.below(hours),
  }));
  const given = <T>(value: T): T | null => (stream.uniform() < 0.1 ? null : value);
  const isLate = drawn.map(({ size, shop, hour }) => size > 4 !== (shop % 3 === 0) || hour > 20);
  const cost = Float64Array.from(
    drawn,
    ({ size, shop }) => 3 * size + 10 * (shop % 4) + stream.normal(),
  );
  const values = {
    size: Float64Array.from(drawn, ({ size }) => given(size) ?? Number.NaN),
    shop: drawn.map(({ shop }) => given(`shop ${shop}`)),
    at: drawn.map(({ hour }) => given(`2024-03-05 ${String(hour).padStart(2, '0')}:10:00`)),
  };
  const unit = Uint32Array.from({ length: rows }, (_, i) => i);
  const answers = target === 'late' ? isLate.map((late) => (late ? 'yes' : 'no')) : cost;
  return { rows, values, target: answers, unit, unlabelled: 0 };
}

function planOf(more: Record<string, unknown> = {}, training: object = {}): Plan {
  return plan({
    data: { source: 'orders', target: 'late' },
    fields: { size: 'number', shop: 'category', at: 'time' },
    experts: { trees: { kind: 'trees', trees: 60 }, linear: { kind: 'linear' } },
    gate: { kind: 'static', topK: 1 },
    training: { threads: 0, folds: 3, ...training },
    ...more,
  });
}

/** What a bundle scores by its trees alone, and by all of it. */
async function scoresOf(bundle: Bundle, { target, unlabelled, ...batch }: LabelledRows) {
  const predictor = await openPredictor(bundle);
  const { experts, metrics } = await evaluateRows(predictor, batch, target, unlabelled);
  await predictor.close();
  return { alone: experts.trees!.metrics, linear: experts.linear?.metrics, metrics };
}

test('trees see what fields say only together, and their held-out outputs are honest', async () => {
  const bundle = await train(planOf(), orders(1500, 1, 'late'));
  const { alone, linear } = await scoresOf(bundle, orders(1000, 2, 'late'));
  expect(alone.accuracy).toBeGreaterThan(0.85);
  expect(alone.accuracy! - linear!.accuracy!).toBeGreaterThan(0.1);
  const card = bundle.card.experts.find(({ name }) => name === 'trees')!;
  expect(Math.abs(card.scores.accuracy! - alone.accuracy!)).toBeLessThan(0.04);
  const predictor = await openPredictor(bundle);
  const [record] = recordsOf(orders(1, 3, 'late'));
  const why = await explain(predictor, record!);
  await predictor.close();
  expect(why.decision.route.map(({ expert }) => expert)).toEqual(['trees']);
});

test('amounts have a spread, and intervals that hold what they promise', async () => {
  const use = planOf({ objective: 'regression', data: { source: 'orders', target: 'cost' } });
  const bundle = await train(use, orders(1500, 1, 'cost'));
  const { alone } = await scoresOf(bundle, orders(1000, 2, 'cost'));
  expect(alone.r2).toBeGreaterThan(0.75);
  expect(Math.abs(alone.coverage! - 0.9)).toBeLessThan(0.05);
});

test('where a source is hidden now and then, trees do without it', async () => {
  const hide = { rate: 0.5, groups: { shop: ['shop'] } };
  const only = { experts: { trees: { kind: 'trees', trees: 60 } } };
  const [seen, hidden] = await Promise.all(
    [{}, { hide }].map(async (training) => train(planOf(only, training), orders(1500, 1, 'late'))),
  );
  const later = orders(1000, 2, 'late');
  const shop = new Array<string | null>(later.rows).fill(null);
  const without = { ...later, values: { ...later.values, shop } };
  const lossOf = async (bundle: Bundle) => (await scoresOf(bundle, without)).alone.logLoss!;
  expect(await lossOf(hidden!)).toBeLessThan(await lossOf(seen!));
});

const contents = ({ manifest }: Bundle) => manifest.files.map(({ path, sha256 }) => [path, sha256]);

test('rows in a file, of which some are drawn, give the bytes of rows in memory', async () => {
  const rows = orders(20_000, 4, 'late');
  const few = { trees: { kind: 'trees', trees: 4, rows: 3000 } };
  const fewOf = (training: object) =>
    planOf({ experts: few }, { crossFitBelow: 0, holdout: 0.02, ...training });
  const whole = await train(fewOf({}), rows);
  const streamed = await train(fewOf({ memory: 1, threads: 1 }), rows);
  expect(contents(streamed)).toEqual(contents(whole));
});

test('folds that are over are not fitted again after an interruption', async () => {
  const rows = orders(400, 1, 'late');
  const use = planOf({ experts: { trees: { kind: 'trees', trees: 10 } } });
  const whole = await train(use, rows);
  const checkpoint = { folder, every: 0 };
  /** Losses on check rows that are heard of until the training is broken off. */
  const looks = async (most: number) => {
    let heard = 0;
    const onEvent = ({ phase, loss }: TrainEvent): void => {
      if (phase === 'experts' && loss !== undefined && ++heard > most) throw new Error('enough');
    };
    const bundle = await train(use, rows, { checkpoint, onEvent }).catch(() => undefined);
    return { heard, bundle };
  };
  const all = 3 * (10 / 5);
  expect((await looks(all - 1)).bundle).toBeUndefined();
  expect(readdirSync(folder).some((name) => name.endsWith('.part'))).toBe(true);
  const { heard, bundle } = await looks(all);
  expect(heard).toBe(2);
  expect(bundle!.id).toBe(whole.id);
  expect(existsSync(folder)).toBe(true);
});

test('clones and schedules, which need gradient steps, are refused', () => {
  const withTrees = (options: object) => () =>
    planOf({ experts: { trees: { kind: 'trees', ...options } } });
  expect(withTrees({ clones: 2 })).toThrow(/experts\.trees\.clones.*takes no gradient steps/s);
  expect(withTrees({ training: { epochs: 3 } })).toThrow(/experts\.trees\.training.*got epochs/s);
});

test('under WebAssembly trees say what they say in Node', async () => {
  const rows = orders(400, 5, 'late');
  const bundle = await train(planOf(), rows);
  const records = recordsOf(orders(50, 6, 'late'));
  const here = await openPredictor(bundle);
  const there = await predictorOver(webSessions(), bundle);
  const [own, others] = [await here.decide(records), await there.decide(records)];
  await Promise.all([here.close(), there.close()]);
  const confidence = (list: typeof own) => list.map(({ answer }) => answer.confidence!);
  confidence(others).forEach((value, i) => {
    expect(Math.abs(value - confidence(own)[i]!)).toBeLessThan(1e-5);
  });
  expect(own.some(({ route }) => route.some(({ expert }) => expert === 'trees'))).toBe(true);
});
