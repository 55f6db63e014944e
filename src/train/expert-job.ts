/** Phase 1, in a worker thread: trains one expert, says what it would have said of held-out rows. */
import { type Random, type RandomState, random } from '../core/random.js';
import type { GradientModel } from '../expert/expert.js';
import { trainingBatch } from '../mixture/feeds.js';
import { modelOf } from '../mixture/graphs.js';
import { fieldOf, graphFeatures } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import { createTrainer, type Trainer, type TrainerState } from '../runtime/trainer.js';
import { linearRate } from '../tensor/rate.js';
import { input } from '../tensor/tensor.js';
import { trainingTrace } from '../tensor/trace.js';
import type { Learned } from '../tensor/trace-serving.js';
import type { ExpertJob, ExpertProgress, TrainedExpert } from './expert-types.js';
import { runFrozen } from './frozen-job.js';
import { type Keeper, noKeeper } from './keeper.js';
import { passesPerEpoch, windowsOf } from './passes.js';
import { placesWhere } from './places.js';
import { graphOfJob, say, selected, speakerOf } from './say.js';
import { openSource, type Source } from './source.js';
import { canAsk, hideGroups } from './view.js';

/** Rows in the order of their passes. */
export interface Order {
  readonly rows: Int32Array;
  readonly stream: Random;
  readonly label: string;
  /** Passes that are over. */
  epoch: number;
}

export interface Context {
  readonly job: ExpertJob;
  readonly model: GradientModel;
  readonly width: number;
  readonly count: number;
  readonly post: (progress: ExpertProgress) => void;
  /** Every fold trains the same graph from other starting values. */
  readonly trainer: Trainer;
  readonly source: Source;
  /** Says that a later run could go on from here. */
  readonly reached: (state: () => Reached) => void;
}

/** Where the fold or the refit is that is under way. */
export interface Reached {
  readonly rows: Int32Array;
  readonly stream: RandomState;
  readonly epoch: number;
  readonly trainer: TrainerState;
  /** In a fold. */
  readonly trial?: Trial;
}

/** What an interrupted run left: folds that are over, and what comes after them. */
interface Left extends Reached {
  readonly folds: readonly Fold[];
}

/** What a fold has seen so far. */
interface Trial {
  readonly curve: readonly number[];
  readonly least: number;
  readonly best: { readonly epoch: number; readonly learned: Learned };
}

export function seedOf({ expert, seed }: ExpertJob, label: string): number {
  return random(seed, `${expert.name}/${label}`).word();
}

const labelOf = (fold: number): string => `fold${fold}`;

/** Begins with the starting values of a label, or goes on where an interrupted run was. */
function beginOrder(
  { job, trainer }: Context,
  name: string,
  rows: Int32Array,
  left: Reached | undefined,
): Order {
  const label = `${job.expert.name}/${name}`;
  const order: Order = { rows, stream: random(job.seed, label), label, epoch: 0 };
  // A new trainer has begun as the first fold does.
  if (name !== labelOf(0)) trainer.restart(seedOf(job, name));
  if (left === undefined) return order;
  order.stream.load(left.stream);
  trainer.load(left.trainer);
  rows.set(left.rows);
  return { ...order, epoch: left.epoch };
}

function reachedBy({ trainer }: Context, { rows, stream, epoch }: Order): Reached {
  return { rows, stream: stream.state(), epoch, trainer: trainer.state() };
}

/**
 * The training graph: raw outputs and loss, over the ports of the expert; begins as fold 0 does, or
 * with the values given.
 */
export async function makeTrainer(
  job: ExpertJob,
  model: GradientModel,
  initial?: Learned,
): Promise<Trainer> {
  const { expert, fields, ports } = job;
  const objective = objectives.get(job.objective.kind);
  const trace = trainingTrace();
  const outputs = model.forward(trace, graphFeatures(fields, ports));
  const truth = input('@truth', ['B', 1], objective.truthType);
  const weight = input('@weight', ['B', 1]);
  const loss = objective.loss(outputs, truth, weight, expert.schedule.smoothing);
  const { rate, tableRate, weightDecay } = expert.schedule;
  return createTrainer({
    loss,
    weights: trace.weights,
    tables: trace.tables,
    draws: trace.draws,
    seed: seedOf(job, labelOf(0)),
    optimiser: { rate, tableRate, weightDecay, clip: 1 },
    ...(initial === undefined ? {} : { initial }),
  });
}

