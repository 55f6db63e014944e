/** Regression: an amount, with its spread and intervals. */
import { z } from 'zod';
import { MonbanError, show } from '../core/fault.js';
import { slice } from '../tensor/ops.js';
import { adoptAmount } from './adopt.js';
import { type AmountScale, amounts, amountText, scaleOf, toAmount, toTruth } from './amount.js';
import { scoreAmounts } from './amount-score.js';
import { calibrated, concomitantLoss, logDensity, mixture, product } from './gaussian.js';
import { bestLoss, calibrate, even, gaussian, intervals, summary, width } from './interval.js';
import type { Answer, Objective, Shown, Truth } from './objective.js';
import { amountSlopes } from './slope.js';

const config = z.strictObject({
  log: z
    .boolean()
    .default(false)
    .describe('learn logarithms of amounts above 0; answers are amounts, scores are of logarithms'),
});
type Config = z.infer<typeof config>;

export interface RegressionState extends AmountScale {
  /** The answer [V] where nothing is known. */
  readonly prior: readonly number[];
}

/** Value of an answer without error, and the price of an error of one unit. */
export interface AmountPrices {
  readonly right: number;
  readonly wrong: number;
}

/** Digits that an answer is given with: more say nothing, and differ between machines. */
const digits = 6;
const mostEpochs = 40;
const rounded = (value: number): number => Number(value.toPrecision(digits));

/** As the likelihood of a label is never below 1e-15: one stray amount must not outweigh all others. */
const unlikely = Math.log(1e-15);

function answer(row: Float32Array, state: RegressionState): Answer {
  const amount = (place: number) => rounded(toAmount(row[place]!, state));
  const deviation = Math.exp(row[1]!) * state.scale;
  // The standard deviation of a log-normal amount, and of a normal one.
  const factor = Math.sqrt(Math.expm1(deviation ** 2)) * Math.exp(deviation ** 2 / 2);
  const spread = state.log ? toAmount(row[0]!, state) * factor : deviation;
  return {
    value: amount(0),
    spread: rounded(Math.min(spread, Number.MAX_VALUE)),
    intervals: intervals.map(({ level, low, high }) => ({
      level,
      low: amount(2 + low),
      high: amount(2 + high),
    })),
  };
}

function likelihoods(answers: Float32Array, truth: Truth): Float64Array {
  return Float64Array.from(truth, (value, row) => {
    const spread = answers[row * width + 1]!;
    const ratio = (value - answers[row * width]!) / Math.exp(spread);
    const density = -(ratio ** 2) / 2 - spread - Math.log(2 * Math.PI) / 2;
    return Number.isNaN(value) ? unlikely : Math.max(unlikely, density);
  });
}

function prices(right: unknown, wrong: unknown, where: string): AmountPrices {
  const faults = Object.entries({ right, wrong })
    .filter(([, price]) => typeof price !== 'number')
    .map(([name, price]) => ({
      where: `${where}.${name}`,
      expected: name === 'right' ? 'one number' : 'one number, the price of an error of one unit',
      found: show(price),
      todo: 'prices per label are for classification',
    }));
  if (faults.length > 0) throw new MonbanError(faults);
  return { right: right as number, wrong: wrong as number };
}

const ends = ({ intervals: list = [] }: Answer, level: number) =>
  list.find((interval) => interval.level === level);

const shown: Shown = {
  leaderboard: ['r2', 'rmse', 'mae', 'coverage'],
  titles: {
    r2: 'R2',
    rmse: 'RMSE',
    mae: 'MAE',
    coverage: 'in 90 % interval',
    coverage80: 'in 80 % interval',
  },
  columns: [
    { name: 'answer', type: 'DOUBLE', cell: ({ value }) => value },
    { name: 'spread', type: 'DOUBLE', cell: ({ spread }) => spread ?? null },
    { name: 'low_80', type: 'DOUBLE', cell: (one) => ends(one, 0.8)?.low ?? null },
    { name: 'high_80', type: 'DOUBLE', cell: (one) => ends(one, 0.8)?.high ?? null },
    { name: 'low_90', type: 'DOUBLE', cell: (one) => ends(one, 0.9)?.low ?? null },
    { name: 'high_90', type: 'DOUBLE', cell: (one) => ends(one, 0.9)?.high ?? null },
  ],
  text(one) {
    const { low, high } = ends(one, 0.9) ?? { low: Number.NaN, high: Number.NaN };
    const value = amountText(Number(one.value));
    return `${value} (90 % between ${amountText(low)} and ${amountText(high)})`;
  },
  effects: () => '+ raises it, - lowers it, in its own unit',
};

/** Networks say mean and log spread [B, 2] of the scaled target; answers add four quantiles [B, 6]. */
export const regression: Objective<Config, RegressionState, AmountPrices> = {
  kind: 'regression',
  summary: 'the target is an amount; answers have a spread and intervals',
  config,
  headline: { metric: 'r2', higher: true },
  shown,
  // Dropped units shift an amount. A step size that fell to its end leaves the mean without jitter, so
  // that the spread found on held-out rows is that of the expert which is refitted.
  learning: {
    options: { dropout: 0 },
    schedule: ({ epochs, patience }) => ({
      epochs: Math.min(mostEpochs, 2 * epochs),
      patience: 2 * patience,
    }),
  },
  fit(target, { log }, where) {
    const known = amounts(target, log, where).filter((amount) => !Number.isNaN(amount));
    const scale = scaleOf(known, target.length, log, where);
    return { ...scale, prior: Array.from(summary(toTruth(known, scale))) };
  },
  outputs: () => 2,
  answerWidth: () => width,
  encode: (target, state, where) => toTruth(amounts(target, state.log, where), state),
  truthType: 'float32',
  feed: (truth) => Float32Array.from(truth, (value) => value || 0),
  rowWeights: (truth) => Float32Array.from(truth, (value) => (Number.isNaN(value) ? 0 : 1)),
  loss: (outputs, truth, weight) => concomitantLoss(outputs, truth, weight),
  slopes: amountSlopes,
  calibrate: (outputs, truth) => calibrate(outputs, truth),
  uncalibrated: [1, ...gaussian],
  stopLoss: (outputs, truth) => bestLoss(outputs, truth),
  calibrated,
  doubt: (answers) => slice(answers, 1, 1, 2),
  prior: (state) => Float32Array.from(state.prior),
  constant: (truth) => summary(truth),
  pools: { product, mixture },
  even: (each, open, state) => even(each, open, Float32Array.from(state.prior)),
  logLikelihood: logDensity,
  likelihoods: (answers, truth) => likelihoods(answers, truth),
  adopt: adoptAmount,
  utility: (right, wrong, _state, where) => prices(right, wrong, where),
  earned: (answers, truth, state, { right, wrong }) =>
    Float64Array.from(truth, (value, row) => {
      if (Number.isNaN(value)) return 0;
      const error = toAmount(answers[row * width]!, state) - toAmount(value, state);
      return right - wrong * Math.abs(error);
    }),
  note: ({ log }) =>
    log ? 'Scores are of logarithms: an error of 0.1 is one of about 10 %.' : undefined,
  answer: (row, state) => answer(row, state),
  effects: (row, others, state) =>
    Float64Array.from({ length: others.length / width }, (_, i) => {
      const without = toAmount(others[i * width]!, state);
      return rounded(toAmount(row[0]!, state) - without);
    }),
  score: (answers, truth, state) => scoreAmounts(answers, truth, state.scale),
};
