/** What a reward of the spec means to the gate: prices of experts, and what each view earned. */
import { mean } from '../core/statistic.js';
import { specName } from '../mixture/clone.js';
import type { Reward } from './gate-judge.js';
import { shareArray } from './shared-memory.js';
import type { Said, Stage } from './stage.js';

/**
 * Prices of a reward: an expert's own, and its time at the price of a millisecond. What is always paid,
 * for a shared expert, decides nothing and counts as 0.
 */
export function rewardOf(stage: Stage, costs: readonly number[]): Reward | undefined {
  const { reward } = stage.plan.spec;
  if (reward === undefined) return undefined;
  const utility = stage.objective.utility(reward.right, reward.wrong, stage.state, 'reward');
  const prices = stage.plan.experts.map((expert, e) =>
    expert.name === stage.plan.gate.shared
      ? 0
      : (reward.experts[specName(expert)] ?? 0) + (reward.time * costs[e]!) / 1000,
  );
  return { utility, prices };
}

/** [V, E] reward of asking each expert alone, scaled so that a typical choice is worth one. */
export function rewardTable(stage: Stage, said: Said, { utility, prices }: Reward): Float32Array {
  const experts = prices.length;
  const table = new Float32Array(said.truth.length * experts);
  said.outputs.forEach((outputs, e) => {
    const earned = stage.objective.earned(outputs, said.truth, stage.state, utility);
    earned.forEach((gain, view) => {
      table[view * experts + e] = gain - prices[e]!;
    });
  });
  const spans = Array.from(said.truth, (_, view) => {
    const row = table.subarray(view * experts, (view + 1) * experts);
    return Math.max(...row) - Math.min(...row);
  });
  const scale = mean(spans) || 1;
  return shareArray(table.map((value) => value / scale));
}
