/** The predictor in Node. */
import type { Bundle } from '../mixture/bundle.js';
import { sessions } from '../runtime/session.js';
import { type Predictor, type PredictorOptions, predictorOver } from './decide.js';

export type { Predictor, PredictorOptions, RunOptions } from './decide.js';
export { utilityOf } from './decision-of.js';
export type { Routed } from './routed.js';

/** Opens a bundle for deciding. */
export function openPredictor(bundle: Bundle, options: PredictorOptions = {}): Promise<Predictor> {
  return predictorOver(sessions, bundle, options);
}
