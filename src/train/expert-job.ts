/** Phase 1, in a worker thread: trains one expert, says what it would have said of held-out rows. */
import type { Columns } from '../core/column.js';
import { type Random, random } from '../core/random.js';
import type { FieldPorts } from '../expert/expert.js';
import { experts } from '../expert/experts.js';
import { servingFeeds, trainingBatch } from '../mixture/feeds.js';
import { expertGraph } from '../mixture/graphs.js';
import type { ExpertPlan } from '../mixture/plan.js';
import { fieldOf, graphFeatures } from '../mixture/wiring.js';
import type { Truth } from '../objective/objective.js';
import { objectives } from '../objective/objectives.js';
import { openSession } from '../runtime/session.js';
import { createTrainer, type Trainer } from '../runtime/trainer.js';
import { linearRate } from '../tensor/optimiser.js';
import { input } from '../tensor/tensor.js';
import { trainingTrace } from '../tensor/trace.js';
import type { Learned } from '../tensor/trace-serving.js';
import { compact } from './compact.js';
import type { Parts } from './parts.js';
import { canAsk, type Hiding, hideGroups, type Views } from './view.js';

export interface ExpertJob {
  readonly expert: ExpertPlan;
  readonly ports: readonly string[];
  /** Ports of the fields it reads. */
  readonly fields: FieldPorts;
  /** Field index by name, as in `presence`. */
  readonly fieldIndex: Readonly<Record<string, number>>;
  readonly objective: { readonly kind: string; readonly state: unknown };
  readonly columns: Columns;
  readonly truth: Truth;
  readonly rowWeights: Float32Array;
  /** [N, F] */
  readonly presence: Uint8Array;
  readonly parts: Parts;
  readonly views: Views;
  readonly hiding?: Hiding;
  readonly seed: number;
}

export interface TrainedExpert {
  readonly learned: Learned;
  /** [V, W] raw outputs about the held-out views, by models that did not see those rows. */
  readonly heldOut: Float32Array;
  /** Passes over the rows of the final model. */
  readonly epochs: number;
  /** Mean calibrated loss on check rows at each look at them, over the folds. */
  readonly curve: readonly number[];
}

export interface ExpertProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly stage: 'fit' | 'refit';
  readonly loss?: number;
}

interface Context {
  readonly job: ExpertJob;
  readonly width: number;
  readonly count: number;
  readonly post: (progress: ExpertProgress) => void;
  /** Every fold trains the same graph from other starting values. */
  readonly trainer: Trainer;
}

function rowsWhere(count: number, test: (row: number) => boolean): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < count; row++) if (test(row)) rows.push(row);
  return Int32Array.from(rows);
}

function seedOf({ expert, seed }: ExpertJob, label: string): number {
  return random(seed, `${expert.name}/${label}`).word();
}

const labelOf = (fold: number): string => `fold${fold}`;

/** The training graph: raw outputs and loss, over the ports of the expert; begins as fold 0 does. */
async function makeTrainer(job: ExpertJob, width: number): Promise<Trainer> {
  const { expert, fields, ports } = job;
  const objective = objectives.get(job.objective.kind);
  const trace = trainingTrace();
  const outputs = experts
    .get(expert.kind)
    .build(width, expert.config)
    .forward(trace, graphFeatures(fields, ports));
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

/** Row indices for a port of a batch: -1 where its field is not visible. */
function visibleRows(job: ExpertJob, rows: Int32Array, visible: Uint8Array) {
  const width = visible.length / rows.length;
  return (port: string): Int32Array => {
    const f = job.fieldIndex[fieldOf(port)]!;
    const shown = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) shown[i] = visible[i * width + f] === 1 ? rows[i]! : -1;
    return shown;
  };
}

async function trainEpoch(
  context: Context,
  rows: Int32Array,
  stream: Random,
  factor: (done: number) => number,
): Promise<number> {
  const { job, width, trainer } = context;
  const { kind, config, schedule } = job.expert;
  const { batch } = schedule;
  const model = experts.get(kind).build(width, config);
  const objective = objectives.get(job.objective.kind);
  let total = 0;
  let steps = 0;
  for (let from = 0; from < rows.length; from += batch) {
    const part = rows.subarray(from, from + batch);
    const visible = hiddenPresence(job, part, stream.uniform);
    const { feeds, bags } = trainingBatch(job.ports, {
      columns: job.columns,
      rows: visibleRows(job, part, visible),
    });
    model.vary?.(feeds, stream);
    const truth = objective.feed(Float64Array.from(part, (row) => job.truth[row]!));
    const weight = Float32Array.from(part, (row) => job.rowWeights[row]!);
    const all = Int32Array.from(part.keys());
    const { loss } = await trainer.step({
      feeds: {
        ...feeds,
        '@truth': { data: truth, dims: [part.length, 1] },
        '@weight': { data: weight, dims: [part.length, 1] },
      },
      bags,
      rows: all,
      rateFactor: factor(from / rows.length),
    });
    total += loss;
    steps++;
  }
  return total / steps;
}

