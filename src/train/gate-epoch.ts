/** A gate that learns by gradient steps: its training graph, passes over the views, and its balancing. */
import { type Random, random } from '../core/random.js';
import {
  choicesOf,
  type Load,
  loadOf,
  type Monitor,
  nudge,
  startMonitor,
  watch,
} from '../gate/balance.js';
import { gates } from '../gate/gates.js';
import { wished } from '../gate/wish.js';
import { gateFeatures } from '../mixture/graphs.js';
import type { GatePlan } from '../mixture/plan.js';
import { objectives } from '../objective/objectives.js';
import { type Batch, createTrainer, type Trainer } from '../runtime/trainer.js';
import { linearRate } from '../tensor/rate.js';
import { trainingTrace } from '../tensor/trace.js';
import { isPriced } from './cascade.js';
import { gainTargets } from './gain.js';
import { batchOf, scalar } from './gate-batch.js';
import type { GateJob } from './gate-data.js';
import { widthOf } from './gate-feeds.js';
import { lossGraph } from './gate-loss.js';

/** Share of the epochs in which everybody is asked more or less, before the route is exact. */
export const softPart = 0.6;
const hottest = 2;
const coldest = 0.05;

/** Annealing: the softness of the route falls from 2 to 0.05, then stays. */
function temperatureAt(done: number): number {
  const part = Math.min(1, done / softPart);
  return hottest * (coldest / hottest) ** part;
}

/** The training graph of a gate. */
async function makeTrainer(job: GateJob): Promise<Trainer> {
  const { data, facts } = job;
  const trace = trainingTrace();
  const features = gateFeatures(
    { fields: data.fields, ports: data.ports, shared: job.shared },
    widthOf(data),
    objectives.get(data.objective.kind),
  );
  const said = wished(gates.get(job.kind), trace, features, facts, job);
  const noise = trace.noise(['B', facts.experts.length], Math.max(job.plan.noise, 1e-6));
  const { loss, nll, mask } = lossGraph(job, said, noise);
  return createTrainer({
    loss,
    extra: { nll, mask },
    weights: trace.weights,
    tables: trace.tables,
    draws: trace.draws,
    seed: random(job.seed, 'gate').word(),
    optimiser: { rate: job.plan.rate, tableRate: 0.001, weightDecay: 0.01, clip: 1 },
  });
}

/** A gate while it learns. */
export interface Learning {
  /** What the experts say of the views may change between two passes. */
  job: GateJob;
  readonly trainer: Trainer;
  /** Views that train it, in the order of the last pass. */
  readonly views: Int32Array;
  readonly stream: Random;
  /** [V, E] what a cascade learns to expect: see `gainTargets`. */
  readonly gains?: Float32Array;
  /** What balancing moves from batch to batch, and the monitor from pass to pass. */
  bias: readonly number[];
  monitor: Monitor;
}

/** Far above any gain: an expert that is always asked while a cascade trains. */
const always = 100;

/** A cascade in training: nothing draws it to targets, nobody has a price. */
function unpriced(job: GateJob): GateJob {
  const balance = { ...job.plan.balance, kind: 'none' } as const;
  return { ...job, penalty: job.penalty.map(() => 0), plan: { ...job.plan, balance } };
}

/** Readies a gate for its first pass over the views, which `label` puts into its order. */
export async function openLearning(
  given: GateJob,
  views: Int32Array,
  label: string,
): Promise<Learning> {
  const { experts } = given.facts;
  const stream = random(given.seed, label);
  const start = { views, stream, monitor: startMonitor };
  if (!isPriced(given)) {
    const trainer = await makeTrainer(given);
    return { ...start, job: given, trainer, bias: experts.map(() => 0) };
  }
  const job = unpriced(given);
  const gains = gainTargets(job.data, job.shared, experts.length);
  const bias = experts.map((_, e) => (e === job.shared ? 0 : always));
  return { ...start, job, trainer: await makeTrainer(job), bias, gains };
}

/**
 * How a gate is balanced while it learns. A gate that does not read the record can only send all
 * records of a pattern one way or the other, so that a push towards the targets makes its route worse
 * and no evener.
 */
function balancing({ kind, plan }: GateJob): GatePlan['balance']['kind'] {
  return gates.get(kind).readsPorts ? plan.balance.kind : 'none';
}

/** A step on some views when so many epochs are done. */
function stepOf(learning: Learning, part: Int32Array, done: number): Batch {
  const { job, stream, gains, bias, monitor } = learning;
  const { plan, facts } = job;
  const { feeds, bags } = batchOf(job, part, stream, gains);
  const auxiliary =
    balancing(job) === 'auxiliary' ? plan.balance.weight * (facts.unit ?? 1) * monitor.strength : 0;
  return {
    feeds: {
      ...feeds,
      bias: { data: Float32Array.from(bias), dims: [1, bias.length] },
      temperature: scalar(temperatureAt(done / plan.epochs)),
      auxiliary: scalar(auxiliary),
    },
    bags,
    rows: Int32Array.from(part.keys()),
    rateFactor: linearRate(plan.epochs, 0.05)(done),
  };
}

/** Moves the bias by what a batch chose, where that is how the gate is balanced. */
function moveBias(learning: Learning, chosen: readonly number[]): void {
  const { job, bias, monitor } = learning;
  if (balancing(job) !== 'bias') return;
  const { targets, plan } = job;
  const rate = plan.balance.rate * monitor.strength;
  learning.bias = nudge(bias, loadOf(chosen, targets).shares, targets, rate);
}

/** One pass over the views in a new order; `epoch` are done. Counts the choices of each expert. */
export async function trainEpoch(learning: Learning, epoch: number) {
  const { job, trainer, views, stream, bias } = learning;
  const counts = bias.map(() => 0);
  let total = 0;
  let steps = 0;
  stream.shuffle(views);
  for (let from = 0; from < views.length; from += job.plan.batch) {
    const part = views.subarray(from, from + job.plan.batch);
    const { extra } = await trainer.step(stepOf(learning, part, epoch + from / views.length));
    const chosen = choicesOf(extra.mask!, counts.length);
    chosen.forEach((count, e) => {
      counts[e]! += count;
    });
    moveBias(learning, chosen);
    total += extra.nll![0]!;
    steps++;
  }
  return { loss: total / steps, counts };
}

/** The load as the monitor should see it: nobody is dead or overloaded for the sake of idle experts. */
function awake(load: Load, idle: readonly boolean[]): Load {
  if (!idle.includes(true)) return load;
  return { ...load, dead: load.dead.filter((e) => !idle[e]), overloaded: [] };
}

/** Lets the monitor look at what was chosen; says the load, and what it changed of the balancing. */
export function watchLoad(learning: Learning, counts: readonly number[]) {
  const { job, monitor } = learning;
  const load = loadOf(counts, job.targets);
  if (balancing(job) === 'none') return { load, message: undefined };
  const names = job.facts.experts.map(({ name }) => name);
  const said = watch(monitor, awake(load, job.idle), names);
  learning.monitor = said.monitor;
  return { load, message: said.message };
}
