/** What a trained gate does with views, by the graphs that will serve. */
import { loadOf } from '../gate/balance.js';
import { gateGraph, poolGraph } from '../mixture/graphs.js';
import type { Calibration, Truth, Utility } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { notAsked } from '../objective/pool.js';
import { openSession } from '../runtime/session.js';
import type { GateData, GateJob, TrainedGate } from './gate-data.js';
import { gateFeeds, gatherRows } from './gate-feeds.js';
import { graphOf } from './gate-scores.js';

/** What a trained gate did with some views: B views, E experts. */
export interface GateOutcome {
  /** [B, V]; pooled outputs [B, W] where no calibration was given. */
  readonly answers: Float32Array;
  /** [B, E] */
  readonly mask: Float32Array;
  /** [B] the expert of most weight, -1 where nobody was asked. */
  readonly first: Int32Array;
}

const sliceRows = 512;

/**
 * Runs a trained gate and its pool over views, by the graphs that will serve. Rows about which nobody
 * was asked get the prior, whose first W numbers are its pooled outputs.
 */
export async function outcome(
  job: GateJob,
  trained: TrainedGate,
  views: Int32Array,
  calibration?: Calibration,
): Promise<GateOutcome> {
  const { data } = job;
  const objective = objectives.get(data.objective.kind);
  const { state } = data.objective;
  const width = objective.answerWidth(state);
  const experts = job.facts.experts.length;
  const gate = await openSession(
    gateGraph(graphOf(job, trained.bias), trained.learned, objective, width),
  );
  const pool = await openSession(poolGraph(objective, state, job.pool, calibration));
  const own = calibration === undefined ? objective.outputs(state) : width;
  const prior = objective.prior(state).subarray(0, own);
  const answers = new Float32Array(views.length * prior.length);
  const mask = new Float32Array(views.length * experts);
  const first = new Int32Array(views.length);
  for (let from = 0; from < views.length; from += sliceRows) {
    const part = views.subarray(from, from + sliceRows);
    const feeds = gateFeeds(job, part, width);
    const said = await gate.run(
      Object.fromEntries(gate.inputs.map(({ name }) => [name, feeds[name]!])),
    );
    const logWeights = said.logWeights!.data as Float32Array;
    const poolFeeds: Record<string, { data: Float32Array; dims: number[] }> = {
      outputs: {
        data: gatherRows(data.outputs, part, experts * width),
        dims: [part.length, experts, width],
      },
      logWeights: { data: logWeights, dims: [part.length, experts] },
    };
    const { answer } = await pool.run(poolFeeds);
    answers.set(answer!.data as Float32Array, from * prior.length);
    mask.set(said.mask!.data as Float32Array, from * experts);
    for (let i = 0; i < part.length; i++) {
      const weights = logWeights.subarray(i * experts, (i + 1) * experts);
      first[from + i] = best(weights);
      if (first[from + i]! < 0) answers.set(prior, (from + i) * prior.length);
    }
  }
  await Promise.all([gate.close(), pool.close()]);
  return { answers, mask, first };
}

function best(logWeights: Float32Array): number {
  let top = -1;
  for (let e = 0; e < logWeights.length; e++) {
    if (logWeights[e]! > notAsked / 2 && (top < 0 || logWeights[e]! > logWeights[top]!)) top = e;
  }
  return top;
}

/** What an answer earned, per view: the utility of the decision less the price of the experts asked. */
export function rewardOf(
  outcome: GateOutcome,
  truth: Truth,
  data: GateData,
  utility: Utility,
  prices: readonly number[],
): Float64Array {
  const objective = objectives.get(data.objective.kind);
  const earned = objective.earned(outcome.answers, truth, data.objective.state, utility);
  return earned.map((gain, i) => {
    let gained = gain;
    prices.forEach((price, e) => {
      gained -= price * outcome.mask[i * prices.length + e]!;
    });
    return gained;
  });
}

/** Choices per expert over views. */
export function choices(mask: Float32Array, experts: number): number[] {
  const counts = new Array<number>(experts).fill(0);
  mask.forEach((value, i) => {
    counts[i % experts]! += value;
  });
  return counts;
}

/** The load that an outcome puts on the experts. */
export function loadOfOutcome(result: GateOutcome, targets: readonly number[]) {
  return loadOf(choices(result.mask, targets.length), targets);
}
