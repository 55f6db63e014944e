/** The clones of a joint phase: their steps, and what they say of every view. */
import { type Random, random } from '../core/random.js';
import { objectives } from '../objective/objectives.js';
import type { Trainer } from '../runtime/trainer.js';
import { linearRate } from '../tensor/optimiser.js';
import type { Learned } from '../tensor/trace-serving.js';
import {
  type Context,
  type ExpertJob,
  fits,
  makeTrainer,
  rowsWhere,
  say,
  seedOf,
  trainEpoch,
} from './expert-job.js';
import type { JointJob, JointProgress } from './joint-job.js';
import { perturbed } from './perturb.js';
import { calibrate, interleave } from './said.js';

const noise = 0.1;
/** A clone with less than this part of an even share of the rows is dead. */
const deadBelow = 0.2;

export interface Clones {
  readonly job: JointJob;
  readonly count: number;
  readonly contexts: readonly Context[];
  readonly fit: Int32Array;
  /** [V] 1 for views that the gate learns from. */
  readonly routes: Int32Array;
  readonly checks: Int32Array;
}

/** The expert as it is before anybody specialises, trained on the rows that fit. */
async function trainStart(context: Context, fit: Int32Array, epochs: number, fold: number) {
  const { job, trainer } = context;
  trainer.restart(seedOf(job, `joint${fold}`));
  const stream = random(job.seed, `${job.expert.name}/joint${fold}`);
  const rows = fit.slice();
  for (let epoch = 0; epoch < epochs; epoch++) {
    stream.shuffle(rows);
    await trainEpoch(context, rows, stream, (done) => linearRate(epochs)(epoch + done));
  }
  return trainer.values();
}

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
  { job, contexts, count, routes }: Clones,
  learned: readonly Learned[],
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
  for (const [k, context] of contexts.entries()) {
    const said = await say(context, learned[k]!, all);
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
  { contexts, fit, count, job }: Clones,
  responsibility: Float32Array,
  streams: readonly Random[],
  round: number,
): Promise<void> {
  for (const [k, context] of contexts.entries()) {
    const weights = context.job.rowWeights.map(
      (weight, row) => weight * responsibility[row * count + k]!,
    );
    const rows = fit.slice();
    streams[k]!.shuffle(rows);
    const own: Context = { ...context, job: { ...context.job, rowWeights: weights } };
    await trainEpoch(own, rows, streams[k]!, (done) => linearRate(job.rounds, 0.05)(round + done));
  }
}

/** Gives a clone that nobody needs the values of the busiest one, changed a little. */
export function revive(
  { contexts, count, job }: Clones,
  shares: readonly number[],
  round: number,
): string[] {
  const busiest = shares.indexOf(Math.max(...shares));
  return shares.flatMap((share, k) => {
    if (share >= deadBelow / count) return [];
    const name = job.gate.facts.experts[k]!.name;
    const said = `round ${round + 1}: ${name} answers for ${(share * 100).toFixed(1)} % of the rows`;
    if (job.gate.plan.balance.kind === 'none') return [said];
    const stream = random(job.expert.seed, `joint/revive/${round}/${k}`);
    contexts[k]!.trainer.restore(perturbed(contexts[busiest]!.trainer.values(), noise, stream));
    return [`${said}; it begins anew from ${job.gate.facts.experts[busiest]!.name}`];
  });
}

/** Responsibilities of views [V, K] laid out by row [N, K]; rows without a view are shared evenly. */
export function byRow({ job, count }: Clones, ofViews: Float32Array): Float32Array {
  const out = new Float32Array(job.expert.truth.length * count).fill(1 / count);
  job.gate.data.views.row.forEach((row, view) => {
    out.set(ofViews.subarray(view * count, (view + 1) * count), row * count);
  });
  return out;
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
  const own: ExpertJob = { ...expert, views: gate.data.views };
  const common = { job: own, width, count: expert.truth.length, post: () => undefined };
  const fit = rowsWhere(
    expert.truth.length,
    (r) => expert.parts.fold[r] !== job.fold && fits(expert, r),
  );
  const first: Context = { ...common, trainer: await makeTrainer(own, width) };
  post({ round: 0, rounds: job.rounds });
  const start = await trainStart(first, fit, job.epochs, job.fold);
  await first.trainer.close();
  const trainers: Trainer[] = [];
  for (let k = 0; k < count; k++) trainers.push(await makeTrainer(own, width, start));
  const views = gate.data.views.row;
  const held = (view: number) => expert.parts.fold[views[view]!] === job.fold;
  const known = (view: number) => !Number.isNaN(gate.data.truth[view]);
  const asks = (view: number) => gate.data.open[view * count] === 1;
  const use = (view: number, check: number) =>
    held(view) && known(view) && asks(view) && gate.data.check[view] === check;
  return {
    job,
    count,
    contexts: trainers.map((trainer, k) => ({
      ...common,
      job: { ...own, seed: random(expert.seed, `joint/clone${k}`).word() },
      trainer,
    })),
    fit,
    routes: rowsWhere(views.length, (view) => use(view, 0)),
    checks: rowsWhere(views.length, (view) => use(view, 1)),
  };
}
