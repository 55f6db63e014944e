/** Looking up by index: gather and its scatter, pick, one-hot and top-k. */
import {
  apply,
  axisOf,
  constant,
  type Dim,
  noGradient,
  type Op,
  type Shape,
  sameShape,
  shapeError,
  type Tensor,
} from '../tensor.js';
import { mul } from './arithmetic.js';
import { reshape, sum } from './broadcast.js';
import { cast, equal } from './choose.js';
import { onesLike } from './function.js';

function isIndex(x: Tensor): boolean {
  return x.dtype === 'int64' || x.dtype === 'int32';
}

const gatherOp: Op<number> = {
  name: 'gather',
  shape(inputs, axis) {
    const [x, indices] = inputs as [Tensor, Tensor];
    if (!isIndex(indices)) throw shapeError('gather', 'expected whole-number indices', inputs);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return { shape, dtype: x.dtype };
  },
  emit: (graph, inputs, axis) => graph.node('Gather', inputs, { axis }),
  vjp(node, gradient, axis) {
    const [x, indices] = node.inputs as [Tensor, Tensor];
    return [apply(scatterOp, [gradient, indices], { axis, shape: x.shape }), null];
  },
};

/** Takes the entries of `x` at `indices` along an axis, whose place the indices' axes take. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return apply(gatherOp, [x, indices], axisOf('gather', x, axis));
}

interface Scatter {
  readonly axis: number;
  readonly shape: Shape;
}

/** Adds entries into zeros of `shape` where `gather` would have taken them. */
const scatterOp: Op<Scatter> = {
  name: 'scatter',
  shape(inputs, { axis, shape }) {
    if (axis !== 0 && inputs[1]!.shape.length !== 1) {
      throw shapeError('scatter', 'needs a vector of indices off axis 0', inputs);
    }
    return { shape, dtype: inputs[0]!.dtype };
  },
  emit(graph, [values, indices], { axis, shape }, node) {
    const zeros = graph.node('Expand', [graph.constant([0], [], 'float32'), graph.shape(shape)]);
    const rank = node.inputs[1]!.shape.length;
    const wide = graph.node('Cast', [indices!], { to: 7 });
    if (axis === 0) {
      const column = graph.node('Unsqueeze', [wide, graph.constant([rank], [1], 'int64')]);
      return graph.node('ScatterND', [zeros, column, values!], { reduction: 'add' });
    }
    const line = shape.map((_, i) => (i === axis ? -1 : 1));
    const lined = graph.node('Reshape', [wide, graph.constant(line, [line.length], 'int64')]);
    const grown = graph.node('Expand', [lined, graph.shape(node.inputs[0]!.shape)]);
    return graph.node('ScatterElements', [zeros, grown, values!], { axis, reduction: 'add' });
  },
  vjp: (node, gradient, { axis }) => [gather(gradient, node.inputs[1]!, axis), null],
};

/** One-hot rows: indices [..] to float32 [.., depth]. */
export function oneHot(index: Tensor, depth: number): Tensor {
  return hot(reshape(index, [...index.shape, 1]), depth);
}

function hot(column: Tensor, depth: number): Tensor {
  const places = constant(
    Array.from({ length: depth }, (_, i) => i),
    [depth],
    column.dtype,
  );
  return cast(equal(column, places), 'float32');
}

const pickOp: Op<null> = {
  name: 'pick',
  shape(inputs) {
    const [x, index] = inputs as [Tensor, Tensor];
    const head = index.shape.slice(0, -1);
    const fits = sameShape(x.shape.slice(0, -1), head) && typeof index.shape.at(-1) === 'number';
    if (!fits || !isIndex(index) || typeof x.shape.at(-1) !== 'number') {
      throw shapeError('pick', 'expected [.., n] and whole numbers [.., m]', inputs);
    }
    return { shape: index.shape, dtype: x.dtype };
  },
  emit: (graph, inputs) => graph.node('GatherElements', inputs, { axis: -1 }),
  vjp(node, gradient) {
    const [x, index] = node.inputs as [Tensor, Tensor];
    const width = x.shape.at(-1) as number;
    if (index.shape.at(-1) === 1) return [mul(gradient, hot(index, width)), null];
    const each = mul(reshape(gradient, [...index.shape, 1]), oneHot(index, width));
    return [sum(each, [-2]), null];
  },
};

/** Entries of the last axis per row: x [.., n], index [.., m] to [.., m]. */
export function pick(x: Tensor, index: Tensor): Tensor {
  return apply(pickOp, [x, index], null);
}

const topKOp: Op<number> = {
  name: 'topK',
  shape(inputs, k) {
    return { shape: [checkTopK('topK', inputs, k), k], dtype: 'int64' };
  },
  emit: (graph, [x], k) => graph.nodes('TopK', [x!, graph.constant([k], [1], 'int64')], {}, 2)[1]!,
  vjp: noGradient,
};

/** The places [B, K] of the k largest of each row, the largest first, ties to the lower index. */
export function topK(scores: Tensor, k: number): Tensor {
  return apply(topKOp, [scores], k);
}

/** The rows of scores [B, E]; throws where there are fewer than k. */
function checkTopK(name: string, inputs: readonly Tensor[], k: number): Dim {
  const [rows, width] = inputs[0]!.shape;
  if (inputs[0]!.shape.length !== 2 || typeof width !== 'number' || k < 1 || k > width) {
    throw shapeError(name, `expected [B, E] with E of at least ${k}`, inputs);
  }
  return rows!;
}

const topKMaskOp: Op<number> = {
  name: 'topKMask',
  shape(inputs, k) {
    checkTopK('topKMask', inputs, k);
    return { shape: inputs[0]!.shape, dtype: 'float32' };
  },
  emit(graph, [x], k) {
    const [, chosen] = graph.nodes('TopK', [x!, graph.constant([k], [1], 'int64')], {}, 2);
    const fill = (value: number, like: string): string =>
      graph.node('Expand', [graph.constant([value], [], 'float32'), graph.node('Shape', [like])]);
    // Adding up one-hot rows would take three to four times as long in all.
    return graph.node('ScatterElements', [fill(0, x!), chosen!, fill(1, chosen!)], { axis: 1 });
  },
  vjp: noGradient,
};

/** A mask [B, E] with ones at the k largest scores of each row, ties to the lower index. */
export function topKMask(scores: Tensor, k: number): Tensor {
  return scores.shape[1] === k ? onesLike(scores) : apply(topKMaskOp, [scores], k);
}
