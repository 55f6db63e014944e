/** Operators on steps in time and on pictures: windows, patches, convolutions and pools, and their gradients. */
import * as ops from '../tensor/ops.js';
import { checkGradients } from './contract.js';

checkGradients({
  'row matmul': {
    shapes: [
      ['B', 3, 4],
      [4, 2],
    ],
    f: (x, w) => ops.square(ops.rowMatmul(x, w)),
  },
  window: { shapes: [['B', 5, 2]], f: (x) => ops.square(ops.window(x, 3)) },
  'window, dilated': { shapes: [['B', 5, 2]], f: (x) => ops.square(ops.window(x, 3, 2)) },
  'window of a window': {
    shapes: [['B', 4, 2]],
    f: (x) => ops.square(ops.window(ops.window(x, 2), 2, 3)),
  },
  'window, beyond the start': { shapes: [['B', 2, 1]], f: (x) => ops.square(ops.window(x, 4, 2)) },
  'dilated convolution': {
    shapes: [
      ['B', 5, 2],
      [6, 3],
    ],
    f: (x, w) => ops.tanh(ops.rowMatmul(ops.window(x, 3, 2), w)),
  },
  patches: { shapes: [['B', 3, 4, 2]], f: (x) => ops.square(ops.patches(x, 3)) },
  'patches, stride 2': { shapes: [['B', 5, 4, 2]], f: (x) => ops.square(ops.patches(x, 3, 2)) },
  'patches of even size': { shapes: [['B', 4, 3, 1]], f: (x) => ops.square(ops.patches(x, 2)) },
  'patches of patches': {
    shapes: [['B', 3, 3, 1]],
    f: (x) => ops.square(ops.patches(ops.patches(x, 3, 2), 2)),
  },
  fold: {
    shapes: [['B', 2, 2, 9]],
    f: (x) => ops.square(ops.fold(x, { size: 3, stride: 2, height: 3, width: 4 })),
  },
  'row outer': {
    shapes: [
      ['B', 3, 2],
      ['B', 3, 4],
    ],
    f: (x, g) => ops.square(ops.rowOuter(x, g)),
  },
  convolve: {
    shapes: [
      ['B', 3, 4, 2],
      [18, 3],
    ],
    f: (x, w) => ops.tanh(ops.convolve(x, w, 3)),
  },
  'convolve, stride 2': {
    shapes: [
      ['B', 5, 4, 2],
      [18, 3],
    ],
    f: (x, w) => ops.tanh(ops.convolve(x, w, 3, 2)),
  },
  'convolve, stride 3 over even edges, with a bias': {
    shapes: [['B', 7, 8, 1], [25, 2], [2]],
    f: (x, w, bias) => ops.tanh(ops.convolve(x, w, 5, 3, bias)),
  },
  'convolve, stride 2 over an odd picture': {
    shapes: [
      ['B', 7, 3, 2],
      [18, 3],
    ],
    f: (x, w) => ops.tanh(ops.convolve(x, w, 3, 2)),
  },
  'causal convolution': {
    shapes: [['B', 6, 2], [6, 3], [3]],
    f: (x, w, bias) => ops.tanh(ops.causal(x, w, { size: 3, dilation: 2 }, bias)),
  },
  'causal, one step': {
    shapes: [
      ['B', 3, 2],
      [2, 3],
    ],
    f: (x, w) => ops.tanh(ops.causal(x, w, { size: 1, dilation: 1 })),
  },
  'causal convolution of normalised steps': {
    shapes: [['B', 6, 3], [3], [3], [9, 2], [2]],
    f: (x, gain, shift, w, bias) => {
      const seen = { size: 3, dilation: 2 };
      const norm = { gain, shift, training: true };
      return ops.tanh(ops.causalNormalised(ops.mul(x, 2), norm, w, seen, bias));
    },
  },
  'convolve, even size': {
    shapes: [
      ['B', 3, 3, 1],
      [4, 2],
    ],
    f: (x, w) => ops.tanh(ops.convolve(x, w, 2)),
  },
  'convolve twice': {
    shapes: [
      ['B', 4, 4, 1],
      [9, 2],
      [18, 1],
    ],
    f: (x, v, w) => ops.convolve(ops.tanh(ops.convolve(x, v, 3)), w, 3, 2),
  },
  'max pool': { shapes: [['B', 4, 5, 2]], f: (x) => ops.square(ops.maxPool(x, 2)), high: 9 },
  'average pool': { shapes: [['B', 4, 5, 2]], f: (x) => ops.square(ops.averagePool(x, 2)) },
});
