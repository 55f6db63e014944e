/** Responsibilities: how far each clone answers for each row (the E-step of Jordan and Jacobs 1994). */

import { deviation, mean } from '../core/statistic.js';

/** The least responsibility, so that no clone is cut off from any row: an eighth of an even share. */
export function floorOf(clones: number): number {
  return 1 / (8 * clones);
}

/**
 * r = floor + (1 - K floor) softmax(log g + log p): gate log-weights and log-likelihoods [N, K] to
 * responsibilities [N, K]. Rows sum to one.
 */
export function responsibilities(
  logGate: Float32Array,
  logLikelihood: Float64Array,
  clones: number,
): Float32Array {
  const floor = floorOf(clones);
  const out = new Float32Array(logGate.length);
  const free = 1 - clones * floor;
  for (let at = 0; at < out.length; at += clones) {
    const joint = Array.from(
      { length: clones },
      (_, k) => logGate[at + k]! + logLikelihood[at + k]!,
    );
    const top = Math.max(...joint);
    const raw = joint.map((value) => Math.exp(value - top));
    const total = raw.reduce((a, b) => a + b, 0);
    raw.forEach((value, k) => {
      out[at + k] = floor + (free * value) / total;
    });
  }
  return out;
}

/** How sharply the first regions are cut. */
const sharpness = 2;

/**
 * Soft regions to begin with, [N, K]: the scores [N, K] of a gate that has learned nothing yet,
 * standardised by clone. Clones that begin alike take many rounds to part; by regions that a gate
 * can tell they part at once.
 */
export function regions(scores: Float32Array, clones: number): Float32Array {
  const rows = scores.length / clones;
  const cut = new Float32Array(scores.length);
  for (let k = 0; k < clones; k++) {
    const own = Float64Array.from({ length: rows }, (_, row) => scores[row * clones + k]!);
    const centre = mean(own);
    const spread = deviation(own) || 1;
    own.forEach((score, row) => {
      cut[row * clones + k] = (sharpness * (score - centre)) / spread;
    });
  }
  return responsibilities(cut, new Float64Array(cut.length), clones);
}

/** Mean of -log sum g p over rows: log-weights that sum to one, and log-likelihoods, both [N, K]. */
export function mixtureLoss(
  logGate: Float32Array,
  logLikelihood: Float64Array,
  clones: number,
): number {
  let sum = 0;
  for (let at = 0; at < logGate.length; at += clones) {
    const joint = Array.from(
      { length: clones },
      (_, k) => logGate[at + k]! + logLikelihood[at + k]!,
    );
    const top = Math.max(...joint);
    sum -= top + Math.log(joint.reduce((total, value) => total + Math.exp(value - top), 0));
  }
  return (sum * clones) / logGate.length;
}

/** Share of all responsibility by clone. */
export function sharesOf(responsibility: Float32Array, clones: number): number[] {
  const shares = new Array<number>(clones).fill(0);
  responsibility.forEach((value, i) => {
    shares[i % clones]! += (value * clones) / responsibility.length;
  });
  return shares;
}

/** The clone of most weight in each row: [N]. */
export function firstOf(weights: Float32Array, clones: number): Int32Array {
  return Int32Array.from({ length: weights.length / clones }, (_, row) => {
    const own = weights.subarray(row * clones, (row + 1) * clones);
    return own.indexOf(Math.max(...own));
  });
}
