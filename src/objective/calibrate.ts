/** Temperature scaling (Guo et al. 2017): one number that makes logits honest on held-out rows. */
import type { Truth } from './objective.js';

/** Mean negative log-likelihood of logits [N, W] divided by a temperature; rows of unknown truth are left out. */
export function lossAt(
  outputs: Float32Array,
  truth: Truth,
  width: number,
  temperature: number,
): number {
  let total = 0;
  let rows = 0;
  for (let row = 0; row < truth.length; row++) {
    const label = truth[row]!;
    if (Number.isNaN(label)) continue;
    const at = row * width;
    let top = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < width; i++) top = Math.max(top, outputs[at + i]!);
    let sum = 0;
    for (let i = 0; i < width; i++) sum += Math.exp((outputs[at + i]! - top) / temperature);
    total += Math.log(sum) - (outputs[at + label]! - top) / temperature;
    rows++;
  }
  return rows === 0 ? 0 : total / rows;
}

/**
 * An expert trained for a few steps only can look faultless on few held-out rows, and the one that
 * is trained again on all rows differs from it: more sharpening than this makes it surely wrong.
 */
const lowest = 0.25;
const golden = (Math.sqrt(5) - 1) / 2;
/**
 * What is believed of a temperature before any row: its logarithm is normal around 0 with this
 * deviation. A few rows of a rare class move it little, thousands of rows as far as they say.
 */
const believed = 0.5;

/** The most probable temperature in [0.25, 20], by golden-section search on its logarithm; 1 without rows. */
export function bestTemperature(outputs: Float32Array, truth: Truth, width: number): number {
  const rows = truth.reduce((count, label) => count + Number(!Number.isNaN(label)), 0);
  if (rows === 0) return 1;
  const loss = (logarithm: number) =>
    lossAt(outputs, truth, width, Math.exp(logarithm)) + (logarithm / believed) ** 2 / (2 * rows);
  let low = Math.log(lowest);
  let high = Math.log(20);
  let a = high - golden * (high - low);
  let b = low + golden * (high - low);
  let lossA = loss(a);
  let lossB = loss(b);
  for (let step = 0; step < 18; step++) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - golden * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + golden * (high - low);
      lossB = loss(b);
    }
  }
  return Number(Math.exp((low + high) / 2).toPrecision(4));
}
