/** Turns a routed row into a decision: its answer, its route, and what was close. */
import type { Asked, Decision } from '../mixture/decision.js';
import type { Utility } from '../objective/objective.js';
import type { Model } from './model.js';
import type { Routed } from './routed.js';

/** What turns a routed row into a decision. */
export interface Deciding {
  readonly model: Model;
  readonly utility: Utility | undefined;
  readonly blank: Readonly<Record<string, number>>;
}

/** Prices of answers, where the bundle's spec has a reward. */
export function utilityOf(model: Model): Utility | undefined {
  const { reward } = model.manifest.spec;
  if (reward === undefined) return undefined;
  return model.objective.utility(reward.right, reward.wrong, model.state, 'reward');
}

/**
 * A fraction for each expert. Of many experts a copy of it, filled in, takes a third of the memory of an
 * object that grows entry by entry, where it was parsed and holds fractions from the start.
 */
function blankScores({ manifest }: Model): Record<string, number> {
  const entries = manifest.experts.map(({ name }) => `${JSON.stringify(name)}:0.5`);
  return JSON.parse(`{${entries.join()}}`) as Record<string, number>;
}

/** What is needed to turn routed rows into decisions. */
export function deciding(model: Model): Deciding {
  return { model, utility: utilityOf(model), blank: blankScores(model) };
}

/** The decision about one row of a batch. */
export function decisionOf(
  { model, utility, blank }: Deciding,
  routed: Routed,
  row: number,
): Decision {
  const { experts, fields } = model.manifest;
  const at = row * experts.length;
  const route: Asked[] = [];
  let last = Number.POSITIVE_INFINITY;
  let runnerUp = -1;
  const scores = { ...blank };
  for (let e = 0; e < experts.length; e++) {
    const { name } = experts[e]!;
    scores[name] = routed.scores[at + e]!;
    const selection = routed.selection[at + e]!;
    if (routed.mask[at + e]! > 0) {
      route.push({ expert: name, weight: Math.exp(routed.logWeights[at + e]!), selection });
      if (e !== model.manifest.gate.shared) last = Math.min(last, selection);
    } else if (
      routed.open[at + e]! > 0 &&
      (runnerUp < 0 || selection > routed.selection[at + runnerUp]!)
    ) {
      runnerUp = e;
    }
  }
  route.sort((a, b) => b.weight - a.weight);
  const width = model.width;
  const share = (ms: number) => ms / routed.rows;
  const bits = routed.presence.subarray(row * fields.length, (row + 1) * fields.length);
  return {
    bundle: model.bundle.id,
    answer: model.objective.answer(
      routed.answers.subarray(row * width, (row + 1) * width),
      model.state,
      utility,
    ),
    route,
    runnerUp: runnerUp < 0 ? null : experts[runnerUp]!.name,
    margin: runnerUp < 0 || !Number.isFinite(last) ? null : last - routed.selection[at + runnerUp]!,
    scores,
    missing: fields.filter((_, f) => bits[f] === 0).map(({ name }) => name),
    ms: {
      encode: share(routed.ms.encode),
      gate: share(routed.ms.gate),
      experts: share(routed.ms.experts),
      pool: share(routed.ms.pool),
      total: share(routed.ms.total),
    },
  };
}
