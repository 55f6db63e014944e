/** What a joint phase is given on one fold, and what it gives back. */
import type { ExpertJob } from './expert-types.js';
import type { GateData, GateJob } from './gate-data.js';

export interface JointJob {
  /** The expert that is cloned, as phase 1 trains it. */
  readonly expert: ExpertJob;
  /** Passes that served it best. */
  readonly epochs: number;
  /** The gate; its views are those of `jointViews`, its experts the clones. */
  readonly gate: Omit<GateJob, 'data'> & { readonly data: Omit<GateData, 'outputs'> };
  readonly rounds: number;
  readonly fold: number;
  /** [N, K] responsibilities of another fold to begin with, so that clones mean the same in all. */
  readonly begin?: Float32Array;
}

export interface JointProgress {
  readonly round: number;
  readonly rounds: number;
  readonly loss?: number;
  readonly shares?: readonly number[];
}

/** What one fold came to; V views of the fold, K clones, W numbers that an expert says. */
export interface JointFold {
  /** K times [V, W]: raw, by clones that did not see these rows. */
  readonly heldOut: readonly Float32Array[];
  /** [V] the clone that the gate would ask first, without knowing the truth. */
  readonly first: Int32Array;
  /** [N, K] of every row that fits, and of the fold's rows by gate and likelihood. */
  readonly responsibility: Float32Array;
  /** The round that served best; 0 where no round gained on the unspecialised expert. */
  readonly round: number;
  /** Check loss after each round. */
  readonly curve: readonly number[];
  readonly messages: readonly string[];
}