/** Raw outputs about views [from the list], by the serving graph of what was learned so far. */
async function say(context: Context, learned: Learned, views: Int32Array): Promise<Float32Array> {
  const { job, width } = context;
  const objective = objectives.get(job.objective.kind);
  const graph = {
    kind: job.expert.kind,
    config: job.expert.config,
    fields: job.fields,
    ports: job.ports,
    outputs: width,
  };
  const session = await openSession(expertGraph(graph, learned, objective));
  const out = new Float32Array(views.length * width);
  const fieldCount = Object.keys(job.fieldIndex).length;
  const slice = 64;
  for (let from = 0; from < views.length; from += slice) {
    const part = views.subarray(from, from + slice);
    const rows = part.map((view) => job.views.row[view]!);
    const visible = new Uint8Array(part.length * fieldCount);
    part.forEach((view, i) => {
      visible.set(
        job.views.visible.subarray(view * fieldCount, (view + 1) * fieldCount),
        i * fieldCount,
      );
    });
    const feeds = servingFeeds(job.ports, {
      columns: job.columns,
      rows: visibleRows(job, rows, visible),
    });
    const { output } = await session.run(feeds);
    out.set(output!.data as Float32Array, from * width);
  }
  await session.close();
  return out;
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

/** Whether the expert could be asked where these fields are given, [F] bits from `at` on. */
function isOpen({ expert, ports, fieldIndex }: ExpertJob, given: Uint8Array, at: number): boolean {
  const own = ports.map((port) => fieldIndex[fieldOf(port)]!);
  return canAsk(expert.needs, own, (f) => given[at + f] === 1);
}

/** Rows that teach: of a known label, and with fields that the expert reads. */
function fits(job: ExpertJob, row: number): boolean {
  const fields = Object.keys(job.fieldIndex).length;
  return job.rowWeights[row]! > 0 && isOpen(job, job.presence, row * fields);
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
async function trainFold(context: Context, fold: number): Promise<Fold> {
  const { job, count, trainer } = context;
  const { epochs, patience, every = 1 } = job.expert.schedule;
  const rows = rowsWhere(count, (row) => job.parts.fold[row] !== fold && fits(job, row));
  const fields = Object.keys(job.fieldIndex).length;
  const views = rowsWhere(
    job.views.row.length,
    (view) =>
      job.parts.fold[job.views.row[view]!] === fold &&
      isOpen(job, job.views.visible, view * fields),
  );
  const checks = views.filter((view) => job.parts.check[job.views.row[view]!] === 1);
  const stream = random(job.seed, `${job.expert.name}/${labelOf(fold)}`);
  if (fold > 0) trainer.restart(seedOf(job, labelOf(fold)));
  const said = views.map((view) => job.views.row[view]!);
  const { kept, ...small } = compact(job.fields, job.columns, said);
  const speaker: Context = { ...context, job: { ...job, ...small } };
  const curve: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  let best = { epoch: 0, learned: trainer.values(kept) };
  for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= patience; epoch++) {
    stream.shuffle(rows);
    await trainEpoch(context, rows, stream, (done) => linearRate(epochs)(epoch - 1 + done));
    if (epoch % every !== 0 && epoch !== epochs) continue;
    const learned = trainer.values(kept);
    const loss = checkLoss(context, await say(speaker, learned, checks), checks);
    curve.push(loss);
    least = Math.min(least, loss);
    if (isAsGood(loss, least)) best = { epoch, learned };
    context.post({ epoch, epochs, stage: 'fit', loss });
    if (loss < perfect) break;
  }
  return { curve, epoch: best.epoch, heldOut: await say(speaker, best.learned, views), views };
}

/** Trains on all rows for a fixed number of epochs, in which the step size falls to its end. */
async function refit(context: Context, epochs: number): Promise<Learned> {
  const { job, count, trainer } = context;
  const rows = rowsWhere(count, (row) => fits(job, row));
  const stream = random(job.seed, `${job.expert.name}/refit`);
  trainer.restart(seedOf(job, 'refit'));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    stream.shuffle(rows);
    await trainEpoch(context, rows, stream, (done) => linearRate(epochs)(epoch - 1 + done));
    context.post({ epoch, epochs, stage: 'refit' });
  }
  return trainer.values();
}

/** Trains against every held-out fold, then on all rows for the epochs that served best. */
export async function run(
  job: ExpertJob,
  post: (progress: ExpertProgress) => void,
): Promise<TrainedExpert> {
  const objective = objectives.get(job.objective.kind);
  const width = objective.outputs(job.objective.state);
  const trainer = await makeTrainer(job, width);
  const context: Context = { job, width, count: job.truth.length, post, trainer };
  const heldOut = new Float32Array(job.views.row.length * width);
  const folds: Fold[] = [];
  for (let fold = 0; fold < job.parts.folds; fold++) {
    const result = await trainFold(context, fold);
    result.views.forEach((view, i) => {
      heldOut.set(result.heldOut.subarray(i * width, (i + 1) * width), view * width);
    });
    folds.push(result);
  }
  const epochs = Math.max(
    1,
    Math.round(folds.reduce((sum, { epoch }) => sum + epoch, 0) / folds.length),
  );
  const longest = Math.max(...folds.map(({ curve }) => curve.length));
  const curve = Array.from({ length: longest }, (_, i) => {
    const losses = folds.flatMap(({ curve }) => (curve[i] === undefined ? [] : [curve[i]!]));
    return losses.reduce((a, b) => a + b, 0) / losses.length;
  });
  const learned = await refit(context, epochs);
  await trainer.close();
  return { learned, heldOut, epochs, curve };
}
