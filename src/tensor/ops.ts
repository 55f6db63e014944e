/** Every operator under one roof. */
export { add, div, mul, neg, type Operand, reciprocal, square, sub } from './op/arithmetic.js';
export { ask } from './op/ask.js';
export { expand, expand as broadcastTo, reshape, sum } from './op/broadcast.js';
export { cast, clip, equal, greaterEqual, less, maximum, minimum, where } from './op/choose.js';
export { averagePool, convolve, maxPool } from './op/convolve.js';
export { concat, pad, slice } from './op/cut.js';
export { collect, dispatch, send } from './op/dispatch.js';
export {
  abs,
  cos,
  exp,
  log,
  onesLike,
  relu,
  sigmoid,
  silu,
  sin,
  softplus,
  sqrt,
  stopGradient,
  tanh,
  zerosLike,
} from './op/function.js';
export { gather, oneHot, pick, topK, topKMask } from './op/lookup.js';
export { affine, matmul, transpose } from './op/matmul.js';
export { standardise } from './op/normalise.js';
export { fold, patches } from './op/patch.js';
export { extent, logSoftmax, logSumExp, max, mean, softmax } from './op/reduce.js';
export { rowMatmul, rowOuter } from './op/row.js';
export { causal, causalNormalised, window } from './op/window.js';
export { constant, input } from './tensor.js';
