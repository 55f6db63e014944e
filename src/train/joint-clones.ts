/** The clones of a joint phase: their steps, and what they say of every view. */
import { MonbanError } from '../core/fault.js';
import { random } from '../core/random.js';
import type { GradientModel } from '../expert/expert.js';
import { modelOf } from '../mixture/graphs.js';
import { objectives } from '../objective/objectives.js';
import type { Kept, Trainer } from '../runtime/trainer.js';
import {
  type Context,
  makeTrainer,
  type Order,
  seedOf,
  teaching,
  trainPass,
} from './expert-pass.js';
import type { ExpertJob } from './expert-types.js';
import type { JointJob, JointProgress } from './joint-types.js';
import { perturbed } from './perturb.js';
import { placesWhere } from './places.js';
import { calibrate, interleave } from './said.js';
import { graphOfJob, type Speaker, say, speakerOf } from './say.js';
import { openSource } from './source.js';

const noise = 0.1;
/** A clone with less than this part of an even share of the rows is dead. */
const deadBelow = 0.2;

export interface Clones {
  readonly job: JointJob;
  readonly count: number;
  readonly contexts: readonly Context[];
  /** What says something of all views, by tables that hold the ids of these. */
  readonly speaker: Speaker;
  readonly kept: Kept;
  /** The rows that fit, rising. */
  readonly fit: Int32Array;
  /** Views that the gate learns from. */
  readonly routes: Int32Array;
  readonly checks: Int32Array;
}

/** The expert as it is before anybody specialises, trained on all rows that fit. */
async function trainStart(context: Context, epochs: number, fold: number) {
  const { job, trainer } = context;
  const label = `${job.expert.name}/joint${fold}`;
  trainer.restart(seedOf(job, `joint${fold}`));
  const teaches = teaching(job);
  const rows = placesWhere(context.count, (row) => job.parts.fold[row] !== fold && teaches(row));
  const order: Order = { rows, stream: random(job.seed, label), label, epoch: 0 };
  while (order.epoch < epochs) await trainPass(context, order, epochs);
  return trainer.values();
}

/** The rounds are told and not the passes. */
const silent = { post: () => undefined, reached: () => undefined };

/** Fewer views of its own than this cannot calibrate a clone. */
const fewest = 30;

export interface Said {
  /** K times [V, W] raw. */
  readonly raw: readonly Float32Array[];
  /** [V, K, V'] calibrated. */
  readonly outputs: Float32Array;
  /** [V, K] */
  readonly likelihood: Float64Array;
}

/** What every clone says of every view, honest about the route views it is asked about. */
export async function sayAll(
  { job, contexts, speaker, kept, count, routes }: Clones,
  first: Int32Array | undefined,
): Promise<Said> {
  const objective = objectives.get(job.expert.objective.kind);
  const { state } = job.expert.objective;
  const { truth } = job.gate.data;
  const all = Int32Array.from(truth.keys());
  const raw: Float32Array[] = [];
  const calibrated: Float32Array[] = [];
  const likelihood = new Float64Array(all.length * count);
  const learns = new Uint8Array(all.length);
  for (const view of routes) learns[view] = 1;
  for (const [k, { trainer }] of contexts.entries()) {
    const said = await say(speaker, trainer.values(kept), all);
    const own = truth.map((value, view) =>
      learns[view] === 1 && (first === undefined || first[view] === k) ? value : Number.NaN,
    );
    const enough = own.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0) >= fewest;
    const shown = enough ? own : truth.map((value, v) => (learns[v] === 1 ? value : Number.NaN));
    const answers = await calibrate(
      objective,
      said,
      objective.calibrate(said, shown, state),
      state,
    );
    objective.likelihoods(answers, truth, state).forEach((value, view) => {
      likelihood[view * count + k] = value;
    });
    raw.push(said);
    calibrated.push(answers);
  }
  const width = objective.answerWidth(state);
  return { raw, outputs: interleave(calibrated, width), likelihood };
}

/** The given rows of an array of `size` numbers a row. */
export function rowsOf<A extends Float32Array | Float64Array>(
  array: A,
  rows: Int32Array,
  size: number,
): A {
  const out = array.slice(0, rows.length * size) as A;
  rows.forEach((row, i) => {
    out.set(array.subarray(row * size, (row + 1) * size) as never, i * size);
  });
  return out;
}

