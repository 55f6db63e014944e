/** Classification: one of a list of classes. */
import { z } from 'zod';
import {
  add,
  concat,
  constant,
  div,
  exp,
  logSoftmax,
  max,
  mean,
  mul,
  neg,
  pick,
  sub,
  sum,
} from '../tensor/ops.js';
import { adoptLabels } from './adopt.js';
import { bestTemperature, lossAt } from './calibrate.js';
import { checkLabels, countLabels, indexLabels, rising, weightsOf } from './label.js';
import type { Answer, Objective, Shown, Truth } from './objective.js';
import { mixture, product } from './pool.js';
import { score } from './score.js';
import { labelSlopes } from './slope.js';
import { type ClassPrices, expectedBest, utilityTable } from './utility.js';

const config = z.strictObject({
  classWeights: z
    .union([z.enum(['none', 'balanced']), z.record(z.string(), z.number().positive())])
    .default('none')
    .describe('weight of each class in training: none, balanced, or a number per label'),
});
type Config = z.infer<typeof config>;

export interface ClassificationState {
  /** Labels in rising order; the last of two is the positive one. */
  readonly labels: readonly (string | number)[];
  /** Share of each label among the training rows, smoothed. */
  readonly shares: readonly number[];
  readonly classWeights: readonly number[];
}

const mostShown = 5;
/** Entropy, in nats, below which the classes count as rare: half a coin's, one row in nine. */
const rareEntropy = Math.LN2 / 2;

/** Counts of the classes to shares, none of them 0. */
function smoothed(counts: readonly number[]): number[] {
  const rows = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => (count + 0.5) / (rows + 0.5 * counts.length));
}

/** The most probable labels, at most five; ties go to the lower index. */
function topOf(
  row: Float32Array,
  labels: readonly (string | number)[],
): NonNullable<Answer['top']> {
  const top: number[] = [];
  for (let i = 0; i < row.length; i++) {
    let at = top.length;
    while (at > 0 && row[i]! > row[top[at - 1]!]!) at--;
    if (at >= mostShown) continue;
    top.splice(at, 0, i);
    if (top.length > mostShown) top.pop();
  }
  return top.map((i) => ({ value: labels[i]!, probability: Math.exp(row[i]!) }));
}

function likelihoods(
  answers: Float32Array,
  truth: Truth,
  state: ClassificationState,
): Float64Array {
  const width = state.labels.length;
  const unknown = Math.log(1e-15);
  return Float64Array.from(truth, (label, row) =>
    Number.isNaN(label) ? unknown : Math.max(unknown, answers[row * width + label]!),
  );
}

function decide(
  answers: Float32Array,
  state: ClassificationState,
  utility?: ClassPrices,
): Int32Array {
  const width = state.labels.length;
  const chosen = new Int32Array(answers.length / width);
  for (let row = 0; row < chosen.length; row++) {
    chosen[row] = expectedBest(answers, row * width, width, utility);
  }
  return chosen;
}

/** Log of the mean probability of the open experts. */
function even(
  each: readonly Float32Array[],
  open: Float32Array,
  state: ClassificationState,
): Float32Array {
  const experts = each.length;
  const prior = Float32Array.from(state.shares, Math.log);
  const width = prior.length;
  const rows = open.length / experts;
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const asked = each.flatMap((_, e) => (open[row * experts + e] === 1 ? [e] : []));
    for (let c = 0; c < width; c++) {
      const sum = asked.reduce((total, e) => total + Math.exp(each[e]![row * width + c]!), 0);
      out[row * width + c] = asked.length === 0 ? prior[c]! : Math.log(sum / asked.length + 1e-12);
    }
  }
  return out;
}

/** Utility of the decisions. */
function earned(
  answers: Float32Array,
  truth: Truth,
  state: ClassificationState,
  utility: ClassPrices,
): Float64Array {
  return Float64Array.from(decide(answers, state, utility), (answer, row) => {
    const label = truth[row]!;
    if (Number.isNaN(label)) return Math.min(...utility.map((prices) => prices[answer]!));
    return utility[label]![answer]!;
  });
}

