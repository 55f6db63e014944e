/** Every operator's gradient against finite differences, and layers and losses made of them. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { finiteDifferences } from '../tensor/check.js';
import { emit } from '../tensor/emit.js';
import { gradients } from '../tensor/grad.js';
import { initialise } from '../tensor/init.js';
import { layerNorm, mlp } from '../tensor/layer.js';
import * as ops from '../tensor/ops.js';
import { type Shape, sameShape, type Tensor } from '../tensor/tensor.js';
import { trainingTrace } from '../tensor/trace.js';
import { type Arrays, openSession } from './session.js';

const rows = 3;
const dims = (shape: Shape): number[] => shape.map((dim) => (typeof dim === 'number' ? dim : rows));
const size = (shape: Shape): number => dims(shape).reduce((a, b) => a * b, 1);

interface Case {
  readonly shapes: readonly Shape[];
  readonly f: (...xs: Tensor[]) => Tensor;
  /** Where the inputs lie: uniform in [low, high]. */
  readonly low?: number;
  readonly high?: number;
}

const x24: readonly Shape[] = [['B', 4]];
const pair: readonly Shape[] = [
  ['B', 4],
  ['B', 4],
];
const wide: readonly Shape[] = [['B', 2, 4], [4]];
const label = (): Tensor => ops.input('label', ['B', 1], 'int64');
const queues = ops.dispatch(ops.constant(new BigInt64Array([2n, 0n, 2n, 1n, 0n, 2n]), [3, 2]), 3);
const ids = (): Tensor => ops.constant(new BigInt64Array([1n, 0n, 1n]));

const cases: Record<string, Case> = {
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
  'rows sent to experts': {
    shapes: [[3, 2]],
    f: (x) => ops.square(ops.collect(ops.square(ops.send(x, queues)), queues)),
  },
  'sparse experts': {
    shapes: [
      [3, 2],
      [3, 2, 4],
    ],
    f: (x, w) => ops.tanh(ops.collect(ops.matmul(ops.send(x, queues), w), queues)),
  },
  expand: { shapes: [['B', 1, 4]], f: (x) => ops.square(ops.expand(x, [2, 'B', 3, 4])) },
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
  pad: { shapes: x24, f: (x) => ops.square(ops.pad(ops.square(x), 1, 2, 1)) },
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
  where: {
    shapes: [['B', 4], ['B', 1], [4]],
    f: (c, a, b) => ops.where(ops.less(ops.stopGradient(c), 0), ops.square(a), ops.square(b)),
  },
  'through a top-k mask': { shapes: x24, f: (x) => ops.mul(ops.square(x), ops.topKMask(x, 2)) },
  'layer norm': {
    shapes: x24,
    f: (x) => ops.mul(layerNorm(trainingTraceWith(2), 'norm', ops.mul(x, 3)), 2),
  },
  'cross-entropy': {
    shapes: x24,
    f: (x) => ops.neg(ops.mean(ops.pick(ops.logSoftmax(x), label()))),
  },
  'mixture of experts': {
    shapes: [
      ['B', 8],
      ['B', 2],
    ],
    f: (outputs, scores) => {
      const logp = ops.logSoftmax(ops.reshape(outputs, ['B', 2, 4]));
      const weight = ops.reshape(ops.logSoftmax(scores), ['B', 2, 1]);
      return ops.neg(ops.mean(ops.pick(ops.logSumExp(ops.add(logp, weight), 1), label())));
    },
  },
};

/** A trace whose weights become constants, for layers in a case. */
function trainingTraceWith(value: number): ReturnType<typeof trainingTrace> {
  const trace = trainingTrace();
  return {
    ...trace,
    weight: (_, shape) => ops.constant(new Float32Array(size(shape)).fill(value), shape),
  };
}

