/** Phase 3: trains the gates that come into question, and chooses by what check rows say. */
import { mean } from '../core/statistic.js';
import { churn } from '../gate/balance.js';
import { gates } from '../gate/gates.js';
import { automaticGates, type GatePlan } from '../mixture/plan.js';
import type { PoolName } from '../objective/objective.js';
import { isPriced, keepShare } from './cascade.js';
import { type Checkpoint, runKept } from './checkpoint.js';
import { isRare } from './gate-choice.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import type { GateProgress } from './gate-job.js';
import type { Candidate, Reward } from './gate-judge.js';
import { loadOfOutcome, outcome } from './gate-outcome.js';
import { pick } from './gate-pick.js';

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
      worth: mean(worth),
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
