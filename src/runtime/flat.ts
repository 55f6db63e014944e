/** All weights, their gradients and moments as views of one flat buffer each. */
import { random } from '../core/random.js';
import { elements } from '../onnx/types.js';
import { initialise } from '../tensor/init.js';
import type { Weight } from '../tensor/trace.js';
import { type Adam, type AdamOptions, createAdam, stride } from './adam.js';
import type { Numbers } from './session.js';

export interface FlatWeights {
  readonly size: number;
  /** The optimiser's vectors, of which these weights are views. */
  readonly adam: Adam;
  /** Views of `weights` by weight name. */
  readonly views: ReadonlyMap<string, Float32Array>;
  /** `weight:<name>` for the training step. */
  readonly feeds: Readonly<Record<string, Numbers>>;
  /** `gradient:weight:<name>` for the training step. */
  readonly fetches: Readonly<Record<string, Numbers>>;
}

interface Place {
  readonly weight: Weight;
  readonly start: number;
  readonly end: number;
}

/** Those that decay come first; each starts at a cache line. */
function layOut(weights: readonly Weight[]): { places: Place[]; decaying: number; size: number } {
  let size = 0;
  const place = (weight: Weight): Place => {
    const start = size;
    const end = start + elements(weight.shape);
    size = Math.ceil(end / stride) * stride;
    return { weight, start, end };
  };
  const first = weights.filter(({ decay }) => decay).map(place);
  const decaying = size;
  const rest = weights.filter(({ decay }) => !decay).map(place);
  return { places: [...first, ...rest], decaying, size };
}

/** Lays out weights and fills them with their starting values. */
export function flatten(
  list: readonly Weight[],
  seed: number,
  optimiser: AdamOptions,
  initial: Readonly<Record<string, Float32Array>> = {},
): FlatWeights {
  const { places, decaying, size } = layOut(list);
  const adam = createAdam(size, decaying, optimiser);
  const views = new Map<string, Float32Array>();
  const feeds: Record<string, Numbers> = {};
  const fetches: Record<string, Numbers> = {};
  for (const { weight, start, end } of places) {
    const { name, shape: dims, init } = weight;
    const view = adam.weights.subarray(start, end);
    view.set(initial[name] ?? initialise(init, dims, random(seed, `weight/${name}`)));
    views.set(name, view);
    feeds[`weight:${name}`] = { data: view, dims };
    fetches[`gradient:weight:${name}`] = { data: adam.gradients.subarray(start, end), dims };
  }
  return { size, adam, views, feeds, fetches };
}
