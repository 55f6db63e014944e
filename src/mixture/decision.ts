/** A decision: the answer to one record, with the way it went. */
import type { Answer } from '../objective/objective.js';

/** One expert that was asked. */
export interface Asked {
  readonly expert: string;
  /** Its weight in the pool: a share for a mixture, a factor for a product. */
  readonly weight: number;
  /** Selection score: score + bias - lambda x cost. */
  readonly selection: number;
}

/** Milliseconds spent in each stage. */
export interface Stages {
  readonly encode: number;
  readonly gate: number;
  readonly experts: number;
  readonly pool: number;
  readonly total: number;
}

export interface Decision {
  /** Id of the bundle that answered. */
  readonly bundle: string;
  readonly answer: Answer;
  /** In falling order of weight; empty where nobody could be asked and the prior answered. */
  readonly route: readonly Asked[];
  /** The open expert that came nearest to being asked, where there is one. */
  readonly runnerUp: string | null;
  /** Selection of the last expert asked minus that of the runner-up. */
  readonly margin: number | null;
  /** Score of every expert, open or not. */
  readonly scores: Readonly<Record<string, number>>;
  /** Fields that the record did not give. */
  readonly missing: readonly string[];
  /** Of the batch that the record was decided in, divided by its records. */
  readonly ms: Stages;
}
