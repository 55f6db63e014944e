/** Means, maxima and the softmax family. */
import { apply, axisOf, type Emitter, type Op, shapeError, type Tensor } from '../tensor.js';
import { div, mul, sub } from './arithmetic.js';
import { kept, partsOf, reduce, restored, shortMiddle, sum } from './broadcast.js';
import { cast, equal } from './choose.js';
import { exp } from './function.js';

const extentOp: Op<string> = {
  name: 'extent',
  shape: () => ({ shape: [], dtype: 'float32' }),
  emit(graph, _, symbol) {
    const length = graph.node('Cast', [graph.shape([symbol])], { to: 1 });
    return graph.node('Reshape', [length, graph.constant(new BigInt64Array(0), [0], 'int64')]);
  },
  vjp: () => [],
  work: () => 0,
};

/** The length of a symbolic dimension as a float32 scalar. */
export function extent(symbol: string): Tensor {
  return apply(extentOp, [], symbol);
}

/** The arithmetic mean over axes (all by default). */
export function mean(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  const list = (axes ?? x.shape.map((_, i) => i)).map((axis) => axisOf('mean', x, axis));
  let result = sum(x, list, keep);
  let count = 1;
  for (const axis of list) {
    const dim = x.shape[axis]!;
    if (typeof dim === 'number') count *= dim;
    else result = div(result, extent(dim));
  }
  return count === 1 ? result : mul(result, 1 / count);
}

type Reduction = (x: Tensor, axis?: number, keep?: boolean) => Tensor;

interface Along {
  readonly axis: number;
  readonly keep: boolean;
}

/** The gradient from x, the result y and its gradient g, both with length 1 along the axis. */
type Slope = (x: Tensor, y: Tensor, g: Tensor, axis: number) => Tensor;

/** log sum e^x over parts of one shape: a quarter of the time of the runtime's own along a middle axis. */
function logSum(graph: Emitter, parts: readonly string[]): string {
  const most = graph.node('Max', parts);
  const grown = parts.map((part) => graph.node('Exp', [graph.node('Sub', [part, most])]));
  const total = grown.reduce((a, b) => graph.node('Add', [a, b]));
  return graph.node('Add', [most, graph.node('Log', [total])]);
}

function reduction(
  name: string,
  type: string,
  slope: Slope,
  byParts?: (graph: Emitter, parts: readonly string[]) => string,
): Reduction {
  const op: Op<Along> = {
    name,
    shape: ([x], { axis, keep }) => reduce(name, x!, { axes: [axis], keep }),
    emit(graph, [x], { axis, keep }, node) {
      const length = byParts && shortMiddle(node.inputs[0]!.shape, [axis]);
      if (byParts !== undefined && length !== undefined)
        return kept(graph, byParts(graph, partsOf(graph, x!, axis, length)), axis, keep);
      return graph.node(type, [x!, graph.constant([axis], [1], 'int64')], { keepdims: +keep });
    },
    vjp(node, g, { axis }) {
      const x = node.inputs[0]!;
      return [slope(x, restored(node, x, [axis]), restored(g, x, [axis]), axis)];
    },
    work: (node, size) => size(node.inputs[0]!.shape),
  };
  return (x, axis = -1, keep = false) => apply(op, [x], { axis: axisOf(name, x, axis), keep });
}

/** The largest along an axis (the last by default); ties share the gradient. */
export const max = reduction('max', 'ReduceMax', (x, y, g, axis) => {
  const ties = cast(equal(x, y), 'float32');
  return mul(ties, div(g, sum(ties, [axis], true)));
});

/** log sum e^x along an axis (the last by default), stable. */
export const logSumExp = reduction(
  'logSumExp',
  'ReduceLogSumExp',
  (x, y, g) => mul(exp(sub(x, y)), g),
  logSum,
);

function normaliser(
  name: string,
  type: string,
  gradient: (y: Tensor, g: Tensor, axis: number) => Tensor,
): (x: Tensor, axis?: number) => Tensor {
  const op: Op<number> = {
    name,
    shape(inputs) {
      if (inputs[0]!.dtype !== 'float32') throw shapeError(name, 'expected float32', inputs);
      return { shape: inputs[0]!.shape, dtype: 'float32' };
    },
    emit: (graph, [x], axis) => graph.node(type, [x!], { axis }),
    vjp: (node, g, axis) => [gradient(node, g, axis)],
    work: (node, size) => 3 * size(node.shape),
  };
  return (x, axis = -1) => apply(op, [x], axisOf(name, x, axis));
}

/** e^x / sum e^x along an axis (the last by default). */
export const softmax = normaliser('softmax', 'Softmax', (y, g, axis) =>
  mul(y, sub(g, sum(mul(g, y), [axis], true))),
);

/** x - log sum e^x along an axis (the last by default). */
export const logSoftmax = normaliser('logSoftmax', 'LogSoftmax', (y, g, axis) =>
  sub(g, mul(exp(y), sum(g, [axis], true))),
);
