/** What the phases of a training hand on to each other. */
import type { GateFacts } from '../gate/gate.js';
import type { Plan } from '../mixture/plan.js';
import type { Calibration, Objective, Truth } from '../objective/objective.js';
import type { Checkpoint, CheckpointOptions } from './checkpoint.js';
import type { Listener } from './event.js';
import type { Parts } from './parts.js';
import type { Prepared } from './prepare.js';
import type { TrainingRows } from './training-rows.js';
import type { Views } from './view.js';

export interface TrainOptions {
  readonly onEvent?: Listener;
  readonly signal?: AbortSignal;
  /** Milliseconds that only rise, for measured costs; `performance.now` by default. */
  readonly clock?: () => number;
  /** The folder from which paths of the spec start; the working folder without it. */
  readonly base?: string;
  /**
   * A folder to keep in what is done, so that the same training, when it is killed, goes on from
   * there and gives the same bytes. It stays until `discardCheckpoint` removes it. `every` is the
   * least time in milliseconds between two writes about an expert in training, 3000 by default.
   */
  readonly checkpoint?: CheckpointOptions;
}

/** Everything that later phases need to know of the first. */
export interface Stage {
  readonly plan: Plan;
  readonly rows: TrainingRows;
  readonly objective: Objective;
  readonly state: unknown;
  /** V */
  readonly width: number;
  readonly truth: Truth;
  readonly prepared: Prepared;
  /** What experts read from outside, by expert. */
  readonly loaded: readonly unknown[];
  readonly parts: Parts;
  readonly views: Views;
  /** [V] place of each view's row among the held-out rows of the store. */
  readonly heldPlaces: Int32Array;
  readonly options: TrainOptions;
  readonly checkpoint: Checkpoint | undefined;
}

/** What is known of the experts after phase 2. */
export interface Said {
  readonly calibrations: readonly Calibration[];
  readonly outputs: readonly Float32Array[];
  readonly open: Float32Array;
  readonly facts: GateFacts;
  readonly targets: readonly number[];
  /** Nats that count against each expert: 0 but where a class is rare. */
  readonly regret: readonly number[];
  readonly truth: Truth;
  readonly check: Uint8Array;
}
