/** Reshape, and the two operators that are each other's gradient: sum and expand. */
import {
  apply,
  axisOf,
  type Dim,
  type Emitter,
  type Op,
  type Shape,
  sameShape,
  shapeError,
  type Tensor,
} from '../tensor.js';

function sizeKey(shape: Shape): string {
  const symbols = shape.filter((dim) => typeof dim === 'string').sort();
  const numbers = shape.filter((dim): dim is number => typeof dim === 'number');
  return `${symbols.join('*')}*${numbers.reduce((a, b) => a * b, 1)}`;
}

const reshapeOp: Op<Shape> = {
  name: 'reshape',
  shape(inputs, shape) {
    const x = inputs[0]!;
    if (sizeKey(x.shape) !== sizeKey(shape)) {
      throw shapeError('reshape', `cannot become [${shape.join(', ')}]`, [x]);
    }
    return { shape, dtype: x.dtype };
  },
  emit(graph, [x], shape, node) {
    const before = node.inputs[0]!.shape;
    const kept = shape.map((dim, i) =>
      typeof dim === 'number' ? dim : dim === before[i] ? 0 : -1,
    );
    const open = kept.filter((dim) => dim === -1).length;
    const target = open > 1 ? graph.shape(shape) : graph.constant(kept, [kept.length], 'int64');
    return graph.node('Reshape', [x!, target]);
  },
  vjp: (node, gradient) => [reshape(gradient, node.inputs[0]!.shape)],
  work: () => 0,
};

/** The same numbers in another shape; symbolic dimensions may move but not change. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (x.op === reshapeOp) return reshape(x.inputs[0]!, shape);
  return sameShape(x.shape, shape) ? x : apply(reshapeOp, [x], [...shape]);
}

interface Reduction {
  readonly axes: readonly number[];
  readonly keep: boolean;
}

function reducedShape(shape: Shape, { axes, keep }: Reduction): Shape {
  if (keep) return shape.map((dim, i): Dim => (axes.includes(i) ? 1 : dim));
  return shape.filter((_, i) => !axes.includes(i));
}

/** The shape and dtype of a float reduction. */
export function reduce(name: string, x: Tensor, a: Reduction): { shape: Shape; dtype: 'float32' } {
  if (x.dtype !== 'float32') throw shapeError(name, 'expected float32', [x]);
  return { shape: reducedShape(x.shape, a), dtype: 'float32' };
}

/** Restores a reduced value or gradient to the rank of `x`, with ones where axes were reduced. */
export function restored(reducedValue: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return reshape(reducedValue, reducedShape(x.shape, { axes, keep: true }));
}

/** Sums leading axes: ones x G over the first, a third of the time of ReduceSum, then what is left. */
function leadingSum(graph: Emitter, x: string, shape: Shape, { axes, keep }: Reduction): string {
  const rest = shape.slice(1) as number[];
  const to = (value: string, dims: readonly number[]): string =>
    graph.node('Reshape', [value, graph.constant(dims, [dims.length], 'int64')]);
  const wide = rest.reduce((a, b) => a * b, 1);
  const flat = rest.length === 1 ? x : to(x, [-1, wide]);
  const row = graph.node('MatMul', [graph.ones([1, shape[0]!]), flat]);
  const inner = to(row, keep ? [1, ...rest] : rest);
  if (axes.length === 1) return inner;
  const list = axes.slice(1).map((axis) => axis - 1 + +keep);
  return graph.node('ReduceSum', [inner, graph.constant(list, [list.length], 'int64')], {
    keepdims: +keep,
  });
}

/** Lengths up to this are taken apart: the runtime's own sum over a middle axis walks number by number. */
const short = 8;

/** The one axis, neither first nor last, of a known small length; undefined where it is not so. */
export function shortMiddle(shape: Shape, axes: readonly number[]): number | undefined {
  const [axis] = axes as [number];
  const length = shape[axis]!;
  const middle = axes.length === 1 && axis > 0 && axis < shape.length - 1;
  return middle && typeof length === 'number' && length > 1 && length <= short ? length : undefined;
}

