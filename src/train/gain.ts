/** What asking each expert beside the shared one gained on held-out views: what a cascade learns. */
import { objectives } from '../objective/objectives.js';
import type { GateData } from './gate-data.js';
import { gatherRows } from './gate-feeds.js';

/** One row counts no more than this many nats for or against an expert. */
const mostOfRow = 2;

/** Log-likelihoods [V, E] of what each expert says by itself. */
function likelihoods({ objective, outputs, truth }: GateData, experts: number): Float32Array {
  const { likelihoods: of } = objectives.get(objective.kind);
  const width = outputs.length / (truth.length * experts);
  const views = Int32Array.from(truth.keys());
  const all = new Float32Array(truth.length * experts);
  for (let e = 0; e < experts; e++) {
    const places = views.map((view) => view * experts + e);
    of(gatherRows(outputs, places, width), truth, objective.state).forEach((value, view) => {
      all[view * experts + e] = value;
    });
  }
  return all;
}

/**
 * Gains [V, E] over the shared expert, of what each says alone: in reward where the data has rewards,
 * else in nats, where no row counts more than 2.
 */
export function gainTargets(data: GateData, shared: number, experts: number): Float32Array {
  const worth = data.rewards ?? likelihoods(data, experts);
  return worth.map((value, i) => {
    const gain = value - worth[i - (i % experts) + shared]!;
    return data.rewards === undefined ? Math.max(-mostOfRow, Math.min(mostOfRow, gain)) : gain;
  });
}
