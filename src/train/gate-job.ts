/** Phase 3, in a worker thread: trains one gate on what the experts said of held-out rows. */
import { random } from '../core/random.js';
import { mean } from '../core/statistic.js';
import { type Load, loadOf, startMonitor, watch } from '../gate/balance.js';
import type { Gate } from '../gate/gate.js';
import { gates } from '../gate/gates.js';
import { isCascade } from '../gate/wish.js';
import { objectives } from '../objective/objectives.js';
import { experienceOf } from './experience.js';
import { gainTargets } from './gain.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { type Balance, balancing, makeTrainer, softPart, trainEpoch } from './gate-epoch.js';
import { gatherRows } from './gate-feeds.js';
import { loadOfOutcome, outcome } from './gate-outcome.js';
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

/** Views that route, whose truth is known, and in which somebody can be asked. */
function routeViews({ data, facts }: GateJob): Int32Array {
  const experts = facts.experts.length;
  const usable = (view: number) =>
    data.check[view] === 0 &&
    !Number.isNaN(data.truth[view]) &&
    data.open.subarray(view * experts, (view + 1) * experts).includes(1);
  return Int32Array.from([...data.views.row.keys()].filter(usable));
}

type Post = (progress: GateProgress) => void;

/** A gate that learns by gradient steps, epoch after epoch. */
async function byEpochs(given: GateJob, views: Int32Array, post: Post): Promise<TrainedGate> {
  const { data, facts } = given;
  const experts = facts.experts.length;
  const even = new Array<number>(experts).fill(0);
  const cascade = isCascade(gates.get(given.kind), given.shared);
  const names = facts.experts.map(({ name }) => name);
  const job = withEnoughSteps(cascade ? unpriced(given) : given, views.length);
  const width = widthOf(job);
  const stream = random(job.seed, 'gate/order');
  const trainer = await makeTrainer(job, width);
  const start = cascade ? even.map((_, e) => (e === job.shared ? 0 : always)) : even;
  const gains = cascade ? gainTargets(data, job.shared, experts) : undefined;
  const balance: Balance = { bias: start, monitor: startMonitor };
  const messages: string[] = [];
  const { epochs } = job.plan;
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
  return { learned, bias: cascade ? even : balance.bias, messages };
}

/** Views laid out for a gate that is fitted at once: they lie in memory together. */
const mostAtOnce = 20_000;

/** A gate whose kind finds what it learns at once, from views drawn by the seed where there are many. */
async function atOnce(
  job: GateJob,
  learn: NonNullable<Gate['fit']>,
  views: Int32Array,
): Promise<TrainedGate> {
  const drawn = random(job.seed, 'gate/drawn').shuffle(views.slice()).subarray(0, mostAtOnce);
  const learned = learn(await experienceOf(job, drawn), job.config, job.seed);
  return { learned, bias: job.facts.experts.map(() => 0), messages: [] };
}

/** With biases raised where an expert would be left dead. */
async function settled(job: GateJob, gate: TrainedGate, views: Int32Array): Promise<TrainedGate> {
  const { bias } = await settleBias(job, gate, views, widthOf(job));
  const messages = bias.flatMap((value, e) => {
    const raised = value - gate.bias[e]!;
    if (raised <= 0.5) return [];
    const { name } = job.facts.experts[e]!;
    return [`settling: bias of ${name} raised by ${raised.toFixed(2)} to keep it alive`];
  });
  return { ...gate, bias, messages: [...gate.messages, ...messages] };
}

/**
 * Trains the gate on the views that route and in which somebody can be asked. Of a cascade the
 * penalties are not used: they are set afterwards, see `cascade.ts`.
 */
export async function run(job: GateJob, post: Post): Promise<TrainedGate> {
  const gate = gates.get(job.kind);
  if (!gate.learns) {
    const bias = job.facts.experts.map(() => 0);
    return { learned: { weights: {}, tables: {} }, bias, messages: [] };
  }
  const views = routeViews(job);
  const trained =
    gate.fit === undefined ? await byEpochs(job, views, post) : await atOnce(job, gate.fit, views);
  const settles = job.plan.balance.kind !== 'none' && !isCascade(gate, job.shared);
  const settledGate = settles ? await settled(job, trained, views) : trained;
  if (gate.fit !== undefined) post(await reportOf(job, settledGate, views));
  return settledGate;
}

/** What is reported of a gate that was fitted at once: as if after its last epoch. */
async function reportOf(job: GateJob, gate: TrainedGate, views: Int32Array): Promise<GateProgress> {
  const { data, plan, targets } = job;
  const { kind, state } = data.objective;
  const truth = Float64Array.from(views, (view) => data.truth[view]!);
  const result = await outcome(job, gate, views);
  const loss = -mean(objectives.get(kind).likelihoods(result.answers, truth, state));
  const { epochs } = plan;
  return { epoch: epochs, epochs, loss, shares: loadOfOutcome(result, targets).shares };
}

function widthOf({ data: { objective } }: GateJob): number {
  return objectives.get(objective.kind).answerWidth(objective.state);
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
