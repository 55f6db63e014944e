/** AdamW over one flat vector as a graph, and learning-rate schedules as functions. */
import { add, div, mul, square, sub } from './op/arithmetic.js';
import { reshape } from './op/broadcast.js';
import { minimum } from './op/choose.js';
import { sqrt } from './op/function.js';
import { matmul } from './op/matmul.js';
import { input, type Tensor } from './tensor.js';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  /** The largest norm of the whole gradient; longer ones are scaled down. */
  readonly clip: number;
  /** Whether weights decay; without it the graph needs no `decayMask` and no `decay`. */
  readonly decays: boolean;
}

/** The Euclidean norm of a vector [n]. */
function norm(g: Tensor): Tensor {
  const row = reshape(g, [1, ...g.shape]);
  return sqrt(reshape(matmul(row, row, { transposeB: true }), []));
}

/**
 * One step of AdamW (Loshchilov & Hutter 2019), corrected as in section 2 of Kingma & Ba 2015.
 * Inputs: `p`, `m`, `v`, `g`, `decayMask` [n]; scalars `stepSize`, `epsilon`, `decay` from
 * `adamScalars`. Every reader of p, m and v comes before its writer, so the outputs `p`, `m`, `v`
 * may be written over the inputs. `norm` is that of the gradient before clipping.
 */
export function adamW(
  size: number,
  { beta1, beta2, clip, decays }: AdamOptions,
): Record<string, Tensor> {
  const vector = (name: string): Tensor => input(name, [size]);
  const p = vector('p:in');
  const g = vector('g');
  const length = norm(g);
  const scale = minimum(div(clip, add(length, 1e-12)), 1);
  const m = add(mul(vector('m:in'), beta1), mul(g, mul(scale, 1 - beta1)));
  const v = add(mul(vector('v:in'), beta2), mul(square(g), mul(square(scale), 1 - beta2)));
  const change = mul(div(m, add(sqrt(v), input('epsilon', []))), input('stepSize', []));
  const kept = decays ? sub(p, mul(p, mul(vector('decayMask'), input('decay', [])))) : p;
  return { p: sub(kept, change), m, v, norm: length };
}

/** The scalars of step number `step` (from 1). */
export function adamScalars(
  step: number,
  {
    rate,
    beta1,
    beta2,
    weightDecay,
  }: { rate: number; beta1: number; beta2: number; weightDecay: number },
): { stepSize: number; epsilon: number; decay: number } {
  const second = Math.sqrt(1 - beta2 ** step);
  const stepSize = (rate * second) / (1 - beta1 ** step);
  return { stepSize, epsilon: 1e-8 * second, decay: rate * weightDecay };
}

/** From a step (from 0) to a factor of the learning rate. */
export type Schedule = (step: number) => number;

/** Always the full rate. */
export const constantRate: Schedule = () => 1;

/** Rises over `warmUp` steps, then falls along half a cosine to `floor` at step `total`. */
export function cosineRate(total: number, warmUp = 0, floor = 0): Schedule {
  return (step) => {
    if (step < warmUp) return (step + 1) / warmUp;
    const part = Math.min(1, (step - warmUp) / Math.max(1, total - warmUp));
    return floor + ((1 - floor) * (1 + Math.cos(Math.PI * part))) / 2;
  };
}

/** Falls in a straight line from 1 to `floor` at step `total`. */
export function linearRate(total: number, floor = 0): Schedule {
  return (step) => 1 - (1 - floor) * Math.min(1, step / Math.max(1, total));
}
