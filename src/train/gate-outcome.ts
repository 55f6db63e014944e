/** What a trained gate does with views, by the graphs that will serve. */
import { choicesOf, loadOf } from '../gate/balance.js';
import { poolGraph } from '../mixture/graphs.js';
import type { Calibration, Truth, Utility } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { notAsked } from '../objective/pool.js';
import { openSession } from '../runtime/session.js';
import type { GateData, GateJob, TrainedGate } from './gate-data.js';
import { gatherRows, widthOf } from './gate-feeds.js';
import { runGate } from './gate-scores.js';

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

/** Answers of the pool about views, `wide` numbers each. */
async function pooled(
  { data, facts, pool }: GateJob,
  views: Int32Array,
  logWeights: Float32Array,
  wide: number,
  calibration: Calibration | undefined,
): Promise<Float32Array> {
  const experts = facts.experts.length;
  const width = widthOf(data);
  const { kind, state } = data.objective;
  const session = await openSession(poolGraph(objectives.get(kind), state, pool, calibration));
  const answers = new Float32Array(views.length * wide);
  for (let from = 0; from < views.length; from += sliceRows) {
    const part = views.subarray(from, from + sliceRows);
    const outputs = gatherRows(data.outputs, part, experts * width);
    const weights = logWeights.subarray(from * experts, (from + part.length) * experts);
    const { answer } = await session.run({
      outputs: { data: outputs, dims: [part.length, experts, width] },
      logWeights: { data: weights, dims: [part.length, experts] },
    });
    answers.set(answer!.data as Float32Array, from * wide);
  }
  await session.close();
  return answers;
}

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
  const { kind, state } = job.data.objective;
  const objective = objectives.get(kind);
  const experts = job.facts.experts.length;
  const own = calibration === undefined ? objective.outputs(state) : widthOf(job.data);
  const prior = objective.prior(state).subarray(0, own);
  const { mask, logWeights } = await runGate(job, trained, views, ['mask', 'logWeights']);
  const answers = await pooled(job, views, logWeights, prior.length, calibration);
  const first = Int32Array.from(views, (_, i) =>
    best(logWeights.subarray(i * experts, (i + 1) * experts)),
  );
  first.forEach((e, i) => {
    if (e < 0) answers.set(prior, i * prior.length);
  });
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
export function earnedBy(
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

/** The load that an outcome puts on the experts. */
export function loadOfOutcome(result: GateOutcome, targets: readonly number[]) {
  return loadOf(choicesOf(result.mask, targets.length), targets);
}
