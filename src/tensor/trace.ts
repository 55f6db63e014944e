/** Traces: a model's graph is built through one, once for training and again for serving. */
export { type Learned, type ServingTrace, servingTrace } from './trace-serving.js';
export { type Draw, type TrainingTrace, trainingTrace } from './trace-training.js';
export type {
  Bag,
  Feature,
  Features,
  TableUse,
  Trace,
  Weight,
  WeightOptions,
} from './trace-types.js';
export { within } from './within.js';
