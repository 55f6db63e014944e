/** What is known of a batch after it went through the mixture. */
import type { Stages } from '../mixture/decision.js';
import type { Batch } from './batch.js';
import type { GateSaid } from './model.js';

/** A batch after it went through the mixture; B rows, E experts, V numbers of an answer. */
export interface Routed extends GateSaid {
  readonly rows: number;
  /** The batch as it was loaded. */
  readonly batch: Batch;
  readonly presence: Uint8Array;
  /** [B, E] */
  readonly open: Float32Array;
  /** [B, V] log-probabilities. */
  readonly answers: Float32Array;
  readonly ms: Stages;
}
