/** What an objective is: everything that depends on what the target means. */
import type { ZodType } from 'zod';
import type { Values } from '../data/column.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Pool } from './pool.js';

/** The two ways to make one answer of several. */
export type PoolName = 'product' | 'mixture';

/** The encoded target: class index per row, -1 where the label is unknown or missing. */
export type Truth = Int32Array;

/** Metrics by name, such as `accuracy` or `logLoss`. */
export type Scores = Readonly<Record<string, number>>;

/** What an answer is worth: utility[truth][answer], in the currency of the spec. */
export type Utility = readonly (readonly number[])[];

/** The answer to one record, as a user sees it. */
export interface Answer {
  readonly value: string | number;
  /** Probability of `value`, 0 to 1. */
  readonly confidence: number;
  /** The most probable values, at most five, in falling order. */
  readonly top: readonly { readonly value: string | number; readonly probability: number }[];
}

/** B rows, K experts asked, W numbers an expert says, V numbers of an answer (here V = W). */
export interface Objective<C = unknown, S = unknown> {
  readonly kind: string;
  readonly summary: string;
  readonly config: ZodType<C>;
  /** The metric by which leaderboards are sorted, and whether more of it is better. */
  readonly headline: { readonly metric: string; readonly higher: boolean };
  /** Learns the state from the training target; throws MonbanError naming `where`. */
  fit(target: Values, config: C, where: string): S;
  /** W */
  outputs(state: S): number;
  encode(target: Values, state: S): Truth;
  /** Weight of each row in an expert's training loss (class weights); 0 where truth is -1. */
  rowWeights(truth: Truth, state: S): Float32Array;
  /** Training loss of one expert, a scalar: outputs [B, W], truth int64 [B, 1], weight [B, 1]. */
  loss(outputs: Tensor, truth: Tensor, weight: Tensor, smoothing: number): Tensor;
  /** One number per expert that makes its raw outputs [N, W] honest on held-out rows. */
  calibrate(outputs: Float32Array, truth: Truth, state: S): number;
  /** Raw outputs [B, W] to calibrated log-probabilities [B, W]. */
  calibrated(outputs: Tensor, calibration: number): Tensor;
  /** How unsure calibrated outputs [B, W] are, as some numbers [B, n] that a gate can weigh. */
  doubt?(outputs: Tensor): Tensor;
  /**
   * Nats in which losses are counted, at most 1 (which it is without). Where one class is rare there
   * is little to be known, and experts that differ as right from wrong differ by thousandths of a
   * nat: what stands against the likelihood in the gate (cost, balance, z-loss) counts in this unit.
   */
  unit?(state: S): number;
  /** What is said when nobody can be asked: log-probabilities [V]. */
  prior(state: S): Float32Array;
  /** The one answer [V] that says best the same of all these rows. */
  constant?(truth: Truth, state: S): Float32Array;
  readonly pools: Readonly<Record<PoolName, Pool>>;
  /** Log-likelihood of the truth [B, 1] under pooled log-probabilities [B, V]. */
  logLikelihood(pooled: Tensor, truth: Tensor): Tensor;
  /** The same per row for arrays: answers [N, V] to [N]. */
  likelihoods(answers: Float32Array, truth: Truth, state: S): Float64Array;
  /** The index of the best answer in each row of [N, V], by utility where one is given. */
  decide(answers: Float32Array, state: S, utility?: Utility): Int32Array;
  /** Checks a reward's prices and lays them out; throws MonbanError at `where`. */
  utility(right: unknown, wrong: unknown, state: S, where: string): Utility;
  answer(row: Float32Array, state: S, utility?: Utility): Answer;
  score(answers: Float32Array, truth: Truth, state: S, utility?: Utility): Scores;
}
