/** The learned gate's race against the gates that learn nothing, with the same experts. */
import { controls, withControl } from '../mixture/control.js';
import type { Scores } from '../objective/objective.js';
import type { Predictor } from '../predict/predictor.js';
import { openPredictor, utilityOf } from '../predict/predictor.js';
import { decideAll, truthOf } from './decided.js';
import type { Labelled } from './evaluate.js';

export interface ControlScore {
  readonly metrics: Scores;
  readonly expertsPerRecord: number;
}

/** Scores of every control by its kind, on rows as this predictor reads them. */
export async function scoreControls(
  { bundle }: Predictor,
  { batch, target }: Pick<Labelled, 'batch' | 'target'>,
): Promise<Record<string, ControlScore>> {
  const found: Record<string, ControlScore> = {};
  for (const kind of controls) {
    const predictor = await openPredictor(withControl(bundle, kind));
    try {
      const { objective, state } = predictor.model;
      const { answers, asked } = await decideAll(predictor, batch);
      const truth = truthOf(predictor, target);
      found[kind] = {
        metrics: objective.score(answers, truth, state, utilityOf(predictor.model)),
        expertsPerRecord: asked / Math.max(1, batch.rows),
      };
    } finally {
      await predictor.close();
    }
  }
  return found;
}
