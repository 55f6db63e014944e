/** Prices of a cascade: from which expected gain on another expert is asked beside the shared one. */
import { mean, quantile } from '../core/statistic.js';
import { gates } from '../gate/gates.js';
import { isCascade } from '../gate/wish.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { gatherRows } from './gate-feeds.js';
import { runGate } from './gate-scores.js';

/** True for a cascade: its penalties are set when it is trained. */
export function isPriced({ kind, shared }: Pick<GateJob, 'kind' | 'shared'>): boolean {
  return isCascade(gates.get(kind), shared);
}

/** Prices far below and above any gain. */
const askAlways = -100;
const askNever = 1e4;

/** Shares of the rows about which somebody is asked that are tried as prices. */
const triedShares = [
  0, 0.02, 0.05, 0.08, 0.11, 0.14, 0.17, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9,
];

/**
 * What a gain must exceed: lambda x cost. Below 0, where even a loss is accepted since gains are
 * expected with an error, the price is the same for all, or it would favour the costly.
 */
const priceAt = (lambda: number, cost: number): number => (lambda > 0 ? lambda * cost : lambda);
const lambdaOf = (gain: number, cost: number): number => (gain > 0 ? gain / cost : gain);

/** Penalties [E] at a lambda; the shared expert has none. */
export function penaltiesAt({ facts, shared }: GateJob, lambda: number): number[] {
  return facts.experts.map(({ cost }, e) => (e === shared ? 0 : priceAt(lambda, cost)));
}

/** The largest lambda at which somebody is asked, per view where somebody can be. */
async function limits(
  job: GateJob,
  trained: TrainedGate,
  views: Int32Array,
): Promise<Float64Array> {
  const { data, facts, shared } = job;
  const experts = facts.experts.length;
  const { scores: gains } = await runGate(job, trained, views, ['scores']);
  const open = gatherRows(data.open, views, experts);
  const best = Float64Array.from(views, (_, i) =>
    facts.experts.reduce((most, { cost }, e) => {
      const at = i * experts + e;
      if (e === shared || open[at] !== 1) return most;
      return Math.max(most, lambdaOf(gains[at]!, cost));
    }, Number.NEGATIVE_INFINITY),
  );
  return best.filter(Number.isFinite);
}

/** The lambda at which somebody is asked about a share of the views. */
function lambdaAt(limit: Float64Array, share: number): number {
  if (share <= 0) return askNever;
  if (share >= 1 || limit.length === 0) return askAlways;
  return quantile(limit, 1 - share);
}

/** The job at every price that is tried, the cheapest to run first; the last one asks always. */
export async function pricedJobs(
  job: GateJob,
  trained: TrainedGate,
  views: Int32Array,
): Promise<GateJob[]> {
  const limit = await limits(job, trained, views);
  return [...triedShares, 1].map((share) => ({
    ...job,
    penalty: penaltiesAt(job, lambdaAt(limit, share)),
  }));
}

/** The job with the price at which a gate trained on other views asks about the same share of them. */
export async function keepShare(
  job: GateJob,
  trained: TrainedGate,
  views: Int32Array,
  share: number,
): Promise<GateJob> {
  const limit = await limits(job, trained, views);
  return { ...job, penalty: penaltiesAt(job, lambdaAt(limit, share)) };
}

/** What a priced gate came to on check views. */
export interface Judged {
  /** Per view. */
  readonly worth: Float64Array;
  /** The objective's headline score, so signed that more is better. */
  readonly headline: number;
  /** Mean cost per record of the experts asked. */
  readonly cost: number;
}

/** Nats that are not missed, as in training experts. */
const sameNats = 0.01;
/** And this share of what asking always gains over asking nobody. */
const kept = 0.75;
/** Costs that differ by less than this share are the same, and the first candidate is taken. */
const sameCost = 0.05;

const worth = (of: Judged): number => mean(of.worth);

/** Those whose scores are near enough to those of the best one that asks always. */
function enough<J extends Judged>(all: readonly (readonly J[])[], tolerance: number, unit: number) {
  const best = all.map((priced) => priced.at(-1)!).reduce((a, b) => (worth(b) > worth(a) ? b : a));
  const alone = Math.max(...all.map((priced) => worth(priced[0]!)));
  const slack = Math.max(sameNats * unit, (1 - kept) * (worth(best) - alone));
  return all
    .flat()
    .filter(
      (one) =>
        one === best ||
        (one.headline >= best.headline - tolerance && worth(one) >= worth(best) - slack),
    );
}

/**
 * The cheapest whose headline score is at most `tolerance` below that of the best one that asks
 * always, and whose likelihood keeps three quarters of what that one gains (or all but 0.01 `unit`s).
 * Each list has one gate at rising costs, of which the last asks always; simpler gates come first.
 */
export function cheapest<J extends Judged>(
  priced: readonly (readonly J[])[],
  tolerance: number,
  unit: number,
): J {
  const fit = enough(priced, tolerance, unit);
  const least = Math.min(...fit.map(({ cost }) => cost));
  return fit.find(({ cost }) => cost <= least * (1 + sameCost))!;
}
