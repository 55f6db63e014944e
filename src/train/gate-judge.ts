/** Judges a trained gate on check views: what its answers were worth and what its route cost. */
import { choicesOf } from '../gate/balance.js';
import type { Utility } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { isPriced, type Judged } from './cascade.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { earnedBy, type GateOutcome, loadOfOutcome, outcome } from './gate-outcome.js';

export interface Candidate extends Judged {
  readonly job: GateJob;
  readonly trained: TrainedGate;
  /** Group of rows behind each check view. */
  readonly unit: Uint32Array;
  readonly asked: number;
  /** Share of the check views about which an expert beside the shared one is asked. */
  readonly beyond: number;
  /** True where balancing is wished and an expert that should have work has none. */
  readonly dead: boolean;
}

/** Worth of a reward: utilities of answers and the price of asking each expert. */
export interface Reward {
  readonly utility: Utility;
  readonly prices: readonly number[];
}

function leavesDead({ targets, idle }: GateJob, result: GateOutcome): boolean {
  return loadOfOutcome(result, targets).dead.some((e) => !idle[e]);
}

export async function judge(
  job: GateJob,
  trained: TrainedGate,
  checks: Int32Array,
  reward: Reward | undefined,
): Promise<Candidate> {
  const objective = objectives.get(job.data.objective.kind);
  const result = await outcome(job, trained, checks, objective.uncalibrated);
  const truth = Float64Array.from(checks, (view) => job.data.truth[view]!);
  const worth =
    reward === undefined
      ? objective.likelihoods(result.answers, truth, job.data.objective.state)
      : earnedBy(result, truth, job.data, reward.utility, reward.prices);
  const unit = Uint32Array.from(checks, (view) => job.data.unit[view]!);
  const { metric, higher } = objective.headline;
  const score = objective.score(result.answers, truth, job.data.objective.state)[metric]!;
  const headline = higher ? score : -score;
  const balanced = job.plan.balance.kind !== 'none' && !isPriced(job);
  const dead = balanced && leavesDead(job, result);
  return { job, trained, worth, unit, headline, dead, ...spent(job, result) };
}

/** What a route cost on its views. */
function spent({ facts, shared }: GateJob, { mask }: GateOutcome) {
  const experts = facts.experts.length;
  const views = Math.max(1, mask.length / experts);
  const counts = choicesOf(mask, experts);
  let beyond = 0;
  for (let at = 0; at < mask.length; at += experts) {
    const others = mask.subarray(at, at + experts).some((value, e) => value > 0 && e !== shared);
    beyond += Number(others);
  }
  return {
    asked: counts.reduce((a, b) => a + b, 0) / views,
    cost: facts.experts.reduce((sum, { cost }, e) => sum + (cost * counts[e]!) / views, 0),
    beyond: beyond / views,
  };
}
