/** Scores of classifiers: accuracy, macro F1, AUC, average precision, log loss, Brier, ECE. */
import type { Scores, Truth } from './objective.js';

/** Rank statistics of one class against the rest, ties counted half (Mann-Whitney). */
function ranked(scores: Float64Array, positive: Uint8Array): { auc: number; precision: number } {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const positives = positive.reduce((a, b) => a + b, 0);
  const negatives = positive.length - positives;
  let above = 0;
  let hits = 0;
  let area = 0;
  let precision = 0;
  for (let i = 0; i < order.length; ) {
    let tiedHits = 0;
    let tied = 0;
    const value = scores[order[i]!]!;
    for (; i < order.length && scores[order[i]!] === value; i++, tied++)
      tiedHits += positive[order[i]!]!;
    const misses = tied - tiedHits;
    area += misses * (hits + tiedHits / 2);
    hits += tiedHits;
    above += tied;
    precision += (tiedHits / positives) * (hits / above);
  }
  return { auc: area / (positives * negatives), precision };
}

/** Mean over classes that have both hits and misses; of two classes only the last is taken. */
function rankMetrics(answers: Float32Array, truth: Truth, width: number): Scores {
  const classes = width === 2 ? [1] : Array.from({ length: width }, (_, i) => i);
  const found: { auc: number; precision: number }[] = [];
  for (const label of classes) {
    const positive = Uint8Array.from(truth, (value) => (value === label ? 1 : 0));
    const positives = positive.reduce((a, b) => a + b, 0);
    if (positives === 0 || positives === truth.length) continue;
    found.push(
      ranked(
        Float64Array.from(truth, (_, row) => answers[row * width + label]!),
        positive,
      ),
    );
  }
  const mean = (pickOne: (item: { auc: number; precision: number }) => number): number =>
    found.reduce((sum, item) => sum + pickOne(item), 0) / found.length;
  return { auc: mean((item) => item.auc), averagePrecision: mean((item) => item.precision) };
}

/** Mean F1 over the classes that appear in the truth or in the answers. */
function macroF1(chosen: Int32Array, truth: Truth, width: number): number {
  const hits = new Float64Array(width);
  const said = new Float64Array(width);
  const real = new Float64Array(width);
  for (let row = 0; row < truth.length; row++) {
    said[chosen[row]!]!++;
    if (Number.isNaN(truth[row])) continue;
    real[truth[row]!]!++;
    if (truth[row] === chosen[row]) hits[truth[row]!]!++;
  }
  let sum = 0;
  let classes = 0;
  for (let i = 0; i < width; i++) {
    if (said[i]! + real[i]! === 0) continue;
    sum += (2 * hits[i]!) / (said[i]! + real[i]!);
    classes++;
  }
  return sum / classes;
}

/** Expected calibration error of the top class, 15 equal bins (Naeini et al. 2015). */
export function calibrationError(confidence: Float64Array, right: Uint8Array, bins = 15): number {
  const count = new Float64Array(bins);
  const sure = new Float64Array(bins);
  const hit = new Float64Array(bins);
  for (let row = 0; row < right.length; row++) {
    const bin = Math.min(bins - 1, Math.floor(confidence[row]! * bins));
    count[bin]!++;
    sure[bin]! += confidence[row]!;
    hit[bin]! += right[row]!;
  }
  let error = 0;
  for (let bin = 0; bin < bins; bin++) error += Math.abs(sure[bin]! - hit[bin]!);
  return error / right.length;
}

/** Squared error of the probabilities: of the positive class for two, summed over classes for more. */
function brier(answers: Float32Array, truth: Truth, width: number): number {
  let sum = 0;
  for (let row = 0; row < truth.length; row++) {
    for (let label = width === 2 ? 1 : 0; label < width; label++) {
      sum += (Math.exp(answers[row * width + label]!) - (truth[row] === label ? 1 : 0)) ** 2;
    }
  }
  return sum / truth.length;
}

/** All metrics of log-probabilities [N, W] and chosen answers [N]; labels unseen in training count as wrong. */
export function score(
  answers: Float32Array,
  truth: Truth,
  chosen: Int32Array,
  width: number,
): Scores {
  const rows = truth.length;
  const right = Uint8Array.from(truth, (label, row) => (label === chosen[row] ? 1 : 0));
  const confidence = Float64Array.from(chosen, (label, row) =>
    Math.exp(answers[row * width + label]!),
  );
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const unseen = Number.isNaN(truth[row]);
    const said = unseen ? Number.NEGATIVE_INFINITY : answers[row * width + truth[row]!]!;
    loss -= Math.max(Math.log(1e-15), said);
  }
  return {
    accuracy: right.reduce((a, b) => a + b, 0) / rows,
    macroF1: macroF1(chosen, truth, width),
    ...rankMetrics(answers, truth, width),
    logLoss: loss / rows,
    brier: brier(answers, truth, width),
    ece: calibrationError(confidence, right),
  };
}
