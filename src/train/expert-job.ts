/** Phase 1, in a worker thread: trains one expert, says what it would have said of held-out rows. */
import { modelOf } from '../mixture/graphs.js';
import { objectives } from '../objective/objectives.js';
import type { Learned } from '../tensor/trace-serving.js';
import {
  beginOrder,
  type Context,
  labelOf,
  makeTrainer,
  opener,
  type Reached,
  reachedBy,
  teaching,
  trainPass,
} from './expert-pass.js';
import type { ExpertJob, ExpertProgress, TrainedExpert } from './expert-types.js';
import { runFrozen } from './frozen-job.js';
import { type Keeper, noKeeper } from './keeper.js';
import { passesPerEpoch } from './passes.js';
import { placesWhere } from './places.js';
import { runRows } from './rows-job.js';
import { graphOfJob, lossAbout, say, speakerOf } from './say.js';
import { openSource } from './source.js';

/** What an interrupted run left: folds that are over, and what comes after them. */
interface Left extends Reached {
  readonly folds: readonly Fold[];
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
      const loss = lossAbout(job, await say(speaker, learned, checks), checks);
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
  if (model.by === 'rows') return runRows(job, model, width, post, keeper);
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
