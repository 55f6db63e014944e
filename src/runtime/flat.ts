/** All weights, their gradients and moments as views of one flat buffer each. */
import { random } from '../core/random.js';
import { elements } from '../onnx/types.js';
import { initialise } from '../tensor/init.js';
import type { Weight } from '../tensor/trace.js';
import type { Numbers } from './session.js';

/** Weights start at multiples of this many floats: a cache line. */
const alignment = 16;

export interface FlatWeights {
  readonly size: number;
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Views of `weights` by weight name. */
  readonly views: ReadonlyMap<string, Float32Array>;
  /** `weight:<name>` for the training step. */
  readonly feeds: Readonly<Record<string, Numbers>>;
  /** `gradient:weight:<name>` for the training step. */
  readonly fetches: Readonly<Record<string, Numbers>>;
  readonly optimiserFeeds: Readonly<Record<string, Numbers>>;
  /** Written over the state that is fed. */
  readonly optimiserFetches: Readonly<Record<string, Numbers>>;
}

interface Place {
  readonly weight: Weight;
  readonly start: number;
  readonly end: number;
}

function layOut(weights: readonly Weight[]): { places: Place[]; size: number } {
  let size = 0;
  const places = weights.map((weight) => {
    const start = size;
    const end = start + elements(weight.shape);
    size = Math.ceil(end / alignment) * alignment;
    return { weight, start, end };
  });
  return { places, size };
}

/** Lays out weights and fills them with their starting values. */
export function flatten(
  list: readonly Weight[],
  seed: number,
  initial: Readonly<Record<string, Float32Array>> = {},
): FlatWeights {
  const { places, size } = layOut(list);
  const vector = (): Float32Array => new Float32Array(size);
  const [weights, gradients, first, second, mask] = [
    vector(),
    vector(),
    vector(),
    vector(),
    vector(),
  ];
  const views = new Map<string, Float32Array>();
  const feeds: Record<string, Numbers> = {};
  const fetches: Record<string, Numbers> = {};
  for (const { weight, start, end } of places) {
    const { name, shape: dims, init, decay } = weight;
    const view = weights.subarray(start, end);
    view.set(initial[name] ?? initialise(init, dims, random(seed, `weight/${name}`)));
    views.set(name, view);
    feeds[`weight:${name}`] = { data: view, dims };
    fetches[`gradient:weight:${name}`] = { data: gradients.subarray(start, end), dims };
    mask.fill(decay ? 1 : 0, start, end);
  }
  const flat = (data: Float32Array): Numbers => ({ data, dims: [size] });
  const scalar = (): Numbers => ({ data: new Float32Array(1), dims: [] });
  const [p, m, v] = [flat(weights), flat(first), flat(second)];
  const state = { 'p:in': p, 'm:in': m, 'v:in': v, g: flat(gradients), decayMask: flat(mask) };
  const scalars = { stepSize: scalar(), epsilon: scalar(), decay: scalar() };
  return {
    ...{ size, weights, gradients, first, second, views, feeds, fetches },
    optimiserFeeds: { ...state, ...scalars },
    optimiserFetches: { p, m, v, norm: scalar() },
  };
}