/** Where each row's fields are visible this time: presence, less what is hidden at random. */
function hiddenPresence(job: ExpertJob, rows: Int32Array, draw: () => number): Uint8Array {
  const width = Object.keys(job.fieldIndex).length;
  const visible = new Uint8Array(rows.length * width);
  rows.forEach((row, i) => {
    visible.set(job.presence.subarray(row * width, (row + 1) * width), i * width);
    if (job.hiding !== undefined) hideGroups(visible, i * width, job.hiding, draw);
  });
  return visible;
}

/** Steps over the given rows in their order; `factor` is the step size, from 0 to 1 of them done. */
async function trainOn(
  context: Context,
  rows: Int32Array,
  stream: Random,
  factor: (done: number) => number,
): Promise<void> {
  const { job, model, trainer, source } = context;
  const { batch } = job.expert.schedule;
  const objective = objectives.get(job.objective.kind);
  source.load(rows);
  for (let from = 0; from < rows.length; from += batch) {
    const part = rows.subarray(from, from + batch);
    const visible = hiddenPresence(job, part, stream.uniform);
    const { feeds, bags } = trainingBatch(job.ports, selected(job, source.pick(part), visible));
    model.vary?.(feeds, stream);
    const truth = objective.feed(Float64Array.from(part, (row) => job.truth[row]!));
    const weight = Float32Array.from(part, (row) => job.rowWeights[row]!);
    const all = Int32Array.from(part.keys());
    await trainer.step({
      feeds: {
        ...feeds,
        '@truth': { data: truth, dims: [part.length, 1] },
        '@weight': { data: weight, dims: [part.length, 1] },
      },
      bags,
      rows: all,
      rateFactor: factor(from / rows.length),
    });
  }
}

/** One pass: all rows, or where they are many a part of an epoch. Returns which one it was, from 1. */
export async function trainPass(context: Context, order: Order, passes: number): Promise<number> {
  const { job } = context;
  const { rows, stream, label, epoch } = order;
  const rate = linearRate(passes);
  const windows = windowsOf(rows, job.reading, epoch, stream, { seed: job.seed, label });
  let before = 0;
  for (const { rows: window, share } of windows) {
    const from = before;
    await trainOn(context, window, stream, (done) => rate(epoch + from + done * share));
    before += share;
  }
  order.epoch++;
  return order.epoch;
}

/**
 * Losses nearer than this are the same: which groups of rows are held out moves them more. In nats,
 * and as a share where losses are small.
 */
const sameNats = 0.01;
const sameShare = 0.02;

/** Nats below which there is nothing left to learn. */
const perfect = 1e-4;

const isAsGood = (loss: number, best: number): boolean =>
  loss <= best + Math.min(sameNats, sameShare * Math.abs(best));

interface Fold {
  readonly curve: readonly number[];
  readonly epoch: number;
  /** Outputs about this fold's views at that epoch. */
  readonly heldOut: Float32Array;
  readonly views: Int32Array;
}

/** Whether the expert could be asked where these fields are given: [F] bits of the row `at`. */
function opener({ expert, ports, fieldIndex }: ExpertJob) {
  const fields = Object.keys(fieldIndex).length;
  const own = [...new Set(ports.map((port) => fieldIndex[fieldOf(port)]!))];
  return (given: Uint8Array, at: number): boolean =>
    canAsk(expert.needs, own, (f) => given[at * fields + f] === 1);
}

/** Rows that teach: of a known label, and with fields that the expert reads. */
export function teaching(job: ExpertJob): (row: number) => boolean {
  const isOpen = opener(job);
  return (row) => job.rowWeights[row]! > 0 && isOpen(job.presence, row);
}

/** Calibrated loss of outputs about some views. */
function checkLoss(context: Context, outputs: Float32Array, views: Int32Array): number {
  const { job } = context;
  const objective = objectives.get(job.objective.kind);
  const truth = Float64Array.from(views, (view) => job.truth[job.views.row[view]!]!);
  return objective.stopLoss(outputs, truth, job.objective.state);
}

/**
 * Trains against one held-out fold with early stopping on its check rows. Of epochs as good as the
 * best the last is taken: an expert that is stopped early by luck would be refitted too briefly.
 */
