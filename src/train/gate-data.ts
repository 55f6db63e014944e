/** What gates are trained on, and what comes of it. */
import type { Columns } from '../core/column.js';
import type { FieldPorts } from '../expert/expert.js';
import type { GateFacts } from '../gate/gate.js';
import type { GatePlan } from '../mixture/plan.js';
import type { PoolName, Truth } from '../objective/objective.js';
import type { Learned } from '../tensor/trace-serving.js';
import type { Views } from './view.js';

/** What all gates are trained on; V held-out views, E experts, W numbers of an answer. */
export interface GateData {
  readonly objective: { readonly kind: string; readonly state: unknown };
  /** Ports of all fields, in the order of the presence bits. */
  readonly fields: FieldPorts;
  readonly ports: readonly string[];
  readonly columns: Columns;
  readonly views: Views;
  /** [V, E, W] calibrated. */
  readonly outputs: Float32Array;
  /** [V, E] 1 where the expert could be asked. */
  readonly open: Float32Array;
  /** [V] */
  readonly truth: Truth;
  /** [V] 1 for views that check and must not train. */
  readonly check: Uint8Array;
  /** [V] views with the same number are of one group of rows. */
  readonly unit: Uint32Array;
  /** [V, E] reward of asking just that expert, where the spec has a reward. */
  readonly rewards?: Float32Array;
}

/** One gate to train. */
export interface GateJob {
  readonly data: GateData;
  readonly kind: string;
  readonly config: unknown;
  readonly pool: PoolName;
  readonly topK: number;
  readonly shared: number;
  readonly penalty: readonly number[];
  readonly facts: GateFacts;
  readonly targets: readonly number[];
  /** Experts that may be left without work: held-out rows have spoken against them. */
  readonly idle: readonly boolean[];
  readonly plan: Pick<
    GatePlan,
    'balance' | 'zLoss' | 'noise' | 'expertDropout' | 'epochs' | 'batch' | 'rate'
  >;
  readonly seed: number;
}

/** What a gate learned. */
export interface TrainedGate {
  readonly learned: Learned;
  readonly bias: readonly number[];
  /** What the monitor changed, and why. */
  readonly messages: readonly string[];
}
