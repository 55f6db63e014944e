/** Balance: what keeps the gate from leaving experts without work, and who watches it. */
import { add, constant, div, mean, mul, softmax, stopGradient, sum } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';

/** What the target shares are made of. */
export interface Capacity {
  /** Share of the rows that have the expert's fields, 0 to 1. */
  readonly availability: number;
  /** Mean held-out loss, in nats. */
  readonly loss: number;
  /** Work per record, 1 for the mean of the experts. */
  readonly cost: number;
}

/**
 * The share of the load that each expert should carry, summing to one: rows that have its fields
 * x capacity / cost, since unequal experts are not equally loaded. Capacity is the squared
 * likelihood, exp(-2 loss). No share is below a fifth of even.
 */
export function targetShares(capacities: readonly Capacity[]): number[] {
  const best = Math.min(...capacities.map(({ loss }) => loss));
  const raw = capacities.map(
    ({ availability, loss, cost }) =>
      (availability * Math.exp(-2 * (loss - best))) / Math.min(2, Math.max(0.5, cost)),
  );
  const total = raw.reduce((a, b) => a + b, 0);
  const floor = 0.2 / capacities.length;
  const shares = raw.map((value) => Math.max(floor, value / total));
  const sumShares = shares.reduce((a, b) => a + b, 0);
  return shares.map((value) => value / sumShares);
}

/**
 * The auxiliary loss of Switch Transformers (Fedus et al. 2021) for target shares t: the sum over
 * experts of f_i P_i / t_i, where f is the share of the choices and P the mean probability. It is 1
 * when both equal the targets, and grows with imbalance. Selection and mask are [B, E].
 */
export function auxiliaryLoss(selection: Tensor, mask: Tensor, targets: readonly number[]): Tensor {
  const probability = mean(softmax(selection), [0]);
  const chosen = sum(mask, [0]);
  const share = stopGradient(div(chosen, add(sum(chosen, [0], true), 1e-9)));
  const over = constant(Float32Array.from(targets, (target) => 1 / target));
  return sum(mul(mul(share, probability), over), [0]);
}

/** A step of bias balancing (DeepSeek-V3): towards the targets by a fixed rate, re-centred to zero mean. */
export function nudge(
  bias: readonly number[],
  loads: readonly number[],
  targets: readonly number[],
  rate: number,
): number[] {
  const moved = bias.map((value, i) => value + rate * Math.sign(targets[i]! - loads[i]!));
  const centre = moved.reduce((a, b) => a + b, 0) / moved.length;
  return moved.map((value) => value - centre);
}

/** The state of the load at one moment. */
export interface Load {
  readonly shares: readonly number[];
  /** Largest share over target, minus one. */
  readonly maxViolation: number;
  /** exp(entropy) / E: 1 for an even load, 1/E for a single expert. */
  readonly evenness: number;
  /** Experts below 5 % of their target. */
  readonly dead: readonly number[];
  /** Experts above twice their target. */
  readonly overloaded: readonly number[];
}

/** How often each of E experts was asked, by a mask [B, E]. */
export function choicesOf(mask: Float32Array, experts: number): number[] {
  const counts = new Array<number>(experts).fill(0);
  mask.forEach((value, i) => {
    counts[i % experts]! += value;
  });
  return counts;
}

const deadBelow = 0.05;
const overloadedAbove = 1;

/** Judges choices per expert against the targets. */
export function loadOf(counts: readonly number[], targets: readonly number[]): Load {
  const total = Math.max(
    1,
    counts.reduce((a, b) => a + b, 0),
  );
  const shares = counts.map((count) => count / total);
  const entropy = shares.reduce(
    (sum, share) => (share > 0 ? sum - share * Math.log(share) : sum),
    0,
  );
  const ratios = shares.map((share, i) => (share === targets[i] ? 1 : share / targets[i]!));
  const where = (test: (ratio: number) => boolean) =>
    ratios.flatMap((ratio, i) => (test(ratio) ? [i] : []));
  return {
    shares,
    maxViolation: Math.max(...ratios) - 1,
    evenness: Math.exp(entropy) / counts.length,
    dead: where((ratio) => ratio < deadBelow),
    overloaded: where((ratio) => ratio - 1 > overloadedAbove),
  };
}

/** The monitor's memory: the strength of balancing relative to what the spec asks. */
export interface Monitor {
  readonly strength: number;
  readonly calm: number;
}

export const startMonitor: Monitor = { strength: 1, calm: 0 };
const strongest = 32;

/** Looks at the load after an epoch, changes the strength, and says what it changed and why. */
export function watch(
  monitor: Monitor,
  load: Load,
  names: readonly string[],
): { monitor: Monitor; message?: string } {
  const name = (list: readonly number[]) => list.map((i) => names[i]).join(', ');
  const { strength, calm } = monitor;
  const change = (next: number, why: string) => ({
    monitor: { strength: next, calm: 0 },
    message: `${why}: balancing x ${strength.toFixed(2)} -> x ${next.toFixed(2)}`,
  });
  if (load.dead.length > 0 && strength < strongest) {
    return change(
      Math.min(strongest, strength * 2),
      `dead expert ${name(load.dead)} (below 5 % of target)`,
    );
  }
  if (load.overloaded.length > 0 && strength < 4) {
    return change(
      Math.min(4, strength * 1.25),
      `overloaded expert ${name(load.overloaded)} (above twice its target)`,
    );
  }
  if (load.dead.length + load.overloaded.length > 0) return { monitor: { strength, calm: 0 } };
  if (calm >= 4 && strength > 1)
    return change(Math.max(1, strength * 0.7), 'the load is within bounds');
  return { monitor: { strength, calm: calm + 1 } };
}

/** Share of the rows whose first choice differs between two routes [N] of the same probe rows. */
export function churn(before: Int32Array, after: Int32Array): number {
  let changed = 0;
  for (let row = 0; row < before.length; row++) if (before[row] !== after[row]) changed++;
  return before.length === 0 ? 0 : changed / before.length;
}
