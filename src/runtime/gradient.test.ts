/** Operators that compute number by number, sum up, multiply, move or look up, and their gradients. */
import * as ops from '../tensor/ops.js';
import type { Shape, Tensor } from '../tensor/tensor.js';
import { checkGradients, label } from './contract.js';

const x24: readonly Shape[] = [['B', 4]];
const pair: readonly Shape[] = [
  ['B', 4],
  ['B', 4],
];
const wide: readonly Shape[] = [['B', 2, 4], [4]];
const ids = (): Tensor => ops.constant(new BigInt64Array([1n, 0n, 1n]));

checkGradients({
  add: { shapes: wide, f: ops.add },
  'add number': { shapes: x24, f: (x) => ops.add(1, ops.mul(ops.add(x, 2), 3)) },
  sub: {
    shapes: [
      ['B', 1],
      [1, 4],
    ],
    f: ops.sub,
  },
  mul: {
    shapes: [
      ['B', 1, 4],
      [2, 1],
    ],
    f: ops.mul,
  },
  'mul by itself': { shapes: x24, f: (x) => ops.mul(x, ops.mul(x, x)) },
  div: { shapes: pair, f: ops.div, low: 0.5, high: 2 },
  neg: { shapes: x24, f: ops.neg },
  exp: { shapes: x24, f: ops.exp },
  log: { shapes: x24, f: ops.log, low: 0.5, high: 2 },
  sqrt: { shapes: x24, f: ops.sqrt, low: 0.5, high: 2 },
  square: { shapes: x24, f: ops.square },
  abs: { shapes: x24, f: ops.abs, low: 0.1 },
  'abs below 0': { shapes: x24, f: ops.abs, low: -1, high: -0.1 },
  reciprocal: { shapes: x24, f: ops.reciprocal, low: 0.5, high: 2 },
  sigmoid: { shapes: x24, f: ops.sigmoid },
  tanh: { shapes: x24, f: ops.tanh },
  softplus: { shapes: x24, f: ops.softplus },
  'relu above 0': { shapes: x24, f: ops.relu, low: 0.1 },
  'relu below 0': { shapes: x24, f: ops.relu, low: -1, high: -0.1 },
  silu: { shapes: x24, f: ops.silu },
  sin: { shapes: x24, f: ops.sin },
  cos: { shapes: x24, f: ops.cos },
  maximum: { shapes: pair, f: (a, b) => ops.maximum(a, ops.add(b, 0.7)), low: 0, high: 1 },
  minimum: { shapes: pair, f: (a, b) => ops.minimum(a, ops.add(b, 0.7)), low: 0, high: 1 },
  'clip inside': { shapes: x24, f: (x) => ops.clip(x, -2, 2) },
  'clip outside': { shapes: x24, f: (x) => ops.clip(x, 2, 3) },
  'matmul 2-D': {
    shapes: [
      ['B', 4],
      [4, 2],
    ],
    f: (a, b) => ops.matmul(a, b),
  },
  'matmul transposed A': {
    shapes: [
      ['B', 4],
      ['B', 2],
    ],
    f: (a, b) => ops.matmul(a, b, { transposeA: true }),
  },
  'matmul transposed B': {
    shapes: [
      ['B', 4],
      [2, 4],
    ],
    f: (a, b) => ops.matmul(a, b, { transposeB: true }),
  },
  'matmul both': {
    shapes: [
      [4, 'B'],
      [2, 4],
    ],
    f: (a, b) => ops.matmul(a, b, { transposeA: true, transposeB: true }),
  },
  'matmul batched': {
    shapes: [
      [2, 'B', 4],
      [2, 4, 3],
    ],
    f: (a, b) => ops.matmul(a, b),
  },
  'matmul batched transposed': {
    shapes: [
      [2, 4, 'B'],
      [2, 3, 4],
    ],
    f: (a, b) => ops.matmul(a, b, { transposeA: true, transposeB: true }),
  },
  'matmul broadcast': {
    shapes: [
      ['B', 2, 4],
      [4, 3],
    ],
    f: (a, b) => ops.matmul(a, b),
  },
  affine: { shapes: [['B', 4], [4, 2], [2]], f: ops.affine },
  'sum all': { shapes: x24, f: (x) => ops.square(ops.sum(x)) },
  'sum rows': { shapes: x24, f: (x) => ops.square(ops.sum(x, [0])) },
  'sum columns kept': { shapes: x24, f: (x) => ops.square(ops.sum(x, [1], true)) },
  'sum 3-D': { shapes: [['B', 2, 4]], f: (x) => ops.square(ops.sum(x, [0, 2])) },
  mean: { shapes: [['B', 2, 4]], f: (x) => ops.square(ops.mean(x, [0, 1])) },
  max: { shapes: [['B', 5]], f: (x) => ops.max(x, 1), high: 4 },
  'max over rows': { shapes: [['B', 5]], f: (x) => ops.max(x, 0, true), high: 4 },
  softmax: { shapes: x24, f: (x) => ops.softmax(x) },
  'softmax on an axis': { shapes: [['B', 2, 4]], f: (x) => ops.softmax(x, 1) },
  logSoftmax: { shapes: x24, f: (x) => ops.logSoftmax(x) },
  logSumExp: { shapes: [['B', 2, 4]], f: (x) => ops.logSumExp(x, 1) },
  reshape: { shapes: [['B', 8]], f: (x) => ops.square(ops.reshape(x, ['B', 2, 4])) },
  flatten: { shapes: [['B', 2, 4]], f: (x) => ops.square(ops.reshape(x, ['B', 8])) },
  'reshape moves B': { shapes: [['B', 4]], f: (x) => ops.square(ops.reshape(x, [1, 'B', 4])) },
  transpose: { shapes: [['B', 2, 4]], f: (x) => ops.square(ops.transpose(x, [2, 0, 1])) },
  concat: {
    shapes: [
      ['B', 2],
      ['B', 3],
    ],
    f: (a, b) => ops.square(ops.concat([a, b, a], 1)),
  },
  slice: { shapes: x24, f: (x) => ops.square(ops.slice(x, 1, 1, 3)) },
  'gather rows': { shapes: [[2, 4]], f: (x) => ops.square(ops.gather(x, ids(), 0)) },
  'gather columns': { shapes: x24, f: (x) => ops.square(ops.gather(x, ids(), 1)) },
  'gather by a matrix': {
    shapes: [[2, 4]],
    f: (x) => ops.square(ops.gather(x, ops.constant(new BigInt64Array([1n, 0n, 1n, 1n]), [2, 2]))),
  },
  pick: { shapes: x24, f: (x) => ops.square(ops.pick(x, label())) },
  'pick the largest two': { shapes: x24, f: (x) => ops.square(ops.pick(x, ops.topK(x, 2))) },
  expand: { shapes: [['B', 1, 4]], f: (x) => ops.square(ops.expand(x, [2, 'B', 3, 4])) },
  pad: { shapes: x24, f: (x) => ops.square(ops.pad(ops.square(x), 1, 2, 1)) },
  standardise: {
    shapes: [['B', 2, 4], [4]],
    f: (x, y) => ops.mul(ops.standardise(ops.mul(x, 3), { balanced: false, apart: false }), y),
  },
  'standardise, apart': {
    shapes: [['B', 2, 4], [4]],
    f: (x, y) => ops.mul(ops.standardise(ops.mul(x, 3), { balanced: false, apart: true }), y),
  },
  'mul, narrow rows': {
    shapes: [
      ['B', 2, 1],
      ['B', 2, 3],
    ],
    f: (a, b) => ops.mul(a, ops.square(b)),
  },
  'sum over leading axes': { shapes: [['B', 2, 3]], f: (x) => ops.square(ops.sum(x, [0, 1])) },
  'sum over the first axis': { shapes: [['B', 2, 3]], f: (x) => ops.square(ops.sum(x, [0], true)) },
  where: {
    shapes: [['B', 4], ['B', 1], [4]],
    f: (c, a, b) => ops.where(ops.less(ops.stopGradient(c), 0), ops.square(a), ops.square(b)),
  },
  'through a top-k mask': { shapes: x24, f: (x) => ops.mul(ops.square(x), ops.topKMask(x, 2)) },
});
