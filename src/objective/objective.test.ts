/** Pools, calibration, rewards and metrics of classification. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runBoth } from '../runtime/plain/agree.test.kit.js';
import { emit } from '../tensor/emit.js';
import { constant } from '../tensor/ops.js';
import { input } from '../tensor/tensor.js';
import { bestTemperature } from './calibrate.js';
import { classification } from './classification.js';
import { mixture, notAsked, type Pool, product } from './pool.js';
import { calibrationError, score } from './score.js';
import { utilityTable } from './utility.js';

const logs = (...values: number[]): number[] => values.map(Math.log);

async function combine(
  pool: Pool,
  outputs: number[],
  logWeights: number[],
  prior: number[],
): Promise<number[]> {
  const width = prior.length;
  const k = logWeights.length;
  const answer = pool.combine(
    input('outputs', ['B', 'K', width]),
    input('logWeights', ['B', 'K']),
    constant(Float32Array.from(prior), [1, width]),
  );
  const { said, plain } = await runBoth(emit({ name: 'pool', outputs: { answer } }), {
    outputs: { data: Float32Array.from(outputs), dims: [1, k, width] },
    logWeights: { data: Float32Array.from(logWeights), dims: [1, k] },
  });
  expect(plain).toBe(true);
  return Array.from(said.answer!.data as Float32Array, Math.exp);
}

test('the product counts the prior once', async () => {
  const prior = logs(0.8, 0.2);
  const evidence = await combine(product, [...logs(0.8, 0.2), ...logs(0.8, 0.2)], [0, 0], prior);
  expect(evidence[0]).toBeCloseTo(0.8, 5);
  const two = await combine(product, [...logs(0.9, 0.1), ...logs(0.9, 0.1)], [0, 0], prior);
  // odds 9 x 9 / 4: each expert moves the prior odds of 4 to 9.
  expect(two[0]! / two[1]!).toBeCloseTo(81 / 4, 3);
});

test('who was not asked has no influence in either pool', async () => {
  const outputs = [...logs(0.7, 0.3), ...logs(0.01, 0.99)];
  for (const pool of [product, mixture]) {
    const both = await combine(pool, outputs, [0, notAsked], logs(0.5, 0.5));
    expect(both[0]).toBeCloseTo(0.7, 5);
  }
});

test('the mixture averages probabilities', async () => {
  const said = await combine(
    mixture,
    [...logs(0.9, 0.1), ...logs(0.5, 0.5)],
    logs(0.25, 0.75),
    logs(0.5, 0.5),
  );
  expect(said[0]).toBeCloseTo(0.6, 5);
});

test('a known temperature is found again', () => {
  const truth = new Float64Array(4000);
  const outputs = new Float32Array(8000);
  let state = 1;
  for (let i = 0; i < truth.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    truth[i] = state / 2 ** 32 < 0.8 ? 0 : 1;
    // said with odds 4 ^ 3, so a temperature of 3 makes it honest
    outputs[i * 2] = 3 * Math.log(4);
  }
  expect(bestTemperature(outputs, truth, 2)).toBeCloseTo(3, 0);
});

test('faultless rows sharpen as far as there are many of them', () => {
  const sharpened = (rows: number): number => {
    const truth = Float64Array.from({ length: rows }, (_, i) => i % 2);
    const outputs = Float32Array.from({ length: 2 * rows }, (_, i) =>
      i % 4 === 0 || i % 4 === 3 ? 2 : 0,
    );
    return bestTemperature(outputs, truth, 2);
  };
  expect(sharpened(4)).toBeGreaterThan(0.7);
  expect(sharpened(4000)).toBeLessThan(0.3);
});

test('losses count in nats, and in less where one class is rare', () => {
  const unitOf = (positives: number): number =>
    classification.unit!(
      classification.fit(
        Float64Array.from({ length: 1000 }, (_, i) => Number(i < positives)),
        classification.config.parse({}) as Parameters<typeof classification.fit>[1],
        'target',
      ),
    );
  expect(unitOf(500)).toBe(1);
  expect(unitOf(120)).toBe(1);
  expect(unitOf(5)).toBeLessThan(0.1);
});

test('AUC is the share of pairs in the right order', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()), {
    minLength: 4,
    maxLength: 40,
  });
  fc.assert(
    fc.property(rows, (cells) => {
      const positives = cells.filter(([, is]) => is);
      const negatives = cells.filter(([, is]) => !is);
      fc.pre(positives.length > 0 && negatives.length > 0);
      const answers = Float32Array.from(cells.flatMap(([p]) => logs(1 - p / 10, p / 10)));
      const truth = Float64Array.from(cells, ([, is]) => Number(is));
      const wins = positives.flatMap(([p]) =>
        negatives.map(([n]) => (p > n ? 1 : p === n ? 0.5 : 0)),
      );
      const expected = wins.reduce<number>((a, b) => a + b, 0) / wins.length;
      expect(score(answers, truth, Int32Array.from(truth), 2).auc).toBeCloseTo(expected, 9);
    }),
  );
});

test('metrics by hand', () => {
  const answers = Float32Array.from(
    [logs(0.8, 0.2), logs(0.4, 0.6), logs(0.9, 0.1), logs(0.3, 0.7)].flat(),
  );
  const truth = Float64Array.of(0, 1, 1, 1);
  const found = score(answers, truth, Int32Array.of(0, 1, 0, 1), 2);
  expect(found.accuracy).toBe(0.75);
  expect(found.macroF1).toBeCloseTo((2 / 3 + 4 / 5) / 2, 9);
  expect(found.brier).toBeCloseTo((0.04 + 0.16 + 0.81 + 0.09) / 4, 5);
  expect(found.averagePrecision).toBeCloseTo((1 + 1 + 3 / 4) / 3, 5);
  expect(calibrationError(Float64Array.of(0.9, 0.9), Uint8Array.of(1, 0))).toBeCloseTo(0.4, 9);
});

test('a reward decides: a dear mistake is avoided', () => {
  const utility = utilityTable(1, { bad: 20 }, ['bad', 'good'], 'reward');
  const state = classification.fit(
    ['bad', 'good', 'bad', 'good'],
    { classWeights: 'none' },
    'target',
  );
  const answers = Float32Array.from(logs(0.2, 0.8));
  expect(classification.answer(answers, state).value).toBe('good');
  expect(classification.answer(answers, state, utility).value).toBe('bad');
  expect(() => utilityTable(1, { bda: 20 }, ['bad', 'good'], 'reward')).toThrow(
    'did you mean "bad"?',
  );
});

test('targets that teach nothing are refused', () => {
  const learn = (target: (string | null)[]) => () =>
    classification.fit(target, { classWeights: 'none' }, 'target');
  expect(learn(['a', 'a'])).toThrow('one class');
  expect(learn([null, null])).toThrow('only missing values');
  expect(learn(Array.from({ length: 30 }, (_, i) => `n${i}`))).toThrow('30 classes in 30 rows');
});
