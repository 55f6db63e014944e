/** Classification: one of a list of classes. */
import { z } from 'zod';
import { MonbanError, show } from '../core/fault.js';
import type { Values } from '../data/column.js';
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
import { bestTemperature } from './calibrate.js';
import type { Answer, Objective, Truth, Utility } from './objective.js';
import { mixture, product } from './pool.js';
import { score } from './score.js';
import { expectedBest, utilityTable } from './utility.js';

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

type Label = string | number | null;

function labelAt(values: Values, row: number): Label {
  const value = values[row] as Label | readonly string[];
  if (value === null || Array.isArray(value) || Number.isNaN(value)) return null;
  return value as Label;
}

function countLabels(target: Values): Map<string | number, number> {
  const counts = new Map<string | number, number>();
  for (let row = 0; row < target.length; row++) {
    const label = labelAt(target, row);
    if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

const rising = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

function checkLabels(counts: Map<string | number, number>, rows: number, where: string): void {
  if (rows === 0) throw new MonbanError({ where, expected: 'training rows', found: 'none' });
  const expected = 'a target with at least two classes';
  if (counts.size === 0) {
    const todo = 'name a column that holds the answers';
    throw new MonbanError({ where, expected, found: 'only missing values', todo });
  }
  if (counts.size === 1) {
    const found = `one class, ${show([...counts.keys()][0])}`;
    throw new MonbanError({
      where,
      expected,
      found,
      todo: 'nothing can be learned from one class',
    });
  }
  if (counts.size > 20 && counts.size > rows / 2) {
    const found = `${counts.size} classes in ${rows} rows`;
    const todo = 'name a column with repeated labels, or remove the identifiers from it';
    throw new MonbanError({ where, expected: 'classes that repeat', found, todo });
  }
}

function weightsOf(
  option: Config['classWeights'],
  labels: readonly (string | number)[],
  counts: number[],
  where: string,
): number[] {
  if (option === 'none') return labels.map(() => 1);
  const rows = counts.reduce((a, b) => a + b, 0);
  if (option === 'balanced') return counts.map((count) => rows / (labels.length * count));
  const unknown = Object.keys(option).find(
    (name) => !labels.some((label) => String(label) === name),
  );
  if (unknown !== undefined) {
    const expected = `labels of the target: ${labels.slice(0, 10).join(', ')}`;
    throw new MonbanError({ where: `${where} classWeights`, expected, found: show(unknown) });
  }
  return labels.map((label) => option[String(label)] ?? 1);
}

/** Counts of the classes to shares, none of them 0. */
function smoothed(counts: readonly number[]): number[] {
  const rows = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => (count + 0.5) / (rows + 0.5 * counts.length));
}

/** The most probable labels, at most five; ties go to the lower index. */
function topOf(row: Float32Array, labels: readonly (string | number)[]): Answer['top'] {
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
    label < 0 ? unknown : Math.max(unknown, answers[row * width + label]!),
  );
}

function decide(answers: Float32Array, state: ClassificationState, utility?: Utility): Int32Array {
  const width = state.labels.length;
  const chosen = new Int32Array(answers.length / width);
  for (let row = 0; row < chosen.length; row++) {
    chosen[row] = expectedBest(answers, row * width, width, utility);
  }
  return chosen;
}

/** Experts say logits [B, classes]; answers are log-probabilities [B, classes]. */
export const classification: Objective<Config, ClassificationState> = {
  kind: 'classification',
  summary: 'the target is one of a list of classes',
  config,
  headline: { metric: 'accuracy', higher: true },
  fit(target, { classWeights }, where) {
    const counted = countLabels(target);
    checkLabels(counted, target.length, where);
    const labels = [...counted.keys()].sort(rising);
    const counts = labels.map((label) => counted.get(label)!);
    const shares = smoothed(counts);
    return { labels, shares, classWeights: weightsOf(classWeights, labels, counts, where) };
  },
  outputs: (state) => state.labels.length,
  encode(target, state) {
    const index = new Map(state.labels.map((label, i) => [String(label), i]));
    return Int32Array.from({ length: target.length }, (_, row) => {
      const label = labelAt(target, row);
      return label === null ? -1 : (index.get(String(label)) ?? -1);
    });
  },
  rowWeights: (truth, state) =>
    Float32Array.from(truth, (label) => (label < 0 ? 0 : state.classWeights[label]!)),
  loss(outputs, truth, weight, smoothing) {
    const said = logSoftmax(outputs);
    const hit = pick(said, truth);
    const target =
      smoothing === 0 ? hit : add(mul(hit, 1 - smoothing), mul(mean(said, [1], true), smoothing));
    return div(neg(sum(mul(target, weight), [0, 1])), add(sum(weight, [0, 1]), 1e-6));
  },
  calibrate: (outputs, truth, state) => bestTemperature(outputs, truth, state.labels.length),
  calibrated: (outputs, temperature) => logSoftmax(div(outputs, constant(temperature))),
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
  prior: (state) => Float32Array.from(state.shares, Math.log),
  constant(truth, state) {
    const counts = state.labels.map((_, i) => truth.reduce((n, t) => n + (t === i ? 1 : 0), 0));
    return Float32Array.from(smoothed(counts), Math.log);
  },
  pools: { product, mixture },
  logLikelihood: (pooled, truth) => pick(pooled, truth),
  likelihoods,
  decide,
  utility: (right, wrong, state, where) => utilityTable(right, wrong, state.labels, where),
  answer(row, state, utility) {
    const chosen = expectedBest(row, 0, row.length, utility);
    const confidence = Math.exp(row[chosen]!);
    return { value: state.labels[chosen]!, confidence, top: topOf(row, state.labels) };
  },
  score: (answers, truth, state, utility) =>
    score(answers, truth, decide(answers, state, utility), state.labels.length),
};
