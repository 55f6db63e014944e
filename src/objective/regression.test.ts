/** Regression by hand: scale, faults, pools, calibration, coverage, scores, prices. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { runBoth } from '../runtime/plain/agree.test.kit.js';
import { emit } from '../tensor/emit.js';
import { constant } from '../tensor/ops.js';
import { input } from '../tensor/tensor.js';
import { amountText } from './amount.js';
import { floor, mixture, product } from './gaussian.js';
import { calibrate, gaussian, summary, width } from './interval.js';
import type { Pool } from './pool.js';
import { regression } from './regression.js';

const fitted = (target: readonly number[], log = false) =>
  regression.fit(Float64Array.from(target), { log }, 'target price');

/** An answer whose quantiles are those of a Gaussian. */
const answerOf = (mean: number, spread: number): number[] => [
  mean,
  Math.log(spread),
  ...gaussian.map((factor) => mean + factor * spread),
];

async function pooled(pool: Pool, answers: number[][], logWeights: number[], prior: number[]) {
  const k = answers.length;
  const answer = pool.combine(
    input('outputs', ['B', 'K', width]),
    input('logWeights', ['B', 'K']),
    constant(Float32Array.from(prior), [1, width]),
  );
  const { said, plain } = await runBoth(emit({ name: 'pool', outputs: { answer } }), {
    outputs: { data: Float32Array.from(answers.flat()), dims: [1, k, width] },
    logWeights: { data: Float32Array.from(logWeights), dims: [1, k] },
  });
  expect(plain).toBe(true);
  const [mean, spread] = said.answer!.data as Float32Array;
  return { mean: mean!, spread: Math.exp(spread!) };
}

test('precisions add up, and the prior counts once', async () => {
  // precisions 4 and 16 over a prior of 1: 1 + (4 - 1) + (16 - 1) = 19; means 1 and 2 weigh 4 and 16
  const two = [answerOf(1, 0.5), answerOf(2, 0.25)];
  const found = await pooled(product, two, [0, 0], answerOf(0, 1));
  expect(found.mean).toBeCloseTo((4 * 1 + 16 * 2) / 19, 1);
  expect(found.spread).toBeCloseTo(Math.sqrt(1 / 19), 2);
  // who knows no more than the prior changes nothing
  const idle = await pooled(product, [answerOf(0, 1)], [1.5], answerOf(0, 1));
  expect(idle.mean).toBeCloseTo(0, 5);
  expect(idle.spread).toBeCloseTo(1, 2);
});

test('a mixture has the mean and the variance of its parts', async () => {
  const weights = [0.25, 0.75];
  const two = [answerOf(0, 0.5), answerOf(2, 1)];
  const found = await pooled(mixture, two, weights.map(Math.log), answerOf(0, 1));
  expect(found.mean).toBeCloseTo(1.5, 5);
  const variance = 0.25 * (0.25 + 1.5 ** 2) + 0.75 * (1 + 0.5 ** 2);
  expect(found.spread).toBeCloseTo(Math.sqrt(variance), 2);
});

test('a spread that is three times too small is found again, and intervals cover as they say', () => {
  const stream = random(5, 'residuals');
  const rows = 4000;
  const heavy = () => stream.normal() * (stream.uniform() < 0.2 ? 3 : 1);
  const draw = () => ({
    outputs: Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 0 : Math.log(0.1))),
    truth: Float64Array.from({ length: rows }, () => 0.3 * heavy()),
  });
  const held = draw();
  const [scale, ...factors] = calibrate(held.outputs, held.truth);
  // variance of the residuals: 0.09 (0.8 + 0.2 x 9)
  expect(scale).toBeCloseTo(Math.sqrt(0.09 * 2.6) / (0.1 + floor), 0);
  const fresh = draw().truth;
  const spread = (0.1 + floor) * scale!;
  const inside = (low: number, high: number) =>
    fresh.filter((value) => value >= low * spread && value <= high * spread).length / rows;
  expect(inside(factors[0]!, factors[3]!)).toBeCloseTo(0.9, 1);
  expect(Math.abs(inside(factors[1]!, factors[2]!) - 0.8)).toBeLessThan(0.025);
  // a Gaussian of that variance would hold too many rows in its 80 %
  expect(inside(-1.2816, 1.2816)).toBeGreaterThan(0.84);
});

test('few rows are trusted with a scale, not with quantiles', () => {
  const outputs = Float32Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0 : 0));
  const found = calibrate(
    outputs,
    Float64Array.from({ length: 10 }, (_, i) => i - 4.5),
  );
  expect(found.slice(1)).toEqual(gaussian);
  expect(calibrate(outputs, new Float64Array(10).fill(Number.NaN))).toEqual([1, ...gaussian]);
});

