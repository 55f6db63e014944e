/** After a joint phase, in a worker thread: one clone learns from all rows, weighted by its responsibility. */
import { objectives } from '../objective/objectives.js';
import type { Learned } from '../tensor/trace-serving.js';
import { refit } from './expert-job.js';
import { makeTrainer, type Reached } from './expert-pass.js';
import type { ExpertJob, ExpertProgress } from './expert-types.js';
import { clonedModel } from './joint-clones.js';
import { type Keeper, noKeeper } from './keeper.js';
import { openSource } from './source.js';

export interface CloneJob {
  /** Its `rowWeights` hold the responsibilities. */
  readonly expert: ExpertJob;
  /** The unspecialised expert, from which it starts. */
  readonly start: Learned;
  /** Passes over the rows: as many as served the clones of the folds best. */
  readonly epochs: number;
}

export async function run(
  { expert, start, epochs }: CloneJob,
  post: (progress: ExpertProgress) => void,
  keeper: Keeper = noKeeper,
): Promise<Learned> {
  const objective = objectives.get(expert.objective.kind);
  const width = objective.outputs(expert.objective.state);
  const model = clonedModel(expert, width);
  const trainer = await makeTrainer(expert, model, start);
  const source = openSource(expert.source, expert.ports);
  const { reached, kept } = keeper;
  const count = expert.truth.length;
  const context = { job: expert, model, width, count, post, trainer, source, reached };
  const learned = await refit(context, epochs, kept as Reached | undefined);
  await trainer.close();
  return learned;
}
