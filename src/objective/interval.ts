/** Quantiles around a mean: how far they lie from it in spreads, so that held-out rows agree. */
import { quantileSorted } from '../core/statistic.js';
import { floor } from './gaussian.js';
import type { Calibration, Truth } from './objective.js';

/** The quantiles of an answer [V], after the mean and the logarithm of the spread. */
export const levels: readonly number[] = [0.05, 0.1, 0.9, 0.95];
/** Central intervals: their share, and the places of their ends among the levels. */
export const intervals = [
  { level: 0.8, low: 1, high: 2 },
  { level: 0.9, low: 0, high: 3 },
] as const;
/** V */
export const width = 2 + levels.length;

/** The factors of a Gaussian, where rows are too few to tell otherwise. */
export const gaussian: readonly number[] = [-1.6449, -1.2816, 1.2816, 1.6449];
const fewest = 60;
/** As for temperatures: few held-out rows must not make an expert all too sure. */
const [least, most] = [0.25, 20];

/**
 * How many spreads below or above the mean the quantiles of the truth lie. With n rows the q-quantile
 * is taken at rank q (n + 1), counted from the far end, so that an interval covers rows to come as it
 * says (split conformal prediction with scaled residuals: Lei et al. 2018).
 */
function factorsOf(residuals: Float64Array): readonly number[] {
  const n = residuals.length;
  if (n < fewest) return gaussian;
  const sorted = residuals.slice().sort();
  return levels.map((q) => {
    const outer = q < 0.5 ? 1 - q : q;
    const rank = Math.min(n, Math.ceil(outer * (n + 1))) - 1;
    return Number(sorted[q < 0.5 ? n - 1 - rank : rank]!.toPrecision(5));
  });
}

/** Rows of known truth in raw outputs [N, W]: their errors and spreads. */
function errors(
  outputs: Float32Array,
  truth: Truth,
): { error: Float64Array; spread: Float64Array } {
  const stride = outputs.length / Math.max(1, truth.length);
  const known = [...truth.keys()].filter((row) => !Number.isNaN(truth[row]));
  return {
    error: Float64Array.from(known, (row) => truth[row]! - outputs[row * stride]!),
    spread: Float64Array.from(known, (row) => Math.exp(outputs[row * stride + 1]!) + floor),
  };
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The scale of the spreads under which the errors are likeliest, then the quantiles' factors. */
export function calibrate(outputs: Float32Array, truth: Truth): Calibration {
  const { error, spread } = errors(outputs, truth);
  if (error.length === 0) return [1, ...gaussian];
  const ratio = error.map((value, i) => value / spread[i]!);
  const scale = Math.sqrt(meanOf(ratio.map((value) => value * value)));
  const bounded = Number(Math.min(most, Math.max(least, scale)).toPrecision(4));
  return [bounded, ...factorsOf(ratio.map((value) => value / bounded))];
}

/** The loss of `concomitantLoss` at the scale of spreads that suits these rows best; 0 without rows. */
export function bestLoss(outputs: Float32Array, truth: Truth): number {
  const { error, spread } = errors(outputs, truth);
  if (error.length === 0) return 0;
  return Math.sqrt(meanOf(error.map((value, i) => value ** 2 / spread[i]!)) * meanOf(spread));
}

/** An answer [V] for rows that nothing is known of but these amounts. */
export function summary(truth: Truth): Float32Array {
  const sorted = truth.filter((value) => !Number.isNaN(value)).sort();
  const mean = sorted.length === 0 ? 0 : meanOf(sorted);
  const variance = sorted.length === 0 ? 1 : meanOf(sorted.map((value) => (value - mean) ** 2));
  const quantiles = levels.map((q, i) =>
    sorted.length === 0 ? gaussian[i]! : quantileSorted(sorted, q),
  );
  return Float32Array.of(mean, Math.log(Math.max(floor, Math.sqrt(variance))), ...quantiles);
}

/** The even ensemble of answers [N, V] of each expert, where `open` [N, E] is 1. */
export function even(
  each: readonly Float32Array[],
  open: Float32Array,
  prior: Float32Array,
): Float32Array {
  const rows = open.length / each.length;
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const asked = each
      .filter((_, e) => open[row * each.length + e] === 1)
      .map((answers) => answers.subarray(row * width, (row + 1) * width));
    out.set(asked.length === 0 ? prior : average(asked), row * width);
  }
  return out;
}

/** Moments of the even mixture; quantiles are averaged (Vincent). */
function average(answers: readonly Float32Array[]): Float32Array {
  const mean = (pick: (answer: Float32Array) => number) =>
    answers.reduce((sum, answer) => sum + pick(answer), 0) / answers.length;
  const centre = mean((answer) => answer[0]!);
  const variance = mean((answer) => Math.exp(2 * answer[1]!) + (answer[0]! - centre) ** 2);
  const quantiles = levels.map((_, i) => mean((answer) => answer[2 + i]!));
  return Float32Array.of(centre, Math.log(variance) / 2, ...quantiles);
}
