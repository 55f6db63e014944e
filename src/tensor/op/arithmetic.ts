/** The four operations and the elementary functions that need only them. */
import {
  apply,
  constant,
  type Dtype,
  type Emitter,
  type Op,
  sameShape,
  scalarValue,
  shapeError,
  type Tensor,
} from '../tensor.js';
import { broadcastShape, unbroadcast, unexpanded } from './broadcast.js';

/** An operand that may be given as a plain number. */
export type Operand = Tensor | number;

/** Turns a number into a scalar constant of `dtype`. */
export function lift(x: Operand, dtype: Dtype = 'float32'): Tensor {
  return typeof x === 'number' ? constant([x], [], dtype) : x;
}

/** Throws unless all operands have one dtype, which is not bool. */
export function sameDtype(name: string, inputs: readonly Tensor[]): Dtype {
  const dtype = inputs[0]!.dtype;
  if (dtype === 'bool' || inputs.some((x) => x.dtype !== dtype)) {
    throw shapeError(name, 'expected numbers of one dtype', inputs);
  }
  return dtype;
}

/** Both operands as tensors, expansions dropped where broadcasting does the same. */
export function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  const dtype = typeof a === 'number' ? (typeof b === 'number' ? 'float32' : b.dtype) : a.dtype;
  const x = lift(a, dtype);
  const y = lift(b, dtype);
  const left = unexpanded(x, y);
  return [left, left === x ? unexpanded(y, x) : y];
}

/** Rows up to this width are walked by the runtime number by number where one operand has width 1. */
const narrow = 64;

/**
 * An operand [.., 1] of many rows, as wide as the result: a product with ones costs half of what the
 * runtime's own way of repeating a number along narrow rows does.
 */
function widened(graph: Emitter, value: string, x: Tensor, { shape, dtype }: Tensor): string {
  const wide = shape.at(-1)!;
  const alike = sameShape(x.shape.slice(0, -1), shape.slice(0, -1)) && x.shape.at(-1) === 1;
  if (!alike || dtype !== 'float32' || shape.length < 3) return value;
  if (typeof wide === 'string' || wide === 1 || wide > narrow) return value;
  return graph.node('MatMul', [value, graph.ones([1, wide])]);
}

type Gradient = (a: Tensor, b: Tensor, y: Tensor, g: Tensor) => [Tensor, Tensor];

/** An elementwise operator of two operands, from its gradient before broadcasting is undone. */
export function binary(name: string, type: string, gradient: Gradient): Op<null> {
  return {
    name,
    shape: (inputs) => ({ shape: broadcastShape(name, inputs), dtype: sameDtype(name, inputs) }),
    emit: (graph, inputs, _, node) =>
      graph.node(
        type,
        inputs.map((value, i) => widened(graph, value, node.inputs[i]!, node)),
      ),
    vjp(node, g) {
      const [a, b] = node.inputs as [Tensor, Tensor];
      const [ga, gb] = gradient(a, b, node, g);
      return [unbroadcast(ga, a.shape), unbroadcast(gb, b.shape)];
    },
  };
}

const addOp = binary('add', 'Add', (_a, _b, _y, g) => [g, g]);
const subOp = binary('sub', 'Sub', (_a, _b, _y, g) => [g, neg(g)]);
const mulOp = binary('mul', 'Mul', (a, b, _y, g) => [mul(g, b), mul(g, a)]);
const divOp = binary('div', 'Div', (_a, b, y, g) => [div(g, b), neg(div(mul(g, y), b))]);

/** True where `a` with the scalar constant `b` is just `a`. */
function neutral(b: Tensor, value: number): boolean {
  return scalarValue(b) === value;
}

/** a + b */
export function add(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  if (neutral(y, 0)) return x;
  return neutral(x, 0) ? y : apply(addOp, [x, y], null);
}

/** a - b */
export function sub(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  return neutral(y, 0) ? x : apply(subOp, [x, y], null);
}

/** a b, elementwise */
export function mul(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  if (neutral(y, 1)) return x;
  return neutral(x, 1) ? y : apply(mulOp, [x, y], null);
}

/** a / b */
export function div(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  return neutral(y, 1) ? x : apply(divOp, [x, y], null);
}

type Derivative = (x: Tensor, y: Tensor, g: Tensor) => Tensor | null;

/** An elementwise float function of one operand, from its gradient. */
export function unary(name: string, type: string, derivative: Derivative): (x: Tensor) => Tensor {
  const op: Op<null> = {
    name,
    shape(inputs) {
      const x = inputs[0]!;
      if (x.dtype !== 'float32') throw shapeError(name, 'expected float32', inputs);
      return { shape: x.shape, dtype: x.dtype };
    },
    emit: (graph, inputs) => graph.node(type, inputs),
    vjp: (node, g) => [derivative(node.inputs[0]!, node, g)],
  };
  return (x) => apply(op, [x], null);
}

/** -x */
export const neg = unary('neg', 'Neg', (_x, _y, g) => neg(g));
/** 1 / x */
export const reciprocal = unary('reciprocal', 'Reciprocal', (_x, y, g) => neg(mul(g, mul(y, y))));

const squareOp: Op<null> = {
  name: 'square',
  shape: (inputs) => ({ shape: inputs[0]!.shape, dtype: sameDtype('square', inputs) }),
  emit: (graph, [x]) => graph.node('Mul', [x!, x!]),
  vjp: (node, g) => [mul(mul(g, node.inputs[0]!), 2)],
};

/** x x */
export function square(x: Tensor): Tensor {
  return apply(squareOp, [x], null);
}