async function trainFold(context: Context, fold: number, left?: Reached): Promise<Fold> {
  const { job, width, count, trainer } = context;
  const { patience, every = 1 } = job.expert.schedule;
  const [isOpen, teaches] = [opener(job), teaching(job)];
  const rows = placesWhere(count, (row) => job.parts.fold[row] !== fold && teaches(row));
  const views = placesWhere(
    job.views.row.length,
    (view) => job.parts.fold[job.views.row[view]!] === fold && isOpen(job.views.visible, view),
  );
  const checks = views.filter((view) => job.parts.check[job.views.row[view]!] === 1);
  const epochs = job.expert.schedule.epochs * passesPerEpoch(rows.length);
  const order = beginOrder(context, labelOf(fold), rows, left);
  const { speaker, kept } = speakerOf(job, width, views);
  const { trial } = left ?? {};
  const curve = [...(trial?.curve ?? [])];
  let least = trial?.least ?? Number.POSITIVE_INFINITY;
  let best = trial?.best ?? { epoch: 0, learned: trainer.values(kept) };
  const goesOn = (): boolean =>
    order.epoch < epochs && order.epoch < best.epoch + patience && !((curve.at(-1) ?? 1) < perfect);
  while (goesOn()) {
    const epoch = await trainPass(context, order, epochs);
    if (epoch % every === 0 || epoch === epochs) {
      const learned = trainer.values(kept);
      const loss = checkLoss(context, await say(speaker, learned, checks), checks);
      curve.push(loss);
      least = Math.min(least, loss);
      if (isAsGood(loss, least)) best = { epoch, learned };
      context.post({ epoch, epochs, stage: 'fit', loss });
    }
    context.reached(() => ({ ...reachedBy(context, order), trial: { curve, least, best } }));
  }
  return { curve, epoch: best.epoch, heldOut: await say(speaker, best.learned, views), views };
}

/** Trains on all rows for a fixed number of epochs, in which the step size falls to its end. */
export async function refit(context: Context, epochs: number, left?: Reached): Promise<Learned> {
  const { job, count, trainer } = context;
  const rows = placesWhere(count, teaching(job));
  const order = beginOrder(context, 'refit', rows, left);
  while (order.epoch < epochs) {
    const epoch = await trainPass(context, order, epochs);
    context.post({ epoch, epochs, stage: 'refit' });
    context.reached(() => reachedBy(context, order));
  }
  return trainer.values();
}

/**
 * Trains against every held-out fold, then on all rows for the epochs that served best; an imported
 * model is only asked.
 */
export async function run(
  job: ExpertJob,
  post: (progress: ExpertProgress) => void,
  keeper: Keeper = noKeeper,
): Promise<TrainedExpert> {
  const objective = objectives.get(job.objective.kind);
  const width = objective.outputs(job.objective.state);
  const model = modelOf(graphOfJob(job, job.fields, width));
  if (model.by === 'nothing') return runFrozen(job, model, width, post);
  const trainer = await makeTrainer(job, model);
  const source = openSource(job.source, job.ports);
  const left = keeper.kept as Left | undefined;
  const folds = [...(left?.folds ?? [])];
  const during = folds.length;
  const reached: Context['reached'] = (state) =>
    keeper.reached((): Left => ({ ...state(), folds }));
  const count = job.truth.length;
  const context: Context = { job, model, width, count, post, trainer, source, reached };
  const heldOut = new Float32Array(job.views.row.length * width);
  for (let fold = during; fold < job.parts.folds; fold++)
    folds.push(await trainFold(context, fold, fold === during ? left : undefined));
  for (const { heldOut: said, views } of folds)
    views.forEach((view, i) => {
      heldOut.set(said.subarray(i * width, (i + 1) * width), view * width);
    });
  const epochs = Math.max(
    1,
    Math.round(folds.reduce((sum, { epoch }) => sum + epoch, 0) / folds.length),
  );
  const longest = Math.max(...folds.map(({ curve }) => curve.length));
  const curve = Array.from({ length: longest }, (_, i) => {
    const losses = folds.flatMap(({ curve }) => (curve[i] === undefined ? [] : [curve[i]!]));
    return losses.reduce((a, b) => a + b, 0) / losses.length;
  });
  const learned = await refit(context, epochs, during === job.parts.folds ? left : undefined);
  await trainer.close();
  return { learned, heldOut, epochs, curve };
}