/** The parts of `x` along an axis of `length`, each of length 1 there. */
export function partsOf(graph: Emitter, x: string, axis: number, length: number): string[] {
  return graph.nodes('Split', [x], { axis, num_outputs: length }, length);
}

/** A result with length 1 at an axis, which goes where it is not kept. */
export function kept(graph: Emitter, value: string, axis: number, keep: boolean): string {
  return keep ? value : graph.node('Squeeze', [value, graph.constant([axis], [1], 'int64')]);
}

const sumOp: Op<Reduction> = {
  name: 'sum',
  shape: (inputs, a) => reduce('sum', inputs[0]!, a),
  emit(graph, [x], { axes, keep }, node) {
    const { shape } = node.inputs[0]!;
    const rest = shape.slice(1);
    const known = rest.length > 0 && rest.every((dim) => typeof dim === 'number');
    if (known && axes.length < shape.length && axes.every((axis, i) => axis === i))
      return leadingSum(graph, x!, shape, { axes, keep });
    const length = shortMiddle(shape, axes);
    if (length !== undefined) {
      const parts = partsOf(graph, x!, axes[0]!, length);
      const total = parts.reduce((a, b) => graph.node('Add', [a, b]));
      return kept(graph, total, axes[0]!, keep);
    }
    const list = graph.constant(axes, [axes.length], 'int64');
    return graph.node('ReduceSum', [x!, list], { keepdims: keep ? 1 : 0 });
  },
  vjp(node, gradient, { axes }) {
    const x = node.inputs[0]!;
    return [expand(restored(gradient, x, axes), x.shape)];
  },
  work: (node, size) => size(node.inputs[0]!.shape),
};

/** Sums over axes (all by default); `keep` leaves them with length 1. */
export function sum(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  const list = (axes ?? x.shape.map((_, i) => i)).map((axis) => axisOf('sum', x, axis));
  if (list.length === 0) return x;
  return apply(sumOp, [x], { axes: list.sort((a, b) => a - b), keep });
}

function expands(from: Shape, to: Shape): boolean {
  const lead = to.length - from.length;
  return lead >= 0 && from.every((dim, i) => dim === 1 || dim === to[i + lead]);
}

const expandOp: Op<Shape> = {
  name: 'expand',
  shape(inputs, shape) {
    const x = inputs[0]!;
    if (!expands(x.shape, shape)) {
      throw shapeError('expand', `cannot become [${shape.join(', ')}]`, [x]);
    }
    return { shape, dtype: x.dtype };
  },
  emit: (graph, [x], shape) => graph.node('Expand', [x!, graph.shape(shape)]),
  vjp: (node, gradient) => [unbroadcast(gradient, node.inputs[0]!.shape)],
  work: () => 0,
};

/** Repeats `x` along axes of length 1 and new leading axes until it has `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(expandOp, [x], [...shape]);
}

/** The operand of an expansion, where broadcasting against `other` gives the same shape anyway. */
export function unexpanded(x: Tensor, other: Tensor): Tensor {
  if (x.op !== expandOp) return x;
  return expands(x.inputs[0]!.shape, other.shape) && sameShape(x.shape, other.shape)
    ? x.inputs[0]!
    : x;
}

/** Sums a gradient back to the shape of an operand that was broadcast. */
export function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape
    .map((dim, i) => (i < lead || (shape[i - lead] === 1 && dim !== 1) ? i : -1))
    .filter((i) => i >= 0);
  return reshape(sum(gradient, axes), shape);
}

/** The shape of an elementwise operator (numpy broadcasting). */
export function broadcastShape(name: string, inputs: readonly Tensor[]): Shape {
  const rank = Math.max(...inputs.map((x) => x.shape.length));
  return Array.from({ length: rank }, (_, i): Dim => {
    let found: Dim = 1;
    for (const x of inputs) {
      const dim = x.shape[i - rank + x.shape.length] ?? 1;
      if (dim === 1 || dim === found) continue;
      if (found !== 1) throw shapeError(name, 'shapes do not broadcast', inputs);
      found = dim;
    }
    return found;
  });
}
