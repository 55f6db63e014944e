/** Layer normalisation as one operator, and what its gradient takes from the same node. */
import { apply, type Emitter, type Op, sameShape, shapeError, type Tensor } from '../tensor.js';
import { mul, square, sub } from './arithmetic.js';
import { expand, sum } from './broadcast.js';

const epsilon = 1e-5;

/** The result, the mean and the reciprocal deviation: the runtime makes equal nodes one. */
function layerNormalisation(graph: Emitter, inputs: readonly string[]): string[] {
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  return graph.nodes('LayerNormalization', inputs, attributes, 3);
}

/** The mean along the last axis, which keeps length 1: half of the time of a sum that is divided. */
const rowMeanOp: Op<null> = {
  name: 'rowMean',
  shape: ([x]) => ({ shape: [...x!.shape.slice(0, -1), 1], dtype: 'float32' }),
  emit: (graph, [x]) => graph.node('ReduceMean', [x!, graph.constant([-1], [1], 'int64')]),
  vjp({ inputs: [x] }, g) {
    return [expand(mul(g, 1 / (x!.shape.at(-1) as number)), x!.shape)];
  },
  work: (node, size) => size(node.inputs[0]!.shape),
};

const rowMean = (x: Tensor): Tensor => apply(rowMeanOp, [x], null);

type Moment = 'mean' | 'inverse';

/** The mean, or one over the standard deviation, of the last axis: [.., 1]. */
const momentOp: Op<Moment> = {
  name: 'moment',
  shape: ([x]) => ({ shape: [...x!.shape.slice(0, -1), 1], dtype: 'float32' }),
  emit: (graph, inputs, which) => layerNormalisation(graph, inputs)[which === 'mean' ? 1 : 2]!,
  vjp(node, g, which) {
    const [x] = node.inputs as [Tensor];
    const share = mul(g, 1 / (x.shape.at(-1) as number));
    if (which === 'mean') return [expand(share, x.shape), null, null];
    return [mul(mul(share, mul(square(node), -1)), standardised(node.inputs).z), null, null];
  },
  work: () => 0,
};

/** Zero mean and unit variance along the last axis, and the reciprocal standard deviation. */
function standardised(inputs: readonly Tensor[]): { z: Tensor; inverse: Tensor } {
  const inverse = apply(momentOp, inputs, 'inverse');
  return { z: mul(sub(inputs[0]!, apply(momentOp, inputs, 'mean')), inverse), inverse };
}

const normaliseOp: Op<null> = {
  name: 'normalise',
  shape(inputs) {
    const [x, gain, bias] = inputs as [Tensor, Tensor, Tensor];
    const vector = [x.shape.at(-1)!];
    if (x.dtype !== 'float32' || !sameShape(gain.shape, vector) || !sameShape(bias.shape, vector)) {
      throw shapeError('normalise', 'expected [.., n], [n] and [n]', inputs);
    }
    return { shape: x.shape, dtype: 'float32' };
  },
  emit: (graph, inputs) => layerNormalisation(graph, inputs)[0]!,
  vjp(node, g) {
    const [x, gain] = node.inputs as [Tensor, Tensor];
    const { z, inverse } = standardised(node.inputs);
    const scaled = mul(g, gain);
    const slope = mul(z, rowMean(mul(scaled, z)));
    const lead = x.shape.slice(0, -1).map((_, i) => i);
    return [
      mul(inverse, sub(sub(scaled, rowMean(scaled)), slope)),
      sum(mul(g, z), lead),
      sum(g, lead),
    ];
  },
  work: (node, size) => 8 * size(node.shape),
};

interface Standard {
  /** Gradients have mean 0 along the last axis anyway. */
  readonly balanced: boolean;
  /** Written out in single operators: for many short rows. */
  readonly apart: boolean;
}

/** Mean and spread taken by single operators: over short rows two thirds of the time of the runtime's one. */
function writtenOut(graph: Emitter, x: string, { shape }: Tensor): { z: string; inverse: string } {
  const last = graph.constant([-1], [1], 'int64');
  const repeated = (column: string): string =>
    graph.node('MatMul', [column, graph.ones([1, shape.at(-1)!])]);
  const level = graph.node('Sub', [x, repeated(graph.node('ReduceMean', [x, last]))]);
  const squares = graph.node('Mul', [level, level]);
  // Without an axis of length 1 at the end, along which the runtime walks number by number.
  const spread = graph.node('ReduceMean', [squares, last], { keepdims: 0 });
  const safe = graph.node('Add', [spread, graph.constant([epsilon], [], 'float32')]);
  const each = graph.node('Reciprocal', [graph.node('Sqrt', [safe])]);
  const inverse = graph.node('Unsqueeze', [each, last]);
  return { z: graph.node('Mul', [level, repeated(inverse)]), inverse };
}

/** One over the standard deviation of the last axis [.., 1], from the nodes of `writtenOut`. */
const inverseOp: Op<Standard> = {
  name: 'inverse',
  shape: ([x]) => ({ shape: [...x!.shape.slice(0, -1), 1], dtype: 'float32' }),
  emit: (graph, [x], _, node) => writtenOut(graph, x!, node.inputs[0]!).inverse,
  vjp(node, g, how) {
    const share = mul(g, 1 / (node.inputs[0]!.shape.at(-1) as number));
    const z = apply(standardiseOp, node.inputs, how);
    return [mul(mul(share, mul(square(node), -1)), z)];
  },
  work: () => 0,
};

const standardiseOp: Op<Standard> = {
  name: 'standardise',
  shape: ([x]) => ({ shape: x!.shape, dtype: 'float32' }),
  emit(graph, [x], { apart }, node) {
    if (apart) return writtenOut(graph, x!, node).z;
    const wide = node.shape.at(-1) as number;
    const ones = graph.constant(new Float32Array(wide).fill(1), [wide], 'float32');
    return layerNormalisation(graph, [x!, ones])[0]!;
  },
  vjp(node, g, how) {
    const level = how.balanced ? g : sub(g, rowMean(g));
    const slope = sub(level, mul(node, rowMean(mul(g, node))));
    return [mul(slope, apply(inverseOp, node.inputs, how))];
  },
  work: (node, size) => 6 * size(node.shape),
};

/**
 * Zero mean and unit variance along the last axis, whose length is known. `balanced` promises that
 * gradients have mean 0 along it, as those of a product with a matrix do whose columns have mean 0;
 * `apart` is faster over many short rows, and slower over few.
 */
export function standardise(x: Tensor, how: Standard): Tensor {
  if (x.dtype !== 'float32' || typeof x.shape.at(-1) !== 'number') {
    throw shapeError('standardise', 'expected float32 [.., n] with known n', [x]);
  }
  return apply(standardiseOp, [x], how);
}

/** Layer normalisation over the last axis (Ba et al. 2016): x [.., n], gain [n], bias [n]. */
export function normalise(x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  return apply(normaliseOp, [x, gain, bias], null);
}
