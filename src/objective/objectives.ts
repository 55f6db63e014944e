/** The registry of objectives: one file and one line for each. */
import { type Registry, registry } from '../core/registry.js';
import { classification } from './classification.js';
import type { Objective } from './objective.js';
import { regression } from './regression.js';

export const objectives: Registry<Objective> = registry('objective', [
  classification,
  regression,
] as unknown as readonly Objective[]);