function inputsOf({ shapes, low = -1, high = 1 }: Case): {
  tensors: Tensor[];
  values: Float32Array[];
} {
  const stream = random(7, 'gradient');
  return {
    tensors: shapes.map((shape, i) => ops.input(`x${i}`, shape)),
    values: shapes.map((shape) =>
      Float32Array.from({ length: size(shape) }, () => low + (high - low) * stream.uniform()),
    ),
  };
}

async function compare(one: Case): Promise<void> {
  const { tensors, values } = inputsOf(one);
  const y = one.f(...tensors);
  const stream = random(8, 'projection');
  const projection = sameShape(y.shape, [])
    ? ops.constant(1)
    : ops.constant(initialise({ kind: 'normal', scale: 1 }, dims(y.shape), stream), dims(y.shape));
  const projected = y.shape.includes('B') ? ops.input('projection', y.shape) : projection;
  const loss = ops.sum(ops.mul(y, projected));
  const slopes = gradients(loss, tensors);
  const named = Object.fromEntries(slopes.map((slope, i) => [`g${i}`, slope]));
  const session = await openSession(emit({ name: 'case', outputs: { loss, ...named } }));
  const feedOf = (arrays: readonly Float32Array[]): Arrays => ({
    ...Object.fromEntries(
      arrays.map((data, i) => [`x${i}`, { data, dims: dims(tensors[i]!.shape) }]),
    ),
    label: { data: new BigInt64Array([1n, 3n, 0n]), dims: [rows, 1] },
    projection: {
      data: initialise({ kind: 'normal', scale: 1 }, dims(y.shape), random(8, 'projection')),
      dims: dims(y.shape),
    },
  });
  const got = await session.run(feedOf(values));
  const wanted = await finiteDifferences(
    async (arrays) => (await session.run(feedOf(arrays), ['loss'])).loss!.data[0] as number,
    values,
  );
  await session.close();
  for (const [i, want] of wanted.entries()) {
    const slope = got[`g${i}`]!;
    expect(slope.dims).toEqual(dims(tensors[i]!.shape));
    const scale = Math.max(1, ...want.map(Math.abs));
    for (const [j, value] of want.entries()) {
      expect(Math.abs((slope.data[j] as number) - value), `x${i}[${j}]`).toBeLessThan(0.01 * scale);
    }
  }
}

for (const [name, one] of Object.entries(cases)) test(`gradient: ${name}`, () => compare(one));

test('gradient: a perceptron with layer norm, in its weights', async () => {
  const trace = trainingTrace();
  const x = ops.constant(initialise({ kind: 'normal', scale: 1 }, [rows, 4], random(1)), [rows, 4]);
  const y = mlp(trace, 'm', layerNorm(trace, 'n', x), [5, 3], { activation: 'silu' });
  const shapes = trace.weights.map((weight) => weight.shape);
  const tensors = trace.weights.map((weight) => weight.tensor);
  const loss = ops.mean(ops.square(y));
  const slopes = Object.fromEntries(gradients(loss, tensors).map((g, i) => [`g${i}`, g]));
  const session = await openSession(emit({ name: 'mlp', outputs: { loss, ...slopes } }));
  const values = shapes.map((shape, i) =>
    initialise({ kind: 'normal', scale: 0.7 }, shape, random(i)),
  );
  const feeds = (arrays: readonly Float32Array[]): Arrays =>
    Object.fromEntries(
      trace.weights.map(({ name }, i) => [
        `weight:${name}`,
        { data: arrays[i]!, dims: shapes[i]! },
      ]),
    );
  const got = await session.run(feeds(values));
  const loss0 = async (arrays: readonly Float32Array[]): Promise<number> =>
    (await session.run(feeds(arrays), ['loss'])).loss!.data[0] as number;
  const wanted = await finiteDifferences(loss0, values);
  for (const [i, want] of wanted.entries()) {
    for (const [j, value] of want.entries()) expect(got[`g${i}`]!.data[j]).toBeCloseTo(value, 2);
  }
  await session.close();
});
