/** Concatenation, and the two operators that are each other's gradient: slice and pad. */
import { apply, axisOf, type Dim, type Op, sameShape, shapeError, type Tensor } from '../tensor.js';

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

const sliceOp: Op<Range> = {
  name: 'slice',
  shape(inputs, { axis, start, end }) {
    const x = inputs[0]!;
    const length = x.shape[axis]!;
    if (typeof length !== 'number' || start < 0 || end > length || start >= end) {
      throw shapeError('slice', `no range ${start} to ${end} on axis ${axis}`, inputs);
    }
    return {
      shape: x.shape.map((dim, i): Dim => (i === axis ? end - start : dim)),
      dtype: x.dtype,
    };
  },
  emit(graph, [x], { axis, start, end }) {
    const list = [start, end, axis].map((value) => graph.constant([value], [1], 'int64'));
    return graph.node('Slice', [x!, ...list]);
  },
  vjp(node, gradient, { axis, start, end }) {
    const after = (node.inputs[0]!.shape[axis] as number) - end;
    return [apply(padOp, [gradient], { axis, before: start, after })];
  },
  work: () => 0,
};

/** Elements `start` to `end` (not included) of an axis of known length. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const at = axisOf('slice', x, axis);
  return start === 0 && end === x.shape[at] ? x : apply(sliceOp, [x], { axis: at, start, end });
}

interface Margins {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

const padOp: Op<Margins> = {
  name: 'pad',
  shape: ([x], { axis, before, after }) => ({
    shape: x!.shape.map((dim, i): Dim => (i === axis ? (dim as number) + before + after : dim)),
    dtype: x!.dtype,
  }),
  emit(graph, [x], { axis, before, after }, node) {
    const rank = node.shape.length;
    const pads = Array.from({ length: 2 * rank }, (_, i) =>
      i === axis ? before : i === axis + rank ? after : 0,
    );
    return graph.node('Pad', [x!, graph.constant(pads, [2 * rank], 'int64')]);
  },
  vjp: (node, gradient, { axis, before }) => [
    slice(gradient, axis, before, before + (node.inputs[0]!.shape[axis] as number)),
  ],
  work: () => 0,
};

/** Zeros before and after an axis of known length. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  return apply(padOp, [x], { axis: axisOf('pad', x, axis), before, after });
}

const concatOp: Op<number> = {
  name: 'concat',
  shape(inputs, axis) {
    const first = inputs[0]!;
    const others = (x: Tensor): Dim[] => x.shape.filter((_, i) => i !== axis);
    const fits = inputs.every(
      (x) =>
        x.dtype === first.dtype &&
        x.shape.length === first.shape.length &&
        typeof x.shape[axis] === 'number' &&
        sameShape(others(x), others(first)),
    );
    if (!fits) throw shapeError('concat', `shapes differ off axis ${axis}`, inputs);
    const total = inputs.reduce((length, x) => length + (x.shape[axis] as number), 0);
    return {
      shape: first.shape.map((dim, i): Dim => (i === axis ? total : dim)),
      dtype: first.dtype,
    };
  },
  emit: (graph, inputs, axis) => graph.node('Concat', inputs, { axis }),
  vjp(node, gradient, axis) {
    let start = 0;
    return node.inputs.map((x) => {
      const end = start + (x.shape[axis] as number);
      const part = slice(gradient, axis, start, end);
      start = end;
      return part;
    });
  },
  work: () => 0,
};

/** Joins tensors along an axis of known lengths. */
export function concat(xs: readonly Tensor[], axis: number): Tensor {
  if (xs.length === 0) throw new Error('concat: nothing to join');
  return xs.length === 1 ? xs[0]! : apply(concatOp, xs, axisOf('concat', xs[0]!, axis));
}
