/** Phase 3, in a worker thread: trains one gate on what the experts said of held-out rows. */
import { type Random, random } from '../core/random.js';
import { type Load, loadOf, type Monitor, nudge, startMonitor, watch } from '../gate/balance.js';
import { presencePort, sharedPort } from '../gate/gate.js';
import { gates } from '../gate/gates.js';
import { isCascade, wished } from '../gate/wish.js';
import { trainingBatch } from '../mixture/feeds.js';
import { gateFeatures } from '../mixture/graphs.js';
import type { GatePlan } from '../mixture/plan.js';
import { fieldOf } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import { createTrainer, type Trainer } from '../runtime/trainer.js';
import { linearRate } from '../tensor/rate.js';
import { trainingTrace } from '../tensor/trace.js';
import { gainTargets } from './gain.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { gatherRows, sharedOf } from './gate-feeds.js';
import { lossGraph } from './gate-loss.js';
import { gateScores } from './gate-scores.js';
import { type Settled, settle } from './settle.js';
import { startAverage } from './weight-average.js';

export interface GateProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly shares: readonly number[];
  readonly message?: string;
}

/** Share of the epochs in which everybody is asked more or less, before the route is exact. */
const softPart = 0.6;
const hottest = 2;
const coldest = 0.05;

/** Annealing: the softness of the route falls from 2 to 0.05, then stays. */
function temperatureAt(done: number): number {
  const part = Math.min(1, done / softPart);
  return hottest * (coldest / hottest) ** part;
}

