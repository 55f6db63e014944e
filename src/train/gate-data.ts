/** What gates are trained on. */
import type { Columns } from '../core/column.js';
import type { FieldPorts } from '../expert/expert.js';
import type { Truth } from '../objective/objective.js';
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
