/** Phase 3, in a worker thread: trains one gate on what the experts said of held-out rows. */
import { type Random, random } from '../core/random.js';
import {
  auxiliaryLoss,
  type Load,
  loadOf,
  type Monitor,
  nudge,
  startMonitor,
  watch,
} from '../gate/balance.js';
import { type GateFacts, presencePort, sharedPort } from '../gate/gate.js';
import { gates } from '../gate/gates.js';
import { select, soften } from '../gate/route.js';
import { trainingBatch } from '../mixture/feeds.js';
import { type GateGraph, gateFeatures, gateGraph } from '../mixture/graphs.js';
import type { GatePlan } from '../mixture/plan.js';
import { fieldOf } from '../mixture/wiring.js';
import type { PoolName } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { openSession } from '../runtime/session.js';
import { createTrainer, type Trainer } from '../runtime/trainer.js';
import {
  add,
  constant,
  logSumExp,
  mean,
  mul,
  neg,
  softmax,
  square,
  sub,
  sum,
} from '../tensor/ops.js';
import { linearRate } from '../tensor/optimiser.js';
import { input, type Tensor } from '../tensor/tensor.js';
import { trainingTrace } from '../tensor/trace.js';
import type { Learned } from '../tensor/trace-serving.js';
import type { GateData } from './gate-data.js';
import { gateFeeds, gatherRows, sharedOf } from './gate-feeds.js';
import { type Settled, settle } from './settle.js';
import { startAverage } from './weight-average.js';

export interface GateJob {
  readonly data: GateData;
  readonly kind: string;
  readonly config: unknown;
  readonly pool: PoolName;
  readonly topK: number;
  readonly shared: number;
  readonly penalty: readonly number[];
  readonly facts: GateFacts;
  readonly targets: readonly number[];
  /** Experts that may be left without work: held-out rows have spoken against them. */
  readonly idle: readonly boolean[];
  readonly plan: Pick<
    GatePlan,
    'balance' | 'zLoss' | 'noise' | 'expertDropout' | 'epochs' | 'batch' | 'rate'
  >;
  readonly seed: number;
}

export interface GateProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly shares: readonly number[];
  readonly message?: string;
}

