/** Phase 2: calibrates what the experts said of held-out views, and sums up what they know. */

import type { Capacity } from '../gate/balance.js';
import type { ExpertFacts, PatternFacts } from '../gate/gate.js';
import type { Calibration, Objective, Truth } from '../objective/objective.js';
import { openSession } from '../runtime/session.js';
import { emit } from '../tensor/emit.js';
import { input } from '../tensor/tensor.js';
import { shareArray } from './shared-memory.js';
import { canAsk, type Views } from './view.js';

const slice = 4096;

/** Answers [V, V'] of raw outputs [V, W], by the objective's own graph. */
export async function calibrate(
  objective: Objective,
  raw: Float32Array,
  calibration: Calibration,
  state: unknown,
): Promise<Float32Array> {
  const width = objective.outputs(state);
  const answerWidth = objective.answerWidth(state);
  const output = objective.calibrated(input('raw', ['B', width]), calibration);
  const session = await openSession(emit({ name: 'calibrate', outputs: { output } }));
  const out = new Float32Array((raw.length / width) * answerWidth);
  for (let at = 0; at < raw.length; at += slice * width) {
    const part = raw.slice(at, at + slice * width);
    const said = await session.run({ raw: { data: part, dims: [part.length / width, width] } });
    out.set(said.output!.data as Float32Array, (at / width) * answerWidth);
  }
  await session.close();
  return out;
}

/** Lays the experts' outputs side by side: [V, E, W] in shared memory. */
export function interleave(outputs: readonly Float32Array[], width: number): Float32Array {
  const experts = outputs.length;
  const all = new Float32Array(outputs.reduce((sum, { length }) => sum + length, 0));
  outputs.forEach((said, e) => {
    for (let view = 0; view * width < said.length; view++) {
      all.set(said.subarray(view * width, (view + 1) * width), (view * experts + e) * width);
    }
  });
  return shareArray(all);
}

/** [V, E] where each expert could be asked: it needs any or all of its fields. */
export function openViews(
  views: Views,
  fields: number,
  own: readonly (readonly number[])[],
  needs: readonly ('any' | 'all')[],
): Float32Array {
  const open = new Float32Array(views.row.length * own.length);
  for (let view = 0; view < views.row.length; view++) {
    const given = (f: number) => views.visible[view * fields + f] === 1;
    own.forEach((list, e) => {
      if (canAsk(needs[e]!, list, given)) open[view * own.length + e] = 1;
    });
  }
  return shareArray(open);
}

/** Held-out losses [V, E], NaN where the expert could not be asked or the truth is unknown. */
export function lossesOf(
  objective: Objective,
  state: unknown,
  said: readonly Float32Array[],
  truth: Truth,
  open: Float32Array,
): Float64Array {
  const experts = said.length;
  const losses = new Float64Array(truth.length * experts);
  said.forEach((outputs, e) => {
    objective.likelihoods(outputs, truth, state).forEach((value, view) => {
      const known = open[view * experts + e] === 1 && !Number.isNaN(truth[view]);
      losses[view * experts + e] = known ? -value : Number.NaN;
    });
  });
  return losses;
}

function meanOver(
  losses: Float64Array,
  experts: number,
  e: number,
  views: Iterable<number>,
): number {
  let sum = 0;
  let count = 0;
  for (const view of views) {
    const loss = losses[view * experts + e]!;
    if (Number.isNaN(loss)) continue;
    sum += loss;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/** Facts of every expert; one that was never open counts as knowing nothing. */
export function expertFacts(
  names: readonly string[],
  costs: readonly number[],
  losses: Float64Array,
  worst: number,
): ExpertFacts[] {
  const meanCost = costs.reduce((a, b) => a + b, 0) / costs.length;
  return names.map((name, e) => {
    const loss = meanOver(losses, names.length, e, Array(losses.length / names.length).keys());
    return { name, cost: costs[e]! / meanCost, loss: Number.isNaN(loss) ? worst : loss };
  });
}

/** One row counts no more than this many nats against an expert. */
const mostOfRow = 2;

/**
 * What all held-out rows together say against each expert: log(1 + the most nats that another one
 * was ahead where both could be asked). Where one class is rare, most rows show nothing of an expert's
 * worth, and a gate that judges row by row would give them to whoever is cheap; what the few others
 * showed must count for all. (The evidence of Bayesian model averaging, tempered.)
 */
export function regrets(losses: Float64Array, experts: number): number[] {
  const ahead = new Float64Array(experts * experts);
  for (let at = 0; at < losses.length; at += experts) {
    for (let e = 0; e < experts; e++) {
      for (let f = 0; f < experts; f++) {
        const gap = losses[at + e]! - losses[at + f]!;
        if (!Number.isNaN(gap))
          ahead[e * experts + f]! += Math.max(-mostOfRow, Math.min(mostOfRow, gap));
      }
    }
  }
  return Array.from({ length: experts }, (_, e) =>
    Math.log1p(Math.max(...ahead.subarray(e * experts, (e + 1) * experts))),
  );
}

/**
 * What balancing's targets are made of: rows with its fields, held-out loss, cost; with regrets
 * these stand for the losses.
 */
export function capacities(
  facts: readonly ExpertFacts[],
  open: Float32Array,
  regret?: readonly number[],
): Capacity[] {
  const views = open.length / facts.length;
  return facts.map(({ cost, loss }, e) => {
    let count = 0;
    for (let view = 0; view < views; view++) count += open[view * facts.length + e]!;
    return { availability: count / Math.max(1, views), loss: regret?.[e] ?? loss, cost };
  });
}

const fewest = 20;
const mostPatterns = 64;

/** Losses by which fields are visible, for the patterns seen often enough. */
export function patternFacts(
  views: Views,
  fields: number,
  losses: Float64Array,
  facts: readonly ExpertFacts[],
  worst: number,
): PatternFacts[] {
  const groups = new Map<string, number[]>();
  for (let view = 0; view < views.row.length; view++) {
    const key = views.visible.subarray(view * fields, (view + 1) * fields).join('');
    const list = groups.get(key) ?? [];
    list.push(view);
    groups.set(key, list);
  }
  const common = [...groups]
    .filter(([, list]) => list.length >= fewest)
    .sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return common.slice(0, mostPatterns).map(([key, list]) => ({
    presence: Array.from(key, Number),
    rows: list.length,
    losses: facts.map((_, e) => {
      const loss = meanOver(losses, facts.length, e, list);
      return Number.isNaN(loss) ? worst : loss;
    }),
  }));
}
