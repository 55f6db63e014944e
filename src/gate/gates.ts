/** The registry of gate kinds. */
import { type Registry, registry } from '../core/registry.js';
import { cheapest, frozen, presence, strongest, uniform } from './controls.js';
import type { Gate } from './gate.js';
import { knn } from './knn.js';
import { linear } from './linear.js';
import { mlp } from './mlp.js';
import { fixedWeights } from './static.js';

export const gates: Registry<Gate> = registry('gate', [
  fixedWeights,
  linear,
  mlp,
  knn,
  uniform,
  frozen,
  cheapest,
  strongest,
  presence,
] as unknown as readonly Gate[]);