export interface TrainedGate {
  readonly learned: Learned;
  readonly bias: readonly number[];
  /** What the monitor changed, and why. */
  readonly messages: readonly string[];
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

function row(values: readonly number[]): Tensor {
  return constant(Float32Array.from(values), [1, values.length]);
}

/** Loss, and what the monitor reads; penalties are not part of the reported `nll`. */
function lossGraph(job: GateJob, scores: Tensor, noise: Tensor, width: number) {
  const { data, plan } = job;
  const experts = job.facts.experts.length;
  const objective = objectives.get(data.objective.kind);
  const open = input('open', ['B', experts]);
  const bias = add(input('bias', [1, experts]), noise);
  const route = { topK: job.topK, penalty: row(job.penalty), bias, shared: job.shared };
  const selected = select(scores, open, route);
  const share = soften(selected, open, input('temperature', []), job.shared);
  const pool = objective.pools[job.pool];
  const prior = objective.prior(data.objective.state);
  const pooled = pool.combine(
    input('outputs', ['B', experts, width]),
    pool.weights(scores, share),
    constant(prior, [1, prior.length]),
  );
  const truth = input('truth', ['B', 1], objective.truthType);
  const nll = neg(mean(objective.logLikelihood(pooled, truth), [0, 1]));
  const { unit = 1 } = job.facts;
  const z = mul(mean(square(logSumExp(scores, 1)), [0]), plan.zLoss * unit);
  const auxiliary = mul(
    auxiliaryLoss(selected.selection, selected.mask, job.targets),
    input('auxiliary', []),
  );
  const penalties = add(z, auxiliary);
  if (data.rewards === undefined) return { loss: add(nll, penalties), nll, mask: selected.mask };
  const gained = sum(mul(softmax(selected.selection), input('rewards', ['B', experts])), [0, 1]);
  const reward = mul(gained, input('rewardScale', []));
  return { loss: sub(add(mul(nll, rewardShare), penalties), reward), nll, mask: selected.mask };
}

/** With a reward the likelihood still shapes the weights, but the reward decides the route. */
const rewardShare = 0.1;

async function makeTrainer(job: GateJob, width: number): Promise<Trainer> {
  const { data, facts } = job;
  const trace = trainingTrace();
  const features = gateFeatures(
    { fields: data.fields, ports: data.ports, shared: job.shared },
    width,
    objectives.get(data.objective.kind),
  );
  const scores = gates.get(job.kind).scores(trace, features, facts, job.config);
  const noise = trace.noise(['B', facts.experts.length], Math.max(job.plan.noise, 1e-6));
  const { loss, nll, mask } = lossGraph(job, scores, noise, width);
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
function batchOf(job: GateJob, views: Int32Array, width: number, stream: Random) {
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
      ...(data.rewards === undefined
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

interface Balance {
  bias: number[];
  monitor: Monitor;
}

async function trainEpoch(
  job: GateJob,
  trainer: Trainer,
  views: Int32Array,
  width: number,
  stream: Random,
  epoch: number,
  balance: Balance,
) {
  const experts = job.facts.experts.length;
  const { plan } = job;
  const kind = balancing(job);
  const counts = new Array<number>(experts).fill(0);
  let total = 0;
  let steps = 0;
  for (let from = 0; from < views.length; from += plan.batch) {
    const done = epoch + from / views.length;
    const { feeds, bags } = batchOf(job, views.subarray(from, from + plan.batch), width, stream);
    const rows = Math.min(plan.batch, views.length - from);
    const auxiliary =
      kind === 'auxiliary'
        ? plan.balance.weight * (job.facts.unit ?? 1) * balance.monitor.strength
        : 0;
    const { extra } = await trainer.step({
      feeds: {
        ...feeds,
        bias: { data: Float32Array.from(balance.bias), dims: [1, experts] },
        temperature: scalar(temperatureAt(done / plan.epochs)),
        auxiliary: scalar(auxiliary),
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

const fewestSteps = 16;
const smallestBatch = 16;

/** The job with batches so small that few views still make some steps per epoch. */
function withEnoughSteps(job: GateJob, views: number): GateJob {
  const most = Math.max(smallestBatch, Math.round(views / fewestSteps));
  return { ...job, plan: { ...job.plan, batch: Math.min(job.plan.batch, most) } };
}

/** Trains the gate on the views that route and in which somebody can be asked. */
export async function run(
  given: GateJob,
  post: (progress: GateProgress) => void,
): Promise<TrainedGate> {
  const { data, plan, facts } = given;
  const experts = facts.experts.length;
  const even = new Array<number>(experts).fill(0);
  if (!gates.get(given.kind).learns)
    return { learned: { weights: {}, tables: {} }, bias: even, messages: [] };
  const width = objectives.get(data.objective.kind).answerWidth(data.objective.state);
  const names = facts.experts.map(({ name }) => name);
  const usable = (view: number) =>
    data.check[view] === 0 &&
    !Number.isNaN(data.truth[view]) &&
    data.open.subarray(view * experts, (view + 1) * experts).includes(1);
  const views = Int32Array.from([...data.views.row.keys()].filter(usable));
  const job = withEnoughSteps(given, views.length);
  const stream = random(job.seed, 'gate/order');
  const trainer = await makeTrainer(job, width);
  const balance: Balance = { bias: even, monitor: startMonitor };
  const messages: string[] = [];
  const { epochs } = plan;
  const average = startAverage();
  for (let epoch = 0; epoch < epochs; epoch++) {
    stream.shuffle(views);
    const { loss, counts } = await trainEpoch(job, trainer, views, width, stream, epoch, balance);
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
  const objective = objectives.get(data.objective.kind);
  const session = await openSession(
    gateGraph(graphOf(job, gate.bias), gate.learned, objective, width),
  );
  const scores = new Float32Array(views.length * experts);
  const slice = 512;
  for (let from = 0; from < views.length; from += slice) {
    const part = views.subarray(from, from + slice);
    const feeds = gateFeeds(job, part, width);
    const said = await session.run(
      Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]!])),
    );
    scores.set(said.scores!.data as Float32Array, from * experts);
  }
  await session.close();
  const open = gatherRows(data.open, views, experts);
  return settle({ scores, open, bias: gate.bias, penalty, topK, shared, targets, idle });
}

/** The serving graph's description of a trained gate. */
export function graphOf(job: GateJob, bias: readonly number[]): GateGraph {
  const { kind, config, facts, pool, topK, shared, penalty } = job;
  return {
    kind,
    config,
    fields: job.data.fields,
    ports: job.data.ports,
    facts,
    pool,
    topK,
    shared,
    bias,
    penalty,
  };
}
