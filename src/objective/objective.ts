/** What an objective is: everything that depends on what the target means. */
import type { ZodType } from 'zod';
import type { Values } from '../data/column.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Trace } from '../tensor/trace.js';
import type { Pool } from './pool.js';

/** The two ways to make one answer of several. */
export type PoolName = 'product' | 'mixture';

/** The encoded target, one number per row (a class index, a scaled amount); NaN where it is unknown. */
export type Truth = Float64Array;

/** Metrics by name, such as `accuracy` or `logLoss`. */
export type Scores = Readonly<Record<string, number>>;

/** What makes raw outputs honest, as fitted on held-out rows: a temperature, or a scale and quantiles. */
export type Calibration = readonly number[];

/** What answers are worth, as an objective lays out the prices of a spec; only it looks inside. */
export type Utility = unknown;

/** A central interval that holds the truth in a share `level` of the rows. */
export interface Interval {
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

/** The answer to one record, as a user sees it. */
export interface Answer {
  readonly value: string | number;
  /** Probability of `value`, 0 to 1, where it is one of a list. */
  readonly confidence?: number;
  /** The most probable values, at most five, in falling order, where it is one of a list. */
  readonly top?: readonly { readonly value: string | number; readonly probability: number }[];
  /** Standard deviation of an amount, in its unit. */
  readonly spread?: number;
  /** Where an amount is expected, the wider interval last. */
  readonly intervals?: readonly Interval[];
}

/** First derivatives of a row's loss by its outputs, and a bound on the second ones; [N, W] each. */
export interface Slopes {
  readonly gradient: Float32Array;
  /** Above 0. */
  readonly curvature: Float32Array;
}

/** How experts learn where a spec leaves it open. */
export interface Learning {
  /** Options by name, for the kinds of experts that have them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Passes over the rows and patience, from those that suit labels. */
  schedule(base: { readonly epochs: number; readonly patience: number }): {
    readonly epochs: number;
    readonly patience: number;
  };
}

/** A column of a table of answers, with its DuckDB type. */
export interface AnswerColumn {
  readonly name: string;
  readonly type: 'VARCHAR' | 'DOUBLE';
  readonly cell: (answer: Answer) => string | number | null;
}

/** What an imported model gives: [B, width] numbers, and the labels behind them. */
export interface Foreign {
  readonly gives: string;
  readonly width: number;
  readonly classes?: readonly (string | null)[];
}

/** How what an imported model gives becomes raw outputs. */
export interface Adopted {
  /** [B, width] to [B, W]. */
  forward(trace: Trace, said: Tensor): Tensor;
  /** The weights of `forward`, by name, as they are before any row is known. */
  readonly start: Readonly<Record<string, Float32Array>>;
  /** The same as raw outputs [N, W] of `start` on held-out rows would have them. */
  fit?(outputs: Float32Array, truth: Truth): Readonly<Record<string, Float32Array>>;
  /** Stands for a number that is not one. */
  readonly unsaid: number;
}

/** How answers and scores are shown. */
export interface Shown {
  /** Columns of a leaderboard in their order, by metric. */
  readonly leaderboard: readonly string[];
  /** Metrics whose names read badly in text. */
  readonly titles: Readonly<Record<string, string>>;
  /** Columns of a table of answers. */
  readonly columns: readonly AnswerColumn[];
  /** An answer in a few words. */
  text(answer: Answer): string;
  /** What the effects of fields on this answer are, such as `+ raises it`. */
  effects(answer: Answer): string;
}

/**
 * B or N rows, K experts asked, W numbers that a network says and a pool makes, V numbers of an
 * answer; what an expert says by itself is an answer too, once it is calibrated.
 */
export interface Objective<C = unknown, S = unknown, U = Utility> {
  readonly kind: string;
  readonly summary: string;
  readonly config: ZodType<C>;
  /** The metric by which leaderboards are sorted, and whether more of it is better. */
  readonly headline: { readonly metric: string; readonly higher: boolean };
  readonly shown: Shown;
  readonly learning: Learning;
  /** Learns the state from the training target; throws MonbanError naming `where`. */
  fit(target: Values, config: C, where: string): S;
  /** W */
  outputs(state: S): number;
  /** V */
  answerWidth(state: S): number;
  /** Throws MonbanError naming `where` for a value that cannot be one of this target. */
  encode(target: Values, state: S, where: string): Truth;
  /** The dtype of `feed`. */
  readonly truthType: 'int64' | 'float32';
  /** The truth [N] as graphs are fed with it; what is unknown is 0. */
  feed(truth: Truth): BigInt64Array | Float32Array;
  /** Weight of each row in an expert's training loss (class weights); 0 where truth is unknown. */
  rowWeights(truth: Truth, state: S): Float32Array;
  /** Training loss of one expert, a scalar: outputs [B, W], truth [B, 1], weight [B, 1]. */
  loss(outputs: Tensor, truth: Tensor, weight: Tensor, smoothing: number): Tensor;
  /**
   * The slope of each row's own `loss` (weight 1, no smoothing) by its outputs, at outputs [N, W] of
   * rows whose truth is known; with curvatures such that a Newton step does not make it worse.
   */
  slopes(outputs: Float32Array, truth: Truth, into: Slopes): void;
  /** What raw outputs [N, W] need to be honest on held-out rows. */
  calibrate(outputs: Float32Array, truth: Truth, state: S): Calibration;
  /** The calibration that changes nothing. */
  readonly uncalibrated: Calibration;
  /** Mean loss of raw outputs [N, W] at the calibration that suits them best: when to stop. */
  stopLoss(outputs: Float32Array, truth: Truth, state: S): number;
  /** Raw or pooled outputs [B, W] to answers [B, V]. */
  calibrated(outputs: Tensor, calibration: Calibration): Tensor;
  /** How unsure calibrated outputs [B, V] are, as some numbers [B, n] that a gate can weigh. */
  doubt?(outputs: Tensor): Tensor;
  /**
   * Nats in which losses are counted, at most 1 (which it is without). Where one class is rare there
   * is little to be known, and experts that differ as right from wrong differ by thousandths of a
   * nat: what stands against the likelihood in the gate (cost, balance, z-loss) counts in this unit.
   */
  unit?(state: S): number;
  /** The class of each row, -1 where it is unknown, where every class must be met in training. */
  classes?(truth: Truth): Int32Array;
  /** The answer [V] where nobody can be asked. */
  prior(state: S): Float32Array;
  /** The one answer [V] that says best the same of all these rows. */
  constant?(truth: Truth, state: S): Float32Array;
  readonly pools: Readonly<Record<PoolName, Pool>>;
  /** The even ensemble of answers [N, V] of each expert where `open` [N, E] is 1; the prior where none is. */
  even(each: readonly Float32Array[], open: Float32Array, state: S): Float32Array;
  /** Log-likelihood of the truth [B, 1] under pooled outputs [B, W]. */
  logLikelihood(pooled: Tensor, truth: Tensor): Tensor;
  /** The same per row for arrays: answers [N, V] to [N]. */
  likelihoods(answers: Float32Array, truth: Truth, state: S): Float64Array;
  /** Checks a reward's prices and lays them out; throws MonbanError at `where`. */
  utility(right: unknown, wrong: unknown, state: S, where: string): U;
  /** What answering [N, V] earns in each row; the least it can earn where the truth is unknown. */
  earned(answers: Float32Array, truth: Truth, state: S, utility: U): Float64Array;
  /** Reads what an imported model gives; throws MonbanError under `where` with every fault. */
  adopt(foreign: Foreign, state: S, where: string): Adopted;
  /** What to know in order to read the scores, in one sentence. */
  note?(state: S): string | undefined;
  answer(row: Float32Array, state: S, utility?: U): Answer;
  /** How much each of other answers [N, V] falls short of `row` in what it answers: [N]. */
  effects(row: Float32Array, others: Float32Array, state: S, utility?: U): Float64Array;
  score(answers: Float32Array, truth: Truth, state: S, utility?: U): Scores;
}
