/** Boosting: each tree takes a step from what the trees before it say towards the truth. */
import type { Random } from '../../core/random.js';
import type { FitTask } from '../expert.js';
import type { Binned } from './bins.js';
import { grower, leavesOf, type Split } from './grow.js';
import { type Pull, toUnits } from './histogram.js';
import { addUpToNothing, lengthSketch, type Sketch, sketched } from './sketch.js';

export interface BoostOptions {
  readonly depth: number;
  readonly rate: number;
  readonly l2: number;
  /** Shares of the rows and of the features that each tree sees. */
  readonly rowShare: number;
  readonly featureShare: number;
}

export interface Tree {
  readonly splits: readonly Split[];
  /** [2^splits, W], the first split the highest bit. */
  readonly leaves: Float32Array;
}

/** Numbers by which splits are compared at most. */
const sketchWidth = 8;

/** Most steps to the one answer that suits all rows best, and moves below which it is found. */
const baseSteps = 60;
const settled = 1e-4;

/**
 * No step moves an output further: an output that is very sure, or that nobody has asked for yet, bends
 * next to nothing, and a step by that curvature alone would go beyond all bounds ("max_delta_step" of XGBoost).
 */
const longest = 4;
/** Steps to the first answer are of all outputs at once, so they are shorter. */
const longestAtFirst = 1;

export type Task = Pick<FitTask, 'rows' | 'outputs' | 'weights' | 'slopes' | 'stream'>;

/** Slopes and curvatures [N, W] at given outputs, times the weights of the rows. */
export function weighted({ rows, outputs, weights, slopes }: Task, said: Float32Array) {
  const gradient = new Float32Array(rows * outputs);
  const curvature = new Float32Array(rows * outputs);
  slopes(said, gradient, curvature);
  for (let row = 0, at = 0; row < rows; row++)
    for (let w = 0; w < outputs; w++, at++) {
      gradient[at]! *= weights[row]!;
      curvature[at]! *= weights[row]!;
    }
  return { gradient, curvature };
}

type Pulls = ReturnType<typeof weighted>;

/** Newton steps [leaves, W] from the rows of each leaf. */
function stepsOf(
  { gradient, curvature }: Pulls,
  leaf: Int32Array,
  count: number,
  outputs: number,
  l2: number,
  most: number,
): Float32Array {
  const sums = new Float64Array(count * outputs);
  const bends = new Float64Array(count * outputs);
  for (let row = 0, at = 0; row < leaf.length; row++)
    for (let w = 0, to = leaf[row]! * outputs; w < outputs; w++, at++, to++) {
      sums[to]! += gradient[at]!;
      bends[to]! += curvature[at]!;
    }
  return Float32Array.from(sums, (sum, i) =>
    sum === 0 ? 0 : Math.max(-most, Math.min(most, -sum / (bends[i]! + l2))),
  );
}

/** Where boosting starts: the outputs [W] that suit all rows best, and the slopes [N, W] there. */
export interface Start {
  readonly base: Float32Array;
  readonly gradient: Float32Array;
  /** Whether the slopes of a row add up to nothing. */
  readonly balanced: boolean;
}

export function startOf(task: Task): Start {
  const { rows, outputs } = task;
  const base = new Float32Array(outputs);
  const one = new Int32Array(rows);
  for (let step = 0, furthest = 1; step < baseSteps && furthest > settled; step++) {
    const moves = stepsOf(weighted(task, repeat(base, rows)), one, 1, outputs, 0, longestAtFirst);
    furthest = 0;
    moves.forEach((move, w) => {
      base[w]! += move / 2;
      furthest = Math.max(furthest, Math.abs(move));
    });
  }
  const { gradient } = weighted(task, repeat(base, rows));
  return { base, gradient, balanced: addUpToNothing(gradient, outputs) };
}

/** The same outputs for every row. */
export function repeat(base: Float32Array, rows: number): Float32Array {
  const said = new Float32Array(rows * base.length);
  for (let at = 0; at < said.length; at += base.length) said.set(base, at);
  return said;
}

/** A share of the numbers below `count`, rising: one at least. */
function someOf(count: number, share: number, stream: Random): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  if (share === 1) return all;
  const wanted = Math.max(1, Math.round(share * count));
  let left = count;
  let needed = wanted;
  return all.filter(() => {
    const taken = stream.uniform() * left-- < needed;
    if (taken) needed--;
    return taken;
  });
}

/** Adds what a tree says of some rows to what was said of them. */
export function addTree(
  said: Float32Array,
  features: readonly Binned[],
  { splits, leaves }: Tree,
  outputs: number,
): void {
  const leaf = leavesOf(features, splits, said.length / outputs);
  addLeaves(said, leaf, leaves, outputs);
}

function addLeaves(said: Float32Array, leaf: Int32Array, leaves: Float32Array, outputs: number) {
  for (let row = 0, at = 0; row < leaf.length; row++)
    for (let w = 0, from = leaf[row]! * outputs; w < outputs; w++, at++, from++)
      said[at]! += leaves[from]!;
}

/** What splits are compared by: slopes of all outputs or of mixtures, and how far they bend. */
function pullOf({ gradient, curvature }: Pulls, outputs: number, sketch: Sketch): Pull {
  const { width } = sketch;
  const slopes = sketched(gradient, sketch);
  const rows = gradient.length / outputs;
  const weights = new Float32Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let bend = 0;
    for (const end = at + outputs; at < end; at++) bend += curvature[at]!;
    weights[row] = bend / outputs;
  }
  toUnits(slopes);
  toUnits(weights);
  const data = new Float32Array(rows * (width + 1));
  for (let row = 0, from = 0, to = 0; row < rows; row++) {
    for (let k = 0; k < width; k++) data[to++] = slopes[from++]!;
    data[to++] = weights[row]!;
  }
  return { width, data };
}

/** Grows one tree after the other over the features of the rows of a task. */
export function boost(
  task: Task,
  { base, balanced }: Start,
  features: readonly Binned[],
  { depth, rate, l2, rowShare, featureShare }: BoostOptions,
): () => Tree {
  const { rows, outputs, stream } = task;
  const said = repeat(base, rows);
  const sketch = () => lengthSketch(outputs, balanced, sketchWidth, stream);
  const grow = grower(features, sketch().width, { depth, l2 });
  const telling = [...features.keys()].filter((f) => features[f]!.thresholds.length > 0);
  return () => {
    const pulls = weighted(task, said);
    const pull = pullOf(pulls, outputs, sketch());
    const some = someOf(rows, rowShare, stream);
    const used = Array.from(someOf(telling.length, featureShare, stream), (i) => telling[i]!);
    const splits = grow(used, pull, some);
    const leaf = leavesOf(features, splits, rows);
    const steps = stepsOf(pulls, leaf, 2 ** splits.length, outputs, l2, longest);
    const leaves = steps.map((step) => step * rate);
    addLeaves(said, leaf, leaves, outputs);
    return { splits, leaves };
  };
}
