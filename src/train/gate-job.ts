/** Phase 3, in a worker thread: trains one gate on what the experts said of held-out rows. */
import { random } from '../core/random.js';
import { type Load, loadOf, startMonitor, watch } from '../gate/balance.js';
import { gates } from '../gate/gates.js';
import { isCascade } from '../gate/wish.js';
import { objectives } from '../objective/objectives.js';
import { gainTargets } from './gain.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { type Balance, balancing, makeTrainer, softPart, trainEpoch } from './gate-epoch.js';
import { gatherRows } from './gate-feeds.js';
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
