/** From trained gates to the chosen one: each is priced as the spec says, judged, and compared. */

import type { GatePlan } from '../mixture/plan.js';
import { cheapest, isPriced, penaltiesAt, pricedJobs } from './cascade.js';
import { choose } from './gate-choice.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { type Candidate, judge, type Reward } from './gate-judge.js';

/** Where a spec sets no price, what asking less may cost in the headline score on check rows. */
const defaultTolerance = 0.001;

/** What a spec says of the worth of gates. */
export interface Terms {
  readonly gate: Pick<GatePlan, 'cost' | 'tolerance'>;
  readonly reward?: Reward;
}

/** Trained gates as candidates: one each, or in a cascade without a given price the cheapest that is enough. */
export async function pick(
  { gate, reward }: Terms,
  jobs: readonly GateJob[],
  trained: readonly TrainedGate[],
  checks: Int32Array,
): Promise<{ chosen: Candidate; candidates: readonly Candidate[] }> {
  const first = jobs[0]!;
  const unit = first.facts.unit ?? 1;
  const cascade = isPriced(first);
  if (!cascade || reward !== undefined || gate.cost !== undefined) {
    const price = cascade && reward === undefined ? gate.cost! * unit : 0;
    const candidates: Candidate[] = [];
    for (const [i, job] of jobs.entries()) {
      const fixed = cascade ? { ...job, penalty: penaltiesAt(job, price) } : job;
      const judged = await judge(fixed, trained[i]!, checks, reward);
      const { worth, cost } = judged;
      candidates.push({ ...judged, worth: worth.map((value) => value - price * cost) });
    }
    return { chosen: choose(candidates), candidates };
  }
  const tried: Candidate[][] = [];
  for (const [i, job] of jobs.entries()) {
    const priced: Candidate[] = [];
    for (const one of await pricedJobs(job, trained[i]!, checks))
      priced.push(await judge(one, trained[i]!, checks, undefined));
    tried.push(priced);
  }
  const { tolerance = defaultTolerance } = gate;
  const chosen = cheapest(tried, tolerance, unit);
  return { chosen, candidates: tried.map((one) => cheapest([one], tolerance, unit)) };
}