test('metrics by hand', () => {
  const state = { log: false, centre: 10, scale: 2, prior: [] };
  const answers = Float32Array.from([answerOf(0, 1), answerOf(1, 1), answerOf(-1, 0.1)].flat());
  const truth = regression.encode(Float64Array.of(10, 14, 10), state, 'target');
  expect(Array.from(truth)).toEqual([0, 2, 0]);
  const found = regression.score(answers, truth, state);
  // amounts said 10, 12 and 8 for 10, 14 and 10, whose mean is 34 / 3
  const total = 2 * (10 - 34 / 3) ** 2 + (14 - 34 / 3) ** 2;
  expect(found.r2).toBeCloseTo(1 - 8 / total, 6);
  expect(found.rmse).toBeCloseTo(Math.sqrt(8 / 3), 6);
  expect(found.mae).toBeCloseTo(4 / 3, 6);
  expect(found.coverage).toBeCloseTo(2 / 3, 6);
  const loss = (q: number, over: number) => Math.max(q * over, (q - 1) * over);
  const levels = [0.05, 0.1, 0.9, 0.95];
  const each = [
    [0, 0, 1],
    [2, 1, 1],
    [0, -1, 0.1],
  ].map(([real, mean, spread]) =>
    levels.reduce(
      (sum, q, i) => sum + loss(q, real! - (mean! + gaussian[i]! * spread!)),
      loss(0.5, real! - mean!),
    ),
  );
  expect(found.pinball).toBeCloseTo((2 * each.reduce((a, b) => a + b, 0)) / 15, 5);
});

test('answers are amounts: of logarithms too', () => {
  const state = fitted([1, 10, 100, 1000], true);
  expect(state.centre).toBeCloseTo(Math.log(10) * 1.5, 9);
  const { value, intervals } = regression.answer(Float32Array.from(answerOf(0, 0.5)), state);
  expect(value).toBeCloseTo(10 ** 1.5, 3);
  const [eighty, ninety] = intervals!;
  expect([eighty!.level, ninety!.level]).toEqual([0.8, 0.9]);
  expect(Math.log(Number(value) / ninety!.low)).toBeCloseTo(1.6449 * 0.5 * state.scale, 3);
  expect(ninety!.low).toBeLessThan(eighty!.low);
});

test('any amounts come back from the scale on which they are learned', () => {
  const amount = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(fc.array(amount, { minLength: 2, maxLength: 30 }), (list) => {
      const span = Math.max(...list) - Math.min(...list);
      fc.pre(span > 1e-6);
      const state = fitted(list);
      const truth = regression.encode(Float64Array.from(list), state, 'target');
      const { value } = regression.answer(Float32Array.from(answerOf(truth[0]!, 1)), state);
      expect(Math.abs(Number(value) - list[0]!)).toBeLessThan(1e-5 * (span + Math.abs(list[0]!)));
    }),
  );
});

test('targets that teach nothing are refused', () => {
  expect(() => fitted([])).toThrow('training rows');
  expect(() => fitted([7, 7, 7])).toThrow('only 7');
  expect(() => fitted([Number.NaN, Number.NaN])).toThrow('only missing values');
  expect(() => fitted([1, Number.POSITIVE_INFINITY])).toThrow('finite numbers');
  expect(() => fitted([1, 2, 0], true)).toThrow('amounts above 0');
  expect(() => fitted([1e308, -1e308])).toThrow('spread is a number');
  const texts = (...target: (string | null)[]) => regression.fit(target, { log: false }, 'target');
  expect(() => texts('1', 'two')).toThrow('"two" in labelled row 2');
  expect(texts('1', ' 3 ', null, '').centre).toBe(2);
  const state = fitted([1, 2, 3]);
  expect(() => regression.encode(['x'], state, 'target price')).toThrow('target price');
});

test('a reward prices errors in the unit of the amount', () => {
  const state = { log: false, centre: 100, scale: 10, prior: [] };
  const utility = regression.utility(5, 0.5, state, 'reward');
  const answers = Float32Array.from([...answerOf(0, 1), ...answerOf(1, 1)]);
  const earned = regression.earned(answers, Float64Array.of(0, -1), state, utility);
  expect(Array.from(earned)).toEqual([5, 5 - 0.5 * 20]);
  expect(() => regression.utility({ a: 1 }, 1, state, 'reward')).toThrow('reward.right');
});

test('what nothing is known of has the moments and quantiles of the amounts', () => {
  const found = summary(Float64Array.from({ length: 101 }, (_, i) => i / 100));
  expect(found[0]).toBeCloseTo(0.5, 6);
  expect(Array.from(found.slice(2))).toEqual(
    [0.05, 0.1, 0.9, 0.95].map((q) => expect.closeTo(q, 5)),
  );
});

test('amounts read well', () => {
  expect([12345.6, 0.0012345, 12.3456, -4096.2].map(amountText)).toEqual([
    '12,346',
    '0.001235',
    '12.35',
    '-4,096',
  ]);
});
