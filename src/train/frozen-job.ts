/** Phase 1 of an imported model: it is only asked, and what its numbers need to be read is fitted. */
import type { FrozenModel } from '../expert/expert.js';
import { adoptedBy } from '../mixture/expert-parts.js';
import { objectives } from '../objective/objectives.js';
import type { ExpertJob, ExpertProgress, TrainedExpert } from './expert-types.js';
import { say, speakerOf } from './say.js';

/** What a frozen model says of every held-out view: no row has trained it here. */
export async function runFrozen(
  job: ExpertJob,
  model: FrozenModel,
  outputs: number,
  post: (progress: ExpertProgress) => void,
): Promise<TrainedExpert> {
  const { views, truth, parts, expert } = job;
  const { state } = job.objective;
  const objective = objectives.get(job.objective.kind);
  const adopted = adoptedBy({ objective, state }, model, expert.name);
  const all = Int32Array.from(views.row.keys());
  const started = { weights: adopted.start, tables: {} };
  const { speaker } = speakerOf(job, outputs, all);
  const heard = await say(speaker, started, all);
  post({ epoch: 1, epochs: 1, stage: 'fit' });
  const known = (check: 0 | 1) =>
    Float64Array.from(views.row, (row) => (parts.check[row] === check ? truth[row]! : Number.NaN));
  const learned =
    adopted.fit === undefined ? started : { weights: adopted.fit(heard, known(0)), tables: {} };
  const heldOut = adopted.fit === undefined ? heard : await say(speaker, learned, all);
  post({ epoch: 1, epochs: 1, stage: 'refit' });
  return { learned, heldOut, epochs: 0, curve: [objective.stopLoss(heldOut, known(1), state)] };
}
