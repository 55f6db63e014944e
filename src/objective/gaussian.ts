/** Gaussians as tensors: a mean and a spread per row, how they are scored, trained and pooled. */
import {
  add,
  clip,
  concat,
  constant,
  div,
  exp,
  log,
  maximum,
  mul,
  reshape,
  slice,
  softmax,
  square,
  sub,
  sum,
} from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Calibration } from './objective.js';
import { column, product as fusing, type Pool, mixture as weighing } from './pool.js';

/** No spread is below this share of the target's own. */
export const floor = 1e-3;
/** Logarithms of spreads outside are cut: float32 holds no larger precision. */
export const [lowest, highest] = [-12, 8];

interface Moments {
  readonly mean: Tensor;
  readonly spread: Tensor;
}

/** Outputs [..., W] or answers [..., V] begin with the mean and the logarithm of the spread. */
function moments(outputs: Tensor): Moments {
  const axis = outputs.shape.length - 1;
  const spread = exp(clip(slice(outputs, axis, 1, 2), lowest, highest));
  return { mean: slice(outputs, axis, 0, 1), spread: add(spread, floor) };
}

const outputsOf = (mean: Tensor, variance: Tensor): Tensor =>
  concat([mean, mul(log(variance), 0.5)], 1);

/**
 * Mean of (error^2 / spread + spread) / 2, rows weighted: a proper score of mean and spread (Huber's
 * concomitant scale). Likelihood divides by the squared spread instead, so that rows known well
 * drown out the others and the mean stays poor (Seitzer et al. 2022); this is their remedy with
 * beta = 1/2, as a function that has a gradient.
 */
export function concomitantLoss(outputs: Tensor, truth: Tensor, weight: Tensor): Tensor {
  const { mean, spread } = moments(outputs);
  const each = add(div(square(sub(truth, mean)), spread), spread);
  return div(sum(mul(mul(each, 0.5), weight), [0, 1]), add(sum(weight, [0, 1]), 1e-6));
}

/** Log-density of the truth [B, 1]. */
export function logDensity(outputs: Tensor, truth: Tensor): Tensor {
  const { mean, spread } = moments(outputs);
  const squares = mul(square(div(sub(truth, mean), spread)), -0.5);
  return sub(sub(squares, log(spread)), 0.5 * Math.log(2 * Math.PI));
}

/** [B, V]: the mean, the logarithm of the scaled spread, and mean + factor x spread per quantile. */
export function calibrated(outputs: Tensor, [scale, ...factors]: Calibration): Tensor {
  const { mean, spread } = moments(outputs);
  const scaled = mul(spread, scale!);
  const row = constant(Float32Array.from(factors), [1, factors.length]);
  return concat([mean, log(scaled), add(mean, mul(scaled, row))], 1);
}

/**
 * Fusing sources: precisions and their means add up, weighted, and the prior counts once. A weighted
 * precision below a hundredth of the prior's counts as that.
 */
export const product: Pool = {
  weights: fusing.weights,
  combine(outputs, logWeights, prior) {
    const weight = column(exp(logWeights));
    const said = moments(outputs);
    const known = moments(prior);
    const base = div(1, square(known.spread));
    const precision = div(1, square(said.spread));
    const own = reshape(base, [1, 1, 1]);
    const more = sum(mul(weight, sub(precision, own)), [1]);
    const total = maximum(add(more, base), mul(base, 0.01));
    const pulled = reshape(mul(base, known.mean), [1, 1, 1]);
    const moved = sum(mul(weight, sub(mul(precision, said.mean), pulled)), [1]);
    return outputsOf(div(add(moved, mul(base, known.mean)), total), div(1, total));
  },
};

/** Competing experts: mean and variance of the mixture of their Gaussians. */
export const mixture: Pool = {
  weights: weighing.weights,
  combine(outputs, logWeights) {
    const weight = column(softmax(logWeights));
    const { mean, spread } = moments(outputs);
    const centre = sum(mul(weight, mean), [1], true);
    const apart = sub(mean, centre);
    const variance = sum(mul(weight, add(square(spread), square(apart))), [1]);
    return outputsOf(sum(centre, [1]), variance);
  },
};
