/** Symbolic tensors: nodes of a graph that is built now and run later. */
import type { Attribute } from '../onnx/graph.js';
import { type Data, type Dtype, elements, type Shape, toData } from '../onnx/types.js';

export type { Data, Dim, Dtype, Shape } from '../onnx/types.js';

/** A node; two tensors are the same exactly when they are the same object. */
export interface Tensor<A = unknown> {
  readonly op: Op<A>;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** What an operator needs while a graph is written out. */
export interface Emitter {
  /** Adds a node with one output and returns its name. */
  node(type: string, inputs: readonly string[], attributes?: Record<string, Attribute>): string;
  /** Adds a node with several outputs. */
  nodes(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute>,
    outputs: number,
  ): string[];
  constant(values: ArrayLike<number> | Data, dims: readonly number[], dtype: Dtype): string;
  /** A vector [rank] of int64 that holds `shape`, whose symbols are read from the inputs. */
  shape(shape: Shape): string;
  /** A float32 tensor of ones of `shape`. */
  ones(shape: Shape): string;
}

/** An operator: its shape rule, its emission and its gradient in one object. */
export interface Op<A = unknown> {
  readonly name: string;
  /** Throws an Error that names the operator and the shapes when they do not fit. */
  shape(inputs: readonly Tensor[], attributes: A): { shape: Shape; dtype: Dtype };
  /** Writes the node and returns the name of its value. */
  emit(graph: Emitter, inputs: readonly string[], attributes: A, node: Tensor<A>): string;
  /** Given the gradient of the node, the gradient of each input; null means zero. */
  vjp(node: Tensor<A>, gradient: Tensor, attributes: A): (Tensor | null)[];
  /** Multiply-adds; the default is one per element of the result. */
  work?(node: Tensor<A>, size: (shape: Shape) => number): number;
}

/** Applies an operator. */
export function apply<A>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Tensor<A> {
  const { shape, dtype } = op.shape(inputs, attributes);
  return { op, inputs, attributes, shape, dtype };
}

/** `name: reason, got [B, 3] and [4]` */
export function shapeError(name: string, reason: string, inputs: readonly Tensor[]): Error {
  const shapes = inputs.map((x) => `${x.dtype} [${x.shape.join(', ')}]`).join(' and ');
  return new Error(`${name}: ${reason}, got ${shapes}`);
}

/** A gradient rule for operators whose result does not vary smoothly with their inputs. */
export const noGradient = (node: Tensor): null[] => node.inputs.map(() => null);

interface InputAttributes {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** The operator of graph inputs; the emitter declares them. */
export const inputOp: Op<InputAttributes> = {
  name: 'input',
  shape: (_, { shape, dtype }) => ({ shape, dtype }),
  emit: (_, __, { name }) => name,
  vjp: () => [],
  work: () => 0,
};

interface ConstantAttributes {
  readonly data: Data;
  readonly dims: readonly number[];
  readonly dtype: Dtype;
}

/** The operator of constants. */
export const constantOp: Op<ConstantAttributes> = {
  name: 'constant',
  shape: (_, { dims, dtype }) => ({ shape: dims, dtype }),
  emit: (graph, _, { data, dims, dtype }) => graph.constant(data, dims, dtype),
  vjp: () => [],
  work: () => 0,
};

/** A named input of the graph. */
export function input(name: string, shape: Shape, dtype: Dtype = 'float32'): Tensor {
  return apply(inputOp, [], { name, shape, dtype });
}

/** The name of an input tensor. */
export function inputName(x: Tensor): string {
  if (x.op !== inputOp) throw new Error(`${x.op.name} is not an input`);
  return (x.attributes as InputAttributes).name;
}

function naturalDtype(data: number | readonly number[] | Data): Dtype {
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  return 'float32';
}

/** A constant; a number makes a scalar, an array without a shape makes a vector. */
export function constant(
  data: number | readonly number[] | Data,
  shape?: readonly number[],
  dtype: Dtype = naturalDtype(data),
): Tensor {
  const values = typeof data === 'number' ? [data] : data;
  const typed = ArrayBuffer.isView(values) ? (values as Data) : toData(values as number[], dtype);
  const dims = shape ?? (typeof data === 'number' ? [] : [typed.length]);
  if (elements(dims) !== typed.length) {
    throw new Error(`constant: ${typed.length} numbers for the shape [${dims.join(', ')}]`);
  }
  return apply(constantOp, [], { data: typed, dims, dtype });
}

/** The value of a scalar float constant, or undefined for any other tensor. */
export function scalarValue(x: Tensor): number | undefined {
  if (x.op !== constantOp || x.shape.length > 0) return undefined;
  return Number((x.attributes as ConstantAttributes).data[0]);
}

/** True when two shapes are equal, symbols by name. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** Turns an axis that may count from the end into one from the start. */
export function axisOf(name: string, x: Tensor, axis: number): number {
  const rank = x.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw shapeError(name, `axis ${axis} is out of range`, [x]);
  }
  return axis < 0 ? axis + rank : axis;
}