/** The training graph of a gate. */
export async function makeTrainer(job: GateJob, width: number): Promise<Trainer> {
  const { data, facts } = job;
  const trace = trainingTrace();
  const features = gateFeatures(
    { fields: data.fields, ports: data.ports, shared: job.shared },
    width,
    objectives.get(data.objective.kind),
  );
  const said = wished(gates.get(job.kind), trace, features, facts, job);
  const noise = trace.noise(['B', facts.experts.length], Math.max(job.plan.noise, 1e-6));
  const { loss, nll, mask } = lossGraph(job, said, noise, width);
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

/** Closes experts at random, so that back-ups are learned; never the last open one of a row. */
function dropExperts(open: Float32Array, experts: number, rate: number, stream: Random): void {
  for (let at = 0; at < open.length; at += experts) {
    let left = 0;
    for (let e = 0; e < experts; e++) left += open[at + e]!;
    for (let e = 0; e < experts && left > 1; e++) {
      if (open[at + e] !== 1 || stream.uniform() >= rate) continue;
      open[at + e] = 0;
      left--;
    }
  }
}

/** The feeds of one batch of views. */
function batchOf(
  job: GateJob,
  views: Int32Array,
  width: number,
  stream: Random,
  gains?: Float32Array,
) {
  const { data } = job;
  const experts = job.facts.experts.length;
  const names = Object.keys(data.fields);
  const presence = new Float32Array(views.length * names.length);
  views.forEach((view, i) => {
    presence.set(
      data.views.visible.subarray(view * names.length, (view + 1) * names.length),
      i * names.length,
    );
  });
  const rows = (port: string): Int32Array => {
    const f = names.indexOf(fieldOf(port));
    return views.map((view, i) =>
      presence[i * names.length + f] === 1 ? data.views.row[view]! : -1,
    );
  };
  const { feeds, bags } = trainingBatch(data.ports, { columns: data.columns, rows });
  const open = gatherRows(data.open, views, experts);
  dropExperts(open, experts, job.plan.expertDropout, stream);
  const outputs = gatherRows(data.outputs, views, experts * width);
  const truth = objectives
    .get(data.objective.kind)
    .feed(Float64Array.from(views, (view) => data.truth[view]!));
  return {
    bags,
    feeds: {
      ...feeds,
      [presencePort]: { data: presence, dims: [views.length, names.length] },
      open: { data: open, dims: [views.length, experts] },
      outputs: { data: outputs, dims: [views.length, experts, width] },
      truth: { data: truth, dims: [views.length, 1] },
      ...(job.shared < 0
        ? {}
        : {
            [sharedPort]: {
              data: sharedOf(outputs, job.shared, experts, width),
              dims: [views.length, width],
            },
          }),
      ...(gains === undefined
        ? {}
        : {
            gains: { data: gatherRows(gains, views, experts), dims: [views.length, experts] },
          }),
      ...(data.rewards === undefined || gains !== undefined
        ? {}
        : {
            rewards: {
              data: gatherRows(data.rewards, views, experts),
              dims: [views.length, experts],
            },
            rewardScale: scalar(1 / views.length),
          }),
    },
  };
}

const scalar = (value: number) => ({ data: Float32Array.of(value), dims: [] as number[] });

function countChoices(mask: Float32Array, experts: number, into: number[]): void {
  for (let i = 0; i < mask.length; i++) into[i % experts]! += mask[i]!;
}

/**
 * How a gate is balanced while it learns. A gate that does not read the record can only send all
 * records of a pattern one way or the other, so that a push towards the targets makes its route worse
 * and no evener.
 */
function balancing({ kind, plan }: GateJob): GatePlan['balance']['kind'] {
  return gates.get(kind).readsPorts ? plan.balance.kind : 'none';
}

/** What balancing moves from batch to batch. */
export interface Balance {
  bias: number[];
  monitor: Monitor;
}

/** One pass over the views; counts the choices of each expert. */
export async function trainEpoch(
  job: GateJob,
  trainer: Trainer,
  views: Int32Array,
  width: number,
  stream: Random,
  epoch: number,
  balance: Balance,
  gains?: Float32Array,
) {
  const experts = job.facts.experts.length;
  const { plan } = job;
  const kind = balancing(job);
  const counts = new Array<number>(experts).fill(0);
  let total = 0;
  let steps = 0;
  for (let from = 0; from < views.length; from += plan.batch) {
    const done = epoch + from / views.length;
    const { feeds, bags } = batchOf(
      job,
      views.subarray(from, from + plan.batch),
      width,
      stream,
      gains,
    );
    const rows = Math.min(plan.batch, views.length - from);
    const auxiliary =
      kind === 'auxiliary'
        ? plan.balance.weight * (job.facts.unit ?? 1) * balance.monitor.strength
        : 0;
    const { extra } = await trainer.step({
      feeds: {
        ...feeds,
        bias: { data: Float32Array.from(balance.bias), dims: [1, experts] },
        ...(gains === undefined
          ? {
              temperature: scalar(temperatureAt(done / plan.epochs)),
              auxiliary: scalar(auxiliary),
            }
          : {}),
      },
      bags,
      rows: Int32Array.from({ length: rows }, (_, i) => i),
      rateFactor: linearRate(plan.epochs, 0.05)(done),
    });
    const chosen = new Array<number>(experts).fill(0);
    countChoices(extra.mask!, experts, chosen);
    chosen.forEach((count, e) => {
      counts[e]! += count;
    });
    if (kind === 'bias') {
      const loads = loadOf(chosen, job.targets).shares;
      balance.bias = nudge(
        balance.bias,
        loads,
        job.targets,
        plan.balance.rate * balance.monitor.strength,
      );
    }
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

/** Far above any gain: an expert that is always asked while a cascade trains. */
const always = 100;

/** A cascade in training: nothing draws it to targets, nobody has a price. */
function unpriced(job: GateJob): GateJob {
  const balance = { ...job.plan.balance, kind: 'none' } as const;
  return { ...job, penalty: job.penalty.map(() => 0), plan: { ...job.plan, balance } };
}

const fewestSteps = 16;
const smallestBatch = 16;

/** The job with batches so small that few views still make some steps per epoch. */
function withEnoughSteps(job: GateJob, views: number): GateJob {
  const most = Math.max(smallestBatch, Math.round(views / fewestSteps));
  return { ...job, plan: { ...job.plan, batch: Math.min(job.plan.batch, most) } };
}

/**
 * Trains the gate on the views that route and in which somebody can be asked. Of a cascade the
 * penalties are not used: they are set afterwards, see `cascade.ts`.
 */
export async function run(
  given: GateJob,
  post: (progress: GateProgress) => void,
): Promise<TrainedGate> {
  const { data, facts } = given;
  const experts = facts.experts.length;
  const even = new Array<number>(experts).fill(0);
  if (!gates.get(given.kind).learns)
    return { learned: { weights: {}, tables: {} }, bias: even, messages: [] };
  const cascade = isCascade(gates.get(given.kind), given.shared);
  const width = objectives.get(data.objective.kind).answerWidth(data.objective.state);
  const names = facts.experts.map(({ name }) => name);
  const usable = (view: number) =>
    data.check[view] === 0 &&
    !Number.isNaN(data.truth[view]) &&
    data.open.subarray(view * experts, (view + 1) * experts).includes(1);
  const views = Int32Array.from([...data.views.row.keys()].filter(usable));
  const job = withEnoughSteps(cascade ? unpriced(given) : given, views.length);
  const { plan } = job;
  const stream = random(job.seed, 'gate/order');
  const trainer = await makeTrainer(job, width);
  const start = cascade ? even.map((_, e) => (e === job.shared ? 0 : always)) : even;
  const gains = cascade ? gainTargets(data, job.shared, experts) : undefined;
  const balance: Balance = { bias: start, monitor: startMonitor };
  const messages: string[] = [];
  const { epochs } = plan;
  const average = startAverage();
  for (let epoch = 0; epoch < epochs; epoch++) {
    stream.shuffle(views);
    const { loss, counts } = await trainEpoch(
      job,
      trainer,
      views,
      width,
      stream,
      epoch,
      balance,
      gains,
    );
    const load = loadOf(counts, job.targets);
    const said =
      balancing(job) === 'none'
        ? { monitor: balance.monitor }
        : watch(balance.monitor, awake(load, job.idle), names);
    balance.monitor = said.monitor;
    const message = 'message' in said ? said.message : undefined;
    if (message !== undefined) messages.push(`epoch ${epoch + 1}: ${message}`);
    if (epoch + 1 > epochs * softPart) average.add(trainer.values());
    post({
      epoch: epoch + 1,
      epochs,
      loss,
      shares: load.shares,
      ...(message === undefined ? {} : { message }),
    });
  }
  const learned = average.value();
  await trainer.close();
  if (cascade) return { learned, bias: even, messages };
  if (plan.balance.kind === 'none') return { learned, bias: balance.bias, messages };
  const settled = await settleBias(job, { learned, bias: balance.bias, messages }, views, width);
  settled.bias.forEach((value, e) => {
    const raised = value - balance.bias[e]!;
    if (raised > 0.5)
      messages.push(
        `settling: bias of ${names[e]} raised by ${raised.toFixed(2)} to keep it alive`,
      );
  });
  return { learned, bias: settled.bias, messages };
}

/** Settles the biases on the views that trained the gate. */
async function settleBias(
  job: GateJob,
  gate: TrainedGate,
  views: Int32Array,
  width: number,
): Promise<Settled> {
  const { data, facts, penalty, topK, shared, targets, idle } = job;
  const experts = facts.experts.length;
  const scores = await gateScores(job, gate, views, width);
  const open = gatherRows(data.open, views, experts);
  return settle({ scores, open, bias: gate.bias, penalty, topK, shared, targets, idle });
}
