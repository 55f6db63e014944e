/** Elementary functions and activations, one operand each. */
import { apply, constant, noGradient, type Op, type Tensor } from '../tensor.js';
import { div, mul, neg, square, sub, unary } from './arithmetic.js';
import { expand } from './broadcast.js';

/** e^x */
export const exp = unary('exp', 'Exp', (_x, y, g) => mul(g, y));
/** Natural logarithm. */
export const log = unary('log', 'Log', (x, _y, g) => div(g, x));
/** Square root; its gradient at 0 is infinite. */
export const sqrt = unary('sqrt', 'Sqrt', (_x, y, g) => div(mul(g, 0.5), y));
const sign = unary('sign', 'Sign', () => null);
/** |x|; the gradient at 0 is 0. */
export const abs = unary('abs', 'Abs', (x, _y, g) => mul(g, sign(x)));
/** 1 / (1 + e^-x) */
export const sigmoid = unary('sigmoid', 'Sigmoid', (_x, y, g) => mul(g, mul(y, sub(1, y))));
/** Hyperbolic tangent. */
export const tanh = unary('tanh', 'Tanh', (_x, y, g) => mul(g, sub(1, square(y))));
/** log(1 + e^x), stable for large |x|. */
export const softplus = unary('softplus', 'Softplus', (x, _y, g) => mul(g, sigmoid(x)));
export const sin = unary('sin', 'Sin', (x, _y, g) => mul(g, cos(x)));
export const cos = unary('cos', 'Cos', (x, _y, g) => neg(mul(g, sin(x))));

/** 1 where x > 0, else 0; this form is faster in the runtime than a comparison. */
const stepOp: Op<null> = {
  name: 'step',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  emit: (graph, [x]) =>
    graph.node('HardSigmoid', [x!], { alpha: { float: 3e38 }, beta: { float: 0 } }),
  vjp: () => [null],
};

/** max(x, 0); the gradient at 0 is 0. */
export const relu = unary('relu', 'Relu', (_x, y, g) => mul(g, apply(stepOp, [y], null)));

/** x sigmoid(x) (Hendrycks & Gimpel 2016). */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}

const stopOp: Op<null> = {
  name: 'stopGradient',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  emit: (_, [x]) => x!,
  vjp: () => [null],
  work: () => 0,
};

/** The same value, taken as a constant by `gradients`. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopOp, [x], null);
}

/** A value in the shape of the operand, whose symbolic dimensions are read from it. */
const fillOp: Op<number> = {
  name: 'fill',
  shape: ([x]) => ({ shape: x!.shape, dtype: 'float32' }),
  emit: (graph, [x], value) =>
    graph.node('Expand', [graph.constant([value], [], 'float32'), graph.node('Shape', [x!])]),
  vjp: noGradient,
  work: () => 0,
};

function fill(x: Tensor, value: number): Tensor {
  const fixed = x.shape.every((dim) => typeof dim === 'number');
  return fixed ? expand(constant(value), x.shape) : apply(fillOp, [x], value);
}

/** Ones in the shape of `x`. */
export function onesLike(x: Tensor): Tensor {
  return fill(x, 1);
}

/** Zeros in the shape of `x`. */
export function zerosLike(x: Tensor): Tensor {
  return fill(x, 0);
}
