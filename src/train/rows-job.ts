/** Phase 1 of a model that is fitted to rows: against every held-out fold, then to all rows. */
import { random } from '../core/random.js';
import type { Carried, FitTask, Fitting, RowsModel } from '../expert/expert.js';
import { objectives } from '../objective/objectives.js';
import { carriedRows, carriedViews, type Shown, showRows } from './carried.js';
import { labelOf, opener, teaching } from './expert-pass.js';
import type { ExpertJob, ExpertProgress, TrainedExpert } from './expert-types.js';
import type { Keeper } from './keeper.js';
import { placesWhere } from './places.js';
import { lossAbout } from './say.js';

/** Stages from one look at held-out rows to the next. */
const every = 5;

/** Parts into which rows are dealt where too few folds do that. */
const dealt = 5;

interface Context {
  readonly job: ExpertJob;
  readonly model: RowsModel;
  readonly width: number;
  readonly post: (progress: ExpertProgress) => void;
}

interface Fold {
  readonly curve: readonly number[];
  /** Stages that served best. */
  readonly stages: number;
  /** Outputs about this fold's views after them. */
  readonly heldOut: Float32Array;
  readonly views: Int32Array;
}

/** Folds keep groups together, and so do these parts where there are folds enough. */
function partOf({ parts }: ExpertJob, rows: Int32Array): Uint8Array {
  if (parts.folds > 2) return Uint8Array.from(rows, (row) => Math.max(0, parts.fold[row]!));
  return Uint8Array.from(rows, (row) => row % dealt);
}

/** Begins to fit the rows that `fits`, with an eye on held-out views. */
function begin(
  { job, model, width }: Context,
  label: string,
  fits: (row: number) => boolean,
  held: Carried,
): Fitting {
  const teaches = teaching(job);
  const stream = random(job.seed, `${job.expert.name}/${label}`);
  const rows = placesWhere(job.truth.length, (row) => fits(row) && teaches(row));
  const shown: Shown = showRows(job, rows, model.rows, stream.fork('rows'));
  const objective = objectives.get(job.objective.kind);
  const truth = Float64Array.from(shown.rows, (row) => job.truth[row]!);
  const task: FitTask = {
    ...carriedRows(job, shown),
    outputs: width,
    weights: Float32Array.from(shown.rows, (row) => job.rowWeights[row]!),
    part: partOf(job, shown.rows),
    slopes: (outputs, gradient, curvature) =>
      objective.slopes(outputs, truth, { gradient, curvature }),
    held,
    stream: stream.fork('fit'),
  };
  return model.begin(task);
}

/** Adds stages until held-out check rows gain no more, and goes back to the best. */
function fitFold(context: Context, fold: number): Fold {
  const { job, model, width, post } = context;
  const isOpen = opener(job);
  const views = placesWhere(
    job.views.row.length,
    (view) => job.parts.fold[job.views.row[view]!] === fold && isOpen(job.views.visible, view),
  );
  const checks = placesWhere(views.length, (i) => job.parts.check[job.views.row[views[i]!]!] === 1);
  const fitting = begin(
    context,
    labelOf(fold),
    (row) => job.parts.fold[row] !== fold,
    carriedViews(job, views),
  );
  const about = checks.map((place) => views[place]!);
  const curve: number[] = [];
  let best = { loss: Number.POSITIVE_INFINITY, stages: 1, said: fitting.said.slice() };
  for (let stage = 1; stage <= model.stages && stage <= best.stages + model.patience; stage++) {
    fitting.advance();
    if (stage % every !== 0 && stage < model.stages) continue;
    const said = new Float32Array(checks.length * width);
    checks.forEach((place, i) => {
      said.set(fitting.said.subarray(place * width, (place + 1) * width), i * width);
    });
    const loss = lossAbout(job, said, about);
    curve.push(loss);
    if (loss < best.loss) best = { loss, stages: stage, said: fitting.said.slice() };
    post({ epoch: stage, epochs: model.stages, stage: 'fit', loss });
  }
  return { curve, stages: best.stages, heldOut: best.said, views };
}

/** Held-out outputs of all folds [V, W]; the mean of their curves as far as all of them go. */
function joinFolds(folds: readonly Fold[], views: number, width: number) {
  const heldOut = new Float32Array(views * width);
  for (const { heldOut: said, views: own } of folds)
    own.forEach((view, i) => {
      heldOut.set(said.subarray(i * width, (i + 1) * width), view * width);
    });
  const shortest = Math.min(...folds.map(({ curve }) => curve.length));
  const curve = Array.from(
    { length: shortest },
    (_, i) => folds.reduce((sum, one) => sum + one.curve[i]!, 0) / folds.length,
  );
  return { heldOut, curve };
}

/** Fits against every held-out fold, then all rows for as many stages as served best. */
export function runRows(
  job: ExpertJob,
  model: RowsModel,
  width: number,
  post: (progress: ExpertProgress) => void,
  keeper: Keeper,
): TrainedExpert {
  const context: Context = { job, model, width, post };
  const folds = [...((keeper.kept as readonly Fold[] | undefined) ?? [])];
  for (let fold = folds.length; fold < job.parts.folds; fold++) {
    folds.push(fitFold(context, fold));
    keeper.reached(() => folds);
  }
  const stages = Math.max(
    1,
    Math.round(folds.reduce((sum, { stages }) => sum + stages, 0) / folds.length),
  );
  const fitting = begin(context, 'refit', () => true, carriedViews(job, new Int32Array(0)));
  for (let stage = 1; stage <= stages; stage++) {
    fitting.advance();
    if (stage % every === 0) post({ epoch: stage, epochs: stages, stage: 'refit' });
  }
  post({ epoch: stages, epochs: stages, stage: 'refit' });
  return {
    learned: fitting.learned(),
    ...joinFolds(folds, job.views.row.length, width),
    epochs: stages,
  };
}
