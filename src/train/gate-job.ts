/** Phase 3, in a worker thread: trains one gate on what the experts said of held-out rows. */
import { random } from '../core/random.js';
import { mean } from '../core/statistic.js';
import type { Gate } from '../gate/gate.js';
import { gates } from '../gate/gates.js';
import { objectives } from '../objective/objectives.js';
import { isPriced } from './cascade.js';
import { experienceOf } from './experience.js';
import type { GateJob, TrainedGate } from './gate-data.js';
import { openLearning, softPart, trainEpoch, watchLoad } from './gate-epoch.js';
import { gatherRows } from './gate-feeds.js';
import { loadOfOutcome, outcome } from './gate-outcome.js';
import { runGate } from './gate-scores.js';
import { settle } from './settle.js';
import { startAverage } from './weight-average.js';

export interface GateProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly shares: readonly number[];
  readonly message?: string;
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
async function byEpochs(job: GateJob, views: Int32Array, post: Post): Promise<TrainedGate> {
  const learning = await openLearning(withEnoughSteps(job, views.length), views, 'gate/order');
  const { epochs } = job.plan;
  const messages: string[] = [];
  const average = startAverage();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const { loss, counts } = await trainEpoch(learning, epoch - 1);
    const { load, message } = watchLoad(learning, counts);
    if (message !== undefined) messages.push(`epoch ${epoch}: ${message}`);
    if (epoch > epochs * softPart) average.add(learning.trainer.values());
    const said = message === undefined ? {} : { message };
    post({ epoch, epochs, loss, shares: load.shares, ...said });
  }
  await learning.trainer.close();
  const bias = isPriced(job) ? job.facts.experts.map(() => 0) : learning.bias;
  return { learned: average.value(), bias, messages };
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

/** With biases raised, on the views that trained it, where an expert would be left dead. */
async function settled(job: GateJob, gate: TrainedGate, views: Int32Array): Promise<TrainedGate> {
  const { data, facts, penalty, topK, shared, targets, idle } = job;
  const { scores } = await runGate(job, gate, views, ['scores']);
  const open = gatherRows(data.open, views, facts.experts.length);
  const given = { scores, open, bias: gate.bias, penalty, topK, shared, targets, idle };
  const { bias } = await settle(given);
  const messages = bias.flatMap((value, e) => {
    const raised = value - gate.bias[e]!;
    if (raised <= 0.5) return [];
    const { name } = facts.experts[e]!;
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
  const settles = job.plan.balance.kind !== 'none' && !isPriced(job);
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