/** How labels and their scores are shown. */
const shown: Shown = {
  leaderboard: ['accuracy', 'macroF1', 'logLoss'],
  titles: {
    macroF1: 'macro F1',
    auc: 'AUC',
    averagePrecision: 'avg precision',
    logLoss: 'log loss',
    brier: 'Brier',
    ece: 'ECE',
  },
  columns: [
    { name: 'answer', type: 'VARCHAR', cell: ({ value }) => String(value) },
    { name: 'confidence', type: 'DOUBLE', cell: ({ confidence }) => confidence ?? null },
  ],
  text: ({ value, confidence = 0 }) => `${value} (${(confidence * 100).toFixed(1)} %)`,
  effects: ({ value }) => `+ for ${value}, - against, in log-probability`,
};

/** Experts say logits [B, classes]; answers are log-probabilities [B, classes]. */
export const classification: Objective<Config, ClassificationState, ClassPrices> = {
  kind: 'classification',
  summary: 'the target is one of a list of classes',
  config,
  headline: { metric: 'accuracy', higher: true },
  shown,
  learning: { options: {}, schedule: (base) => base },
  fit(target, { classWeights }, where) {
    const counted = countLabels(target);
    checkLabels(counted, target.length, where);
    const labels = [...counted.keys()].sort(rising);
    const counts = labels.map((label) => counted.get(label)!);
    const shares = smoothed(counts);
    return { labels, shares, classWeights: weightsOf(classWeights, labels, counts, where) };
  },
  outputs: (state) => state.labels.length,
  answerWidth: (state) => state.labels.length,
  encode: (target, state) => indexLabels(target, state.labels),
  truthType: 'int64',
  feed: (truth) => BigInt64Array.from(truth, (label) => BigInt(label || 0)),
  rowWeights: (truth, state) =>
    Float32Array.from(truth, (label) => (Number.isNaN(label) ? 0 : state.classWeights[label]!)),
  loss(outputs, truth, weight, smoothing) {
    const said = logSoftmax(outputs);
    const hit = pick(said, truth);
    const target =
      smoothing === 0 ? hit : add(mul(hit, 1 - smoothing), mul(mean(said, [1], true), smoothing));
    return div(neg(sum(mul(target, weight), [0, 1])), add(sum(weight, [0, 1]), 1e-6));
  },
  slopes: labelSlopes,
  calibrate: (outputs, truth, state) => [bestTemperature(outputs, truth, state.labels.length)],
  uncalibrated: [1],
  stopLoss(outputs, truth, state) {
    const width = state.labels.length;
    return lossAt(outputs, truth, width, bestTemperature(outputs, truth, width));
  },
  calibrated: (outputs, [temperature]) => logSoftmax(div(outputs, constant(temperature!))),
  // The chance to be wrong, and the entropy, which also sees how many classes are left.
  doubt: (outputs) =>
    concat(
      [sub(1, exp(max(outputs, 1, true))), neg(sum(mul(exp(outputs), outputs), [1], true))],
      1,
    ),
  unit({ shares }) {
    const entropy = shares.reduce((sum, share) => sum - share * Math.log(share), 0);
    return Math.min(1, entropy / rareEntropy);
  },
  classes: (truth) => Int32Array.from(truth, (label) => (Number.isNaN(label) ? -1 : label)),
  prior: (state) => Float32Array.from(state.shares, Math.log),
  constant(truth, state) {
    const counts = state.labels.map((_, i) => truth.reduce((n, t) => n + (t === i ? 1 : 0), 0));
    return Float32Array.from(smoothed(counts), Math.log);
  },
  pools: { product, mixture },
  even,
  logLikelihood: (pooled, truth) => pick(pooled, truth),
  likelihoods,
  adopt: (foreign, state, where) => adoptLabels(foreign, state.labels, where),
  utility: (right, wrong, state, where) => utilityTable(right, wrong, state.labels, where),
  earned,
  answer(row, state, utility) {
    const chosen = expectedBest(row, 0, row.length, utility);
    const confidence = Math.exp(row[chosen]!);
    return { value: state.labels[chosen]!, confidence, top: topOf(row, state.labels) };
  },
  effects(row, others, _state, utility) {
    const chosen = expectedBest(row, 0, row.length, utility);
    const count = others.length / row.length;
    return Float64Array.from(
      { length: count },
      (_, i) => row[chosen]! - others[i * row.length + chosen]!,
    );
  },
  score: (answers, truth, state, utility) =>
    score(answers, truth, decide(answers, state, utility), state.labels.length),
};
