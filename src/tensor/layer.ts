/** Layers: operators with learned weights. */
import type { Init } from './init.js';
import { add } from './op/arithmetic.js';
import { relu, silu, tanh } from './op/function.js';
import { affine, matmul } from './op/matmul.js';
import { normalise } from './op/normalise.js';
import type { Tensor } from './tensor.js';
import type { Trace } from './trace-types.js';

const activations = { relu, silu, tanh };

export type Activation = keyof typeof activations;

/** Applies an activation by name. */
export function activation(name: Activation, x: Tensor): Tensor {
  return activations[name](x);
}

export interface LinearOptions {
  /** How the matrix starts; he by default. */
  readonly init?: Init;
  /** Whether a bias is added, from zero; true by default. */
  readonly bias?: boolean;
}

/** x W + b: x [.., n] to [.., width]. */
export function linear(
  t: Trace,
  name: string,
  x: Tensor,
  width: number,
  { init = { kind: 'he' }, bias = true }: LinearOptions = {},
): Tensor {
  const length = x.shape.at(-1);
  if (typeof length !== 'number') throw new Error(`linear ${name}: the last axis has no length`);
  const w = t.weight(`${name}/weight`, [length, width], init);
  if (!bias) return matmul(x, w);
  const b = t.weight(`${name}/bias`, [width], { kind: 'zeros' });
  return x.shape.length === 2 ? affine(x, w, b) : add(matmul(x, w), b);
}

/** Linear layers of several networks at once, each with its own weights: x [N, B, n] to [N, B, width]. */
export function linears(t: Trace, name: string, x: Tensor, width: number): Tensor {
  const [networks, , length] = x.shape as [number, string, number];
  const w = t.weight(`${name}/weight`, [networks, length, width], { kind: 'he' });
  const b = t.weight(`${name}/bias`, [networks, 1, width], { kind: 'zeros' }, { decay: false });
  return add(matmul(x, w), b);
}

/** The learned gain and shift of a layer normalisation of `length` numbers. */
export function normWeights(t: Trace, name: string, length: number) {
  const gain = t.weight(`${name}/gain`, [length], { kind: 'constant', value: 1 });
  return { gain, shift: t.weight(`${name}/bias`, [length], { kind: 'zeros' }) };
}

/** Normalises the last axis, with a learned gain and bias. */
export function layerNorm(t: Trace, name: string, x: Tensor): Tensor {
  const { gain, shift } = normWeights(t, name, x.shape.at(-1) as number);
  return normalise(x, gain, shift);
}

export interface MlpOptions {
  readonly activation?: Activation;
  readonly dropout?: number;
}

/** Linear layers of the given widths with an activation between them, none after the last. */
export function mlp(
  t: Trace,
  name: string,
  x: Tensor,
  widths: readonly number[],
  { activation: kind = 'relu', dropout = 0 }: MlpOptions = {},
): Tensor {
  return widths.reduce((h, width, i) => {
    const open = i === 0 ? h : t.dropout(activation(kind, h), dropout);
    return linear(t, `${name}/${i}`, open, width);
  }, x);
}
