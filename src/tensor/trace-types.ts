/** What a model calls while its graph is built, and what a trace collects. */

import type { Init } from './init.js';
import type { Shape, Tensor } from './tensor.js';

/** A handle to a ragged port: ids below `width`, each with a weight. */
export interface Bag {
  readonly form: 'bag';
  readonly port: string;
  readonly width: number;
}

/** What a model reads: a tensor [B, n] or a bag. */
export type Feature = Tensor | Bag;
export type Features = Readonly<Record<string, Feature>>;

/** A learned array. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
  readonly tensor: Tensor;
  /** True where weight decay applies. */
  readonly decay: boolean;
}

/** A learned table [rows, width] that is read by a bag; `tensor` [B, width] is the weighted sum. */
export interface TableUse {
  readonly name: string;
  readonly port: string;
  readonly rows: number;
  readonly width: number;
  readonly init: Init;
  readonly tensor: Tensor;
  readonly mode: 'sum';
}

export interface WeightOptions {
  /** Whether weight decay applies; by default to matrices and not to vectors. */
  readonly decay?: boolean;
}

/** Blocks over all features at once; undefined where these are not all that the graph is fed. */
export interface Joined {
  /** As `project` of blocks.ts, by one table and one matrix; features computed from others may join. */
  project(name: string, features: Features, width: number): Tensor | undefined;
  /** As `embed` of blocks.ts, by one table and one batched product. */
  embed(name: string, features: Features, width: number): Tensor | undefined;
  /** Dense features side by side: [B, n]. */
  dense(features: Features): Tensor;
  /**
   * Sums of rows of fitted tables `name/port`, one for each bag and all equally wide, side by side:
   * [B, bags x width]. They are never rounded, since what was fitted after them compares with them.
   */
  fittedTables(name: string, features: Features): Tensor;
}

export interface Trace {
  readonly training: boolean;
  /** Only where values are constants; a training step needs the gradient of each table by itself. */
  readonly joined?: Joined;
  /** A learned array; the same name with another shape is an Error. */
  weight(name: string, shape: readonly number[], init: Init, options?: WeightOptions): Tensor;
  /** The weighted sum [B, width] of the rows of a learned table [bag.width, width]. */
  table(name: string, bag: Bag, width: number, init?: Init): Tensor;
  /**
   * Rows [N, width] that were fitted, as many as there are; an Error where a graph is traced for
   * training, since steps do not fit them.
   */
  fitted(name: string, width: number): Tensor;
  /** Zeroes a share `rate` of the elements while training and scales up the rest. */
  dropout(x: Tensor, rate: number): Tensor;
  /** Normal numbers with standard deviation `scale` (1) while training, else zeros. */
  noise(shape: Shape, scale?: number): Tensor;
}
