/** Phase 3: trains the gates that come into question, and chooses by what check rows say. */
import { groupedError, mean as meanOf, standardError } from '../core/statistic.js';
import { churn, loadOf } from '../gate/balance.js';
import { gates } from '../gate/gates.js';
import { isCascade } from '../gate/wish.js';
import { gateGraph, poolGraph } from '../mixture/graphs.js';
import { automaticGates, type GatePlan } from '../mixture/plan.js';
import type { Calibration, PoolName, Truth, Utility } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { notAsked } from '../objective/pool.js';
import { openSession } from '../runtime/session.js';
import { cheapest, type Judged, keepShare, penaltiesAt, pricedJobs } from './cascade.js';
import { type Checkpoint, runKept } from './checkpoint.js';
import type { GateData, GateJob, TrainedGate } from './gate-data.js';
import { gateFeeds, gatherRows } from './gate-feeds.js';
import type { GateProgress } from './gate-job.js';
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

/** Worth of a reward: utilities of answers and the price of asking each expert. */
export interface Reward {
  readonly utility: Utility;
  readonly prices: readonly number[];
}

function leavesDead({ targets, idle }: GateJob, result: GateOutcome): boolean {
  return loadOfOutcome(result, targets).dead.some((e) => !idle[e]);
}

async function judge(
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
      : rewardOf(result, truth, job.data, reward.utility, reward.prices);
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
  const counts = choices(mask, experts);
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

/**
 * Standard errors that a gain must exceed. A single row that makes all of a gain puts it one error
 * from nothing, whatever its size, and where a class is rare single rows do.
 */
const errors = { usual: 1, rare: 2 };

/**
 * Paired: does `a` gain over `b` more than the error of the difference? Rows of a group gain
 * together, so the error is that of groups; where a class is rare and lies in few groups, that is
 * no more certain than the error of rows, and the larger one counts.
 */
export function beats(a: Candidate, b: Candidate): boolean {
  const gain = a.worth.map((value, i) => value - b.worth[i]!);
  const ofGroups = groupedError(gain, a.unit);
  if (!isRare(a.job)) return meanOf(gain) > errors.usual * ofGroups;
  return meanOf(gain) > errors.rare * Math.max(standardError(gain), ofGroups);
}

/** No expert without work, then fewer experts asked, then a simpler gate. */
function simplicity({ job, dead }: Candidate): number {
  return (dead ? 1e4 : 0) + job.topK * 100 + automaticGates.indexOf(job.kind);
}

/**
 * Where a class is rare a handful of rows decides, and which expert was lucky with them says
 * little: more experts asked are the safer choice, and a product, in which no single one can be loud
 * for all.
 */
function safety({ job }: Candidate): number {
  const loud = job.pool === 'product' ? 0 : 0.5;
  return automaticGates.indexOf(job.kind) + loud - job.topK * 100;
}

/**
 * The candidate of most worth, unless a simpler one, or where a class is rare a safer one, cannot
 * be told from it.
 */
export function choose(candidates: readonly Candidate[]): Candidate {
  const byWorth = [...candidates].sort((a, b) => meanOf(b.worth) - meanOf(a.worth));
  const top = byWorth[0]!;
  const rank = isRare(top.job) ? safety : simplicity;
  const ranked = [...candidates].sort((a, b) => rank(a) - rank(b));
  return ranked.find((candidate) => candidate === top || !beats(top, candidate)) ?? top;
}

/** True for a cascade: its penalties are set when it is trained. */
function isPriced({ kind, shared }: GateJob): boolean {
  return isCascade(gates.get(kind), shared);
}

/** Where a spec sets no price, what asking less may cost in the headline score on check rows. */
const defaultTolerance = 0.001;

/** Trained gates as candidates: one each, or in a cascade without a given price the cheapest that is enough. */
async function pick(
  { gate, reward }: GatePhase,
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

export interface GatePhase {
  readonly gate: GatePlan;
  readonly base: Omit<GateJob, 'kind' | 'config' | 'pool' | 'topK'>;
  readonly reward?: Reward;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly checkpoint?: Checkpoint | undefined;
  readonly onProgress: (done: number, total: number, who: string, progress: GateProgress) => void;
}

export interface GateResult {
  /** As judged on check views. */
  readonly chosen: Candidate;
  /** The chosen gate, trained again on route and check views together, with its prices: what serves. */
  readonly served: { readonly job: GateJob; readonly trained: TrainedGate };
  /** Share of the load of each expert that is as it should be; of a cascade what check rows asked. */
  readonly targets: readonly number[];
  /** Every candidate with its mean worth, best first. */
  readonly tried: readonly {
    readonly gate: string;
    readonly pool: PoolName;
    readonly topK: number;
    readonly worth: number;
    readonly asked: number;
  }[];
  /** Share of check views whose first choice differs between two trainings that differ in the seed. */
  readonly churn: number;
  readonly checks: Int32Array;
}

/** True where the objective counts losses in less than a nat. */
function isRare({ facts }: Pick<GateJob, 'facts'>): boolean {
  return facts.unit !== undefined;
}

/**
 * The gates, pools and k that come into question: at most half of the experts, at most three; where
 * a class is rare all but one, at most three.
 */
function jobsOf({ gate, base }: GatePhase): GateJob[] {
  const experts = base.facts.experts.length;
  const kinds = gate.kind === 'auto' ? automaticGates : [gate.kind];
  const pools: PoolName[] = gate.pool === 'auto' ? ['mixture', 'product'] : [gate.pool];
  const asksAll = gate.kind !== 'auto' && gates.get(gate.kind).asksAll === true;
  const free = base.shared < 0 ? experts : experts - 1;
  const most = Math.max(1, Math.min(3, isRare(base) ? free - 1 : Math.floor(free / 2)));
  const ks = asksAll
    ? [experts]
    : gate.topK === 'auto'
      ? Array.from({ length: most }, (_, i) => i + 1)
      : [gate.topK];
  return kinds.flatMap((kind) =>
    pools.flatMap((pool) =>
      ks.map((topK): GateJob => {
        const config = gate.kind === 'auto' ? gates.get(kind).config.parse({}) : gate.config;
        const ports = gates.get(kind).readsPorts ? base.data.ports : [];
        return { ...base, data: { ...base.data, ports }, kind, config, pool, topK };
      }),
    ),
  );
}

const moduleUrl = new URL('./gate-job.js', import.meta.url).href;

/** Trains every candidate in worker threads, chooses one, and measures how stable its route is. */
export async function trainGates(phase: GatePhase): Promise<GateResult> {
  const jobs = jobsOf(phase);
  const { data } = phase.base;
  const checks = Int32Array.from([...data.check.keys()].filter((view) => data.check[view] === 1));
  const epochs = phase.gate.epochs;
  const done = new Array<number>(jobs.length + 2).fill(0);
  const sum = () => done.reduce((a, b) => a + b, 0);
  const total = (jobs.length + 2) * epochs;
  const nameOf = ({ kind, pool, topK }: GateJob) => `${kind}, ${pool}, k=${topK}`;
  const runAll = (list: readonly GateJob[], offset: number, what?: string) =>
    runKept<GateJob, TrainedGate>(moduleUrl, list, {
      threads: phase.threads,
      checkpoint: phase.checkpoint,
      labels: list.map((job) => `gate ${nameOf(job)}`),
      ...(what === undefined ? {} : { what }),
      ...(phase.signal === undefined ? {} : { signal: phase.signal }),
      onMessage(index, message) {
        const progress = message as GateProgress;
        done[offset + index] = progress.epoch;
        phase.onProgress(sum(), total, nameOf(list[index]!), progress);
      },
    });
  const trained = await runAll(jobs, 0, 'gates');
  const { chosen, candidates } = await pick(phase, jobs, trained, checks);
  const all = { ...chosen.job.data, check: new Uint8Array(data.check.length) };
  const [again, served] = (await runAll(
    [
      { ...chosen.job, seed: chosen.job.seed + 1 },
      { ...chosen.job, data: all },
    ],
    jobs.length,
  )) as [TrainedGate, TrainedGate];
  const likeChosen = (gate: TrainedGate): Promise<GateJob> =>
    isPriced(chosen.job)
      ? keepShare(chosen.job, gate, checks, chosen.beyond)
      : Promise.resolve(chosen.job);
  const before = await outcome(chosen.job, chosen.trained, checks);
  const after = await outcome(await likeChosen(again), again, checks);
  const tried = candidates
    .map(({ job, worth, asked }) => ({
      gate: job.kind,
      pool: job.pool,
      topK: job.topK,
      worth: meanOf(worth),
      asked,
    }))
    .sort((a, b) => b.worth - a.worth);
  const { targets } = phase.base;
  return {
    chosen,
    served: { job: await likeChosen(served), trained: served },
    targets: isPriced(chosen.job) ? loadOfOutcome(before, targets).shares : targets,
    tried,
    churn: churn(before.first, after.first),
    checks,
  };
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
