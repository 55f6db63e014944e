/** The joint phase: clones that part by hidden regimes, and a guard that refuses them where there are none. */
import { expect, test } from 'vitest';
import { MonbanError } from '../src/core/fault.js';
import type { Bundle } from '../src/mixture/bundle.js';
import { plan } from '../src/mixture/plan.js';
import { openPredictor } from '../src/predict/predictor.js';
import type { TrainEvent } from '../src/train/event.js';
import { type TrainOptions, train } from '../src/train/train.js';
import { setting, type Wish } from './regimes.js';

function trained(wish: Wish, options: TrainOptions = {}): Promise<Bundle> {
  const { use, batch } = setting(wish);
  return train(use, batch, options);
}

const names = ({ manifest }: Bundle) => manifest.experts.map(({ name }) => name);

test('clones part by regimes that no field names; the card and the progress say so', async () => {
  const events: TrainEvent[] = [];
  const bundle = await trained(
    { rows: 3000, training: { joint: { rounds: 12 } } },
    { onEvent: (event) => events.push(event) },
  );
  expect(names(bundle)).toEqual(['line-1', 'line-2']);
  const [joint] = bundle.card.joint!;
  expect(joint).toMatchObject({ expert: 'line', clones: 2, kept: true });
  expect(joint!.gain).toBeGreaterThan(2 * joint!.error);
  expect(bundle.manifest.gate.targets).toEqual([0.5, 0.5]);
  const { loads } = events.find((event) => event.phase === 'joint' && event.loads !== undefined)!;
  expect(Object.keys(loads!)).toEqual(['line-1', 'line-2']);
  expect(events.some(({ message }) => message?.includes('2 clones of line'))).toBe(true);
  const predictor = await openPredictor(bundle);
  const [decision] = await predictor.decide([{ context1: 1, detail1: -1 }]);
  expect(decision!.route[0]!.expert).toMatch(/^line-[12]$/);
  await predictor.close();
});

test('where there is only one regime they are refused, and the plan without them is served', async () => {
  const bundle = await trained({ regimes: 1 });
  expect(bundle.card.joint![0]!.kept).toBe(false);
  expect(names(bundle)).toEqual(['line']);
  const alone = await trained({ regimes: 1, training: { joint: 'off' } });
  expect(alone.card.joint).toBeUndefined();
  const files = (one: Bundle) =>
    one.manifest.files.filter(({ path }) => path.endsWith('.onnx')).map(({ sha256 }) => sha256);
  expect(files(bundle)).toEqual(files(alone));
});

test('the same seed gives the same bytes in one thread or in others, in folds, for amounts, with fields hidden', async () => {
  const wish = (threads: number): Wish => ({
    classes: 0,
    rows: 600,
    gate: { balance: { kind: 'bias', rate: 0.01 } },
    training: {
      ...{ threads, crossFitBelow: 5000, folds: 2, joint: { keep: 'on', rounds: 2 } },
      hide: { rate: 0.3, groups: { some: ['detail1', 'context3'] } },
    },
  });
  const bundle = await trained(wish(0));
  expect(names(bundle)).toEqual(['line-1', 'line-2']);
  expect((await trained(wish(2))).manifest.files).toEqual(bundle.manifest.files.filter(() => true));
  expect(bundle.manifest.gate.bias.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 6);
});

test('a stop ends it', async () => {
  const stop = new AbortController();
  const ended = trained(
    { training: { threads: 1, joint: { rounds: 1000 } } },
    {
      signal: stop.signal,
      onEvent: ({ phase }) => {
        if (phase === 'joint') stop.abort(new Error('stopped'));
      },
    },
  );
  await expect(ended).rejects.toThrow('stopped');
});

test('a spec that clones what cannot be cloned is told so', () => {
  const spec = {
    data: { source: 'none', target: 'target' },
    fields: { x: 'number' },
    experts: { a: { kind: 'linear', clones: 2 }, 'a-1': 'linear' },
    gate: { shared: 'a' },
  };
  expect(() => plan(spec)).toThrow(MonbanError);
  expect(() => plan(spec)).toThrow(/experts\.a\.clones/);
  expect(() => plan({ ...spec, gate: {}, experts: { a: { kind: 'linear', clones: 0 } } })).toThrow(
    /at least 1/,
  );
  const imported = { kind: 'onnx', path: 'a.onnx', inputs: { x: 'x' }, gives: 'value' };
  const alike = { ...spec, gate: {}, experts: { a: { ...imported, clones: 2 } } };
  expect(() => plan(alike)).toThrow(/experts\.a\.clones.*which is not trained/s);
  expect(() => plan({ ...alike, experts: { a: imported } })).not.toThrow();
});
