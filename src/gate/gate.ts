/** What a gate is: it scores the experts from cheap ports. */
import type { ZodType } from 'zod';
import type { Columns } from '../core/column.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Features, Learned, Trace } from '../tensor/trace.js';

/** The presence bits of a record's fields, [B, fields]: a port that every gate may read. */
export const presencePort = '@presence';
/** What the shared expert says, [B, W] calibrated: a port where there is a shared expert. */
export const sharedPort = '@shared';

/** How unsure the shared expert is, [B, n]: a feature where the objective can tell. */
export const doubtPort = '@doubt';

/** What is known of the experts when the gate is built, measured on held-out rows. */
export interface ExpertFacts {
  readonly name: string;
  /** Work per record, 1 for the mean of the experts. */
  readonly cost: number;
  /** Mean held-out loss, in nats, on the rows where it could be asked. */
  readonly loss: number;
}

/** Held-out loss of each expert where just these fields were given. */
export interface PatternFacts {
  readonly presence: readonly number[];
  readonly rows: number;
  readonly losses: readonly number[];
}

export interface GateFacts {
  readonly experts: readonly ExpertFacts[];
  readonly patterns: readonly PatternFacts[];
  /** Nats in which losses are counted, 1 where it is not given: see `Objective.unit`. */
  readonly unit?: number;
}

/** N held-out records and what the experts did on them; S scores, in the order in which a gate gives them. */
export interface Experience {
  /** N */
  readonly rows: number;
  /** S */
  readonly scores: number;
  /** Every feature that the gate reads, by name: N rows each, zeros or an empty bag where hidden. */
  readonly columns: Columns;
  /**
   * [N, S] what each score should be on that record alone, in nats or in reward, comparable between
   * records; not a number where the expert could not be asked.
   */
  readonly outcomes: Float32Array;
}

/** Scores [B, E], and what each of them rests on. */
export interface Grounded {
  readonly scores: Tensor;
  /**
   * [B, E, 4] of the held-out records that a score rests on: how many, the mean of what the score
   * should have been on them, the standard error of that mean, and the mean over all records.
   */
  readonly grounds: Tensor;
}

/** One gate kind. Controls learn nothing: their scores follow from the facts or from the seed. */
export interface Gate<C = unknown> {
  readonly kind: string;
  readonly summary: string;
  readonly config: ZodType<C>;
  /** False for the controls. */
  readonly learns: boolean;
  /** False where it reads nothing but presence. */
  readonly readsPorts: boolean;
  /** True where all open experts are asked, whatever k. */
  readonly asksAll?: boolean;
  /**
   * What the scores are made of, found at once; a gate without it learns by gradient steps. The same
   * experience and seed give the same bytes.
   */
  fit?(experience: Experience, config: C, seed: number): Learned;
  /**
   * Scores [B, E] from features, which include `presencePort`; E is the length of `facts.experts`, in
   * which a cascade names every expert twice (see wish.ts).
   */
  scores(trace: Trace, features: Features, facts: GateFacts, config: C): Tensor;
  /** The same scores with what they rest on, for kinds that can point at records. */
  grounded?(trace: Trace, features: Features, facts: GateFacts, config: C): Grounded;
}