/** One pass of every clone over the rows that fit, weighted by its responsibility for them. */
export async function stepClones(
  { contexts, count, job }: Clones,
  responsibility: Float32Array,
  orders: readonly Order[],
): Promise<void> {
  for (const [k, context] of contexts.entries()) {
    const weights = context.job.rowWeights.map(
      (weight, row) => weight * responsibility[row * count + k]!,
    );
    const own: Context = { ...context, job: { ...context.job, rowWeights: weights } };
    await trainPass(own, orders[k]!, job.rounds);
  }
}

/** The clones that answer for next to nothing, with how that is said. */
export function deadOf({ count, job }: Clones, shares: readonly number[]): [number, string][] {
  return shares.flatMap((share, k): [number, string][] => {
    if (share >= deadBelow / count) return [];
    const { name } = job.gate.facts.experts[k]!;
    return [[k, `${name} answers for ${(share * 100).toFixed(1)} % of the rows`]];
  });
}

/** With balance, gives a clone that is dead the values of the busiest one, changed a little. */
export function revive(clones: Clones, shares: readonly number[], round: number): string[] {
  const { contexts, job } = clones;
  if (job.gate.plan.balance.kind === 'none') return [];
  const busiest = shares.indexOf(Math.max(...shares));
  return deadOf(clones, shares).map(([k, said]) => {
    const stream = random(job.expert.seed, `joint/revive/${round}/${k}`);
    contexts[k]!.trainer.restore(perturbed(contexts[busiest]!.trainer.values(), noise, stream));
    return `${said}; it begins anew from ${job.gate.facts.experts[busiest]!.name}`;
  });
}

/** Responsibilities of views [V, K] laid out by row [N, K]; other rows get none. */
export function byRow({ job, count }: Clones, ofViews: Float32Array): Float32Array {
  const out = new Float32Array(job.expert.truth.length * count);
  job.expert.views.row.forEach((row, view) => {
    out.set(ofViews.subarray(view * count, (view + 1) * count), row * count);
  });
  return out;
}

/** What every clone of an expert trains; throws MonbanError where nothing trains it. */
export function clonedModel(job: ExpertJob, width: number): GradientModel {
  const model = modelOf(graphOfJob(job, job.fields, width));
  if (model.by === 'gradient') return model;
  const { name, kind, clones } = job.expert;
  const where = `experts.${name}.clones`;
  const expected = `1 for the kind ${kind}, which takes no gradient steps`;
  throw new MonbanError({ where, expected, found: String(clones), todo: 'remove it' });
}

/** Trains the expert, unspecialised, on the rows that fit, and opens its copies. */
export async function openClones(
  job: JointJob,
  post: (progress: JointProgress) => void,
): Promise<Clones> {
  const { gate, expert } = job;
  const count = gate.facts.experts.length;
  const objective = objectives.get(expert.objective.kind);
  const width = objective.outputs(expert.objective.state);
  const source = openSource(expert.source, expert.ports);
  const model = clonedModel(expert, width);
  const common = { job: expert, model, width, count: expert.truth.length, source, ...silent };
  const first: Context = { ...common, trainer: await makeTrainer(expert, model) };
  post({ round: 0, rounds: job.rounds });
  const start = await trainStart(first, job.epochs, job.fold);
  await first.trainer.close();
  const trainers: Trainer[] = [];
  for (let k = 0; k < count; k++) trainers.push(await makeTrainer(expert, model, start));
  const views = expert.views.row;
  const all = Int32Array.from(views.keys());
  const held = (view: number) => expert.parts.fold[views[view]!] === job.fold;
  const asks = (view: number) =>
    !Number.isNaN(gate.data.truth[view]) && gate.data.open[view * count] === 1;
  const use = (view: number, check: number) =>
    held(view) && asks(view) && gate.data.check[view] === check;
  const { speaker, kept } = speakerOf(expert, width, all);
  return {
    ...{ job, count, speaker, kept },
    contexts: trainers.map((trainer, k) => ({
      ...common,
      job: { ...expert, seed: random(expert.seed, `joint/clone${k}`).word() },
      trainer,
    })),
    fit: Int32Array.from(views.filter((_, view) => !held(view))),
    routes: all.filter((view) => use(view, 0)),
    checks: all.filter((view) => use(view, 1)),
  };
}
