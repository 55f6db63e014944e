/** Comparisons, casts and the operators that pick one of two values. */
import {
  apply,
  constant,
  type Dtype,
  noGradient,
  type Op,
  shapeError,
  type Tensor,
} from '../tensor.js';
import { lift, mul, type Operand, operands, sameDtype, sub } from './arithmetic.js';
import { broadcastShape, unbroadcast } from './broadcast.js';

function comparison(name: string, type: string): (a: Operand, b: Operand) => Tensor {
  const op: Op<null> = {
    name,
    shape(inputs) {
      sameDtype(name, inputs);
      return { shape: broadcastShape(name, inputs), dtype: 'bool' };
    },
    emit: (graph, inputs) => graph.node(type, inputs),
    vjp: noGradient,
  };
  return (a, b) => apply(op, operands(a, b), null);
}

/** a >= b, bool */
export const greaterEqual = comparison('greaterEqual', 'GreaterOrEqual');
/** a < b, bool */
export const less = comparison('less', 'Less');
/** a == b, bool */
export const equal = comparison('equal', 'Equal');

const castCodes: Partial<Record<Dtype, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};

const castOp: Op<Dtype> = {
  name: 'cast',
  shape: ([x], dtype) => ({ shape: x!.shape, dtype }),
  emit: (graph, [x], dtype) => graph.node('Cast', [x!], { to: castCodes[dtype]! }),
  vjp: (node, g) => [node.inputs[0]!.dtype === 'float32' ? g : null],
};

/** The same numbers as another dtype; bool becomes 0 and 1. */
export function cast(x: Tensor, dtype: Dtype): Tensor {
  return x.dtype === dtype ? x : apply(castOp, [x], dtype);
}

const whereOp: Op<null> = {
  name: 'where',
  shape(inputs) {
    const [condition, a, b] = inputs;
    if (condition!.dtype !== 'bool' || a!.dtype !== b!.dtype) {
      throw shapeError('where', 'expected bool and two of one dtype', inputs);
    }
    return { shape: broadcastShape('where', inputs), dtype: a!.dtype };
  },
  emit: (graph, inputs) => graph.node('Where', inputs),
  vjp(node, g) {
    const [condition, a, b] = node.inputs as [Tensor, Tensor, Tensor];
    const zero = constant(0);
    return [
      null,
      unbroadcast(where(condition, g, zero), a.shape),
      unbroadcast(where(condition, zero, g), b.shape),
    ];
  },
};

/** a where the condition holds, else b; broadcasts. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return apply(whereOp, [condition, lift(a), lift(b)], null);
}

function extremum(name: string, type: string, left: (a: Tensor, b: Tensor) => Tensor): Op<null> {
  return {
    name,
    shape: (inputs) => ({ shape: broadcastShape(name, inputs), dtype: sameDtype(name, inputs) }),
    emit: (graph, inputs) => graph.node(type, inputs),
    vjp(node, g) {
      const [a, b] = node.inputs as [Tensor, Tensor];
      const mask = cast(left(a, b), 'float32');
      return [unbroadcast(mul(g, mask), a.shape), unbroadcast(mul(g, sub(1, mask)), b.shape)];
    },
  };
}

const maximumOp = extremum('maximum', 'Max', (a, b) => greaterEqual(a, b));
const minimumOp = extremum('minimum', 'Min', (a, b) => greaterEqual(b, a));

/** The larger of the two; a tie gives its gradient to the first. */
export function maximum(a: Operand, b: Operand): Tensor {
  return apply(maximumOp, operands(a, b), null);
}

/** The smaller of the two; a tie gives its gradient to the first. */
export function minimum(a: Operand, b: Operand): Tensor {
  return apply(minimumOp, operands(a, b), null);
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

const clipOp: Op<Bounds> = {
  name: 'clip',
  shape: (inputs) => ({ shape: inputs[0]!.shape, dtype: sameDtype('clip', inputs) }),
  emit(graph, [x], { low, high }, node) {
    const bounds = [low, high].map((value) => graph.constant([value], [], node.dtype));
    return graph.node('Clip', [x!, ...bounds]);
  },
  vjp: (node, g) => [mul(g, cast(equal(node.inputs[0]!, node), 'float32'))],
};

/** x limited to [low, high]; the gradient outside is 0. */
export function clip(x: Tensor, low: number, high: number): Tensor {
  return apply(clipOp, [x], { low, high });
}
