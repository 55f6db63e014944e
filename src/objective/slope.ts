/** Slopes and curvatures of the training losses, row by row, for models that are fitted without a graph. */
import { floor, highest, lowest } from './gaussian.js';
import type { Slopes, Truth } from './objective.js';

const leastCurvature = 1e-6;

/**
 * Of the log loss under softmax. The outputs of a row move together, so that p (1 - p) by itself is
 * too little: W / (W - 1) of it is exact for two classes, and near to it for many (Friedman 2001).
 */
export function labelSlopes(
  outputs: Float32Array,
  truth: Truth,
  { gradient, curvature }: Slopes,
): void {
  const width = outputs.length / truth.length;
  const together = width / Math.max(1, width - 1);
  for (let row = 0, at = 0; row < truth.length; row++, at += width) {
    let most = outputs[at]!;
    for (let c = 1; c < width; c++) if (outputs[at + c]! > most) most = outputs[at + c]!;
    let total = 0;
    for (let c = 0; c < width; c++) {
      const share = Math.exp(outputs[at + c]! - most);
      gradient[at + c] = share;
      total += share;
    }
    for (let c = 0; c < width; c++) {
      const share = gradient[at + c]! / total;
      gradient[at + c] = share;
      curvature[at + c] = Math.max(leastCurvature, together * share * (1 - share));
    }
    gradient[at + truth[row]!]! -= 1;
  }
}

/**
 * Of `concomitantLoss`. With z the error in spreads the second derivative by the logarithm of the
 * spread is e (1 + z^2) / 2 but for the floor, which makes it less.
 */
export function amountSlopes(
  outputs: Float32Array,
  truth: Truth,
  { gradient, curvature }: Slopes,
): void {
  for (let row = 0; row < truth.length; row++) {
    const [mean, log] = [outputs[2 * row]!, outputs[2 * row + 1]!];
    const free = Math.exp(Math.min(highest, Math.max(lowest, log)));
    const spread = free + floor;
    const z = (truth[row]! - mean) / spread;
    gradient[2 * row] = -z;
    curvature[2 * row] = 1 / spread;
    gradient[2 * row + 1] = (free * (1 - z * z)) / 2;
    curvature[2 * row + 1] = Math.max(leastCurvature, (free * (1 + z * z)) / 2);
  }
}
