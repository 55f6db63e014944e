/** Scores of amounts: R2, RMSE, MAE, pinball loss of the quantiles, coverage of the intervals. */
import { intervals, levels, width } from './interval.js';
import type { Scores, Truth } from './objective.js';

/** Mean over the quantiles, and the median for which the mean stands (Koenker and Bassett 1978). */
function pinball(answers: Float32Array, truth: Truth, rows: readonly number[]): number {
  const all = [...levels.map((q, i) => [q, 2 + i] as const), [0.5, 0] as const];
  let sum = 0;
  for (const row of rows) {
    for (const [q, place] of all) {
      const over = truth[row]! - answers[row * width + place]!;
      sum += Math.max(q * over, (q - 1) * over);
    }
  }
  return sum / (rows.length * all.length);
}

/** Share of the rows whose truth lies in the interval, ends included. */
function coverage(
  answers: Float32Array,
  truth: Truth,
  rows: readonly number[],
  { low, high }: { readonly low: number; readonly high: number },
): number {
  // The answers are float32: a truth at the very end must not fall outside by rounding.
  const held = rows.filter((row) => {
    const at = row * width + 2;
    const value = Math.fround(truth[row]!);
    return value >= answers[at + low]! && value <= answers[at + high]!;
  });
  return held.length / rows.length;
}

/**
 * All metrics of answers [N, V] on rows of known truth; errors are multiplied by `unit`. R2 is NaN
 * where the truth never differs.
 */
export function scoreAmounts(answers: Float32Array, truth: Truth, unit: number): Scores {
  const rows = [...truth.keys()].filter((row) => !Number.isNaN(truth[row]));
  const centre = rows.reduce((sum, row) => sum + truth[row]!, 0) / rows.length;
  let squares = 0;
  let total = 0;
  let absolute = 0;
  for (const row of rows) {
    const error = truth[row]! - answers[row * width]!;
    squares += error * error;
    absolute += Math.abs(error);
    total += (truth[row]! - centre) ** 2;
  }
  const [eighty, ninety] = intervals;
  return {
    r2: total === 0 ? Number.NaN : 1 - squares / total,
    rmse: Math.sqrt(squares / rows.length) * unit,
    mae: (absolute / rows.length) * unit,
    pinball: pinball(answers, truth, rows) * unit,
    coverage: coverage(answers, truth, rows, ninety),
    coverage80: coverage(answers, truth, rows, eighty),
  };
}
