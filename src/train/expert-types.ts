/** What a worker is given to train an expert, and what it gives back. */
import type { FieldPorts } from '../expert/expert.js';
import type { ExpertPlan } from '../mixture/plan.js';
import type { Truth } from '../objective/objective.js';
import type { Learned } from '../tensor/trace-serving.js';
import type { Parts } from './parts.js';
import type { Reading } from './passes.js';
import type { MemoryParts, SourceParts } from './source.js';
import type { Hiding, Views } from './view.js';

export interface ExpertJob {
  readonly expert: ExpertPlan;
  readonly ports: readonly string[];
  /** Ports of the fields it reads. */
  readonly fields: FieldPorts;
  /** Field index by name, as in `presence`. */
  readonly fieldIndex: Readonly<Record<string, number>>;
  readonly objective: { readonly kind: string; readonly state: unknown };
  /** Where its training rows are read from. */
  readonly source: SourceParts;
  /** Where held-out rows are, and [V] the place of each view's row there. */
  readonly held: { readonly source: MemoryParts; readonly place: Int32Array };
  readonly reading: Reading;
  readonly truth: Truth;
  readonly rowWeights: Float32Array;
  /** [N, F] */
  readonly presence: Uint8Array;
  readonly parts: Parts;
  readonly views: Views;
  /** What its kind read from outside, where it does. */
  readonly loaded?: unknown;
  readonly hiding?: Hiding;
  readonly seed: number;
}

export interface TrainedExpert {
  readonly learned: Learned;
  /** [V, W] raw outputs about the held-out views, by models that did not see those rows. */
  readonly heldOut: Float32Array;
  /** [V] 0 for views that would not come to it, which must not calibrate it: a clone's has some. */
  readonly own?: Uint8Array;
  /** Passes over the rows of the final model. */
  readonly epochs: number;
  /** Mean calibrated loss on check rows at each look at them, over the folds. */
  readonly curve: readonly number[];
}

export interface ExpertProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly stage: 'fit' | 'refit';
  readonly loss?: number;
}
