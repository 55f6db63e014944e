/** What every training of an expert does: a graph, an order of rows, one pass over them. */
import { type Random, type RandomState, random } from '../core/random.js';
import type { GradientModel } from '../expert/expert.js';
import { trainingBatch } from '../mixture/feeds.js';
import { fieldOf, graphFeatures } from '../mixture/wiring.js';
import { objectives } from '../objective/objectives.js';
import { createTrainer, type Trainer, type TrainerState } from '../runtime/trainer.js';
import { average } from '../tensor/blocks.js';
import { linearRate } from '../tensor/rate.js';
import { input } from '../tensor/tensor.js';
import { trainingTrace } from '../tensor/trace.js';
import type { Learned } from '../tensor/trace-serving.js';
import type { ExpertJob, ExpertProgress } from './expert-types.js';
import { windowsOf } from './passes.js';
import { selected } from './say.js';
import type { Source } from './source.js';
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

/** What a fold has seen so far. */
export interface Trial {
  readonly curve: readonly number[];
  readonly least: number;
  readonly best: { readonly epoch: number; readonly learned: Learned };
}

export function seedOf({ expert, seed }: ExpertJob, label: string): number {
  return random(seed, `${expert.name}/${label}`).word();
}

export const labelOf = (fold: number): string => `fold${fold}`;

/** Begins with the starting values of a label, or goes on where an interrupted run was. */
export function beginOrder(
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

export function reachedBy({ trainer }: Context, { rows, stream, epoch }: Order): Reached {
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
  const features = graphFeatures(fields, ports);
  const each = model.each?.(trace, features) ?? [model.forward(trace, features)];
  const truth = input('@truth', ['B', 1], objective.truthType);
  const weight = input('@weight', ['B', 1]);
  const { smoothing } = expert.schedule;
  const losses = each.map((outputs) => objective.loss(outputs, truth, weight, smoothing));
  const { rate, tableRate, weightDecay } = expert.schedule;
  return createTrainer({
    loss: average(losses),
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

/** Whether the expert could be asked where these fields are given: [F] bits of the row `at`. */
export function opener({ expert, ports, fieldIndex }: ExpertJob) {
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
