/** Operators that work number by number, with the broadcasting of ONNX. */
import { elements } from '../../onnx/types.js';
import {
  broadcastDims,
  type Kernel,
  type PlainData,
  placesIn,
  sameDims,
  strideIn,
  type Value,
} from './value.js';

type Same = (data: PlainData, length: number) => PlainData;

/** A result of the same element type. */
const alike: Same = (data, length) =>
  data instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
const truth: Same = (_, length) => new Uint8Array(length);

/** Loops are written in the closure of each operator, where the engine can inline `f`. */
const binary =
  (f: (a: number, b: number) => number, make = alike): Kernel =>
  () => {
    const combine = (x: Value, y: Value): Value => {
      const [a, b] = [x.data, y.data];
      const dims = sameDims(x.dims, y.dims) ? x.dims : broadcastDims(x.dims, y.dims);
      const out = make(a, elements(dims));
      const [p, q] = [strideIn(x, dims), strideIn(y, dims)];
      if (p !== undefined && q !== undefined) {
        for (let i = 0; i < out.length; i++) out[i] = f(a[i * p]!, b[i * q]!);
        return { data: out, dims };
      }
      const [places, others] = [placesIn(x.dims, dims), placesIn(y.dims, dims)];
      for (let i = 0; i < out.length; i++) out[i] = f(a[places[i]!]!, b[others[i]!]!);
      return { data: out, dims };
    };
    return (inputs) => [inputs.slice(1).reduce(combine, inputs[0]!)];
  };

const unary =
  (f: (x: number) => number): Kernel =>
  () =>
  (inputs) => {
    const { data, dims } = inputs[0]!;
    const out = new Float32Array(data.length);
    for (let i = 0; i < out.length; i++) out[i] = f(data[i]!);
    return [{ data: out, dims }];
  };

const where: Kernel = () => (inputs) => {
  const [condition, x, y] = inputs as [Value, Value, Value];
  const dims = broadcastDims(condition.dims, broadcastDims(x.dims, y.dims));
  const out = alike(x.data, elements(dims));
  const [p, q, r] = [condition, x, y].map((one) => strideIn(one, dims));
  if (p !== undefined && q !== undefined && r !== undefined) {
    for (let i = 0; i < out.length; i++)
      out[i] = condition.data[i * p] ? x.data[i * q]! : y.data[i * r]!;
    return [{ data: out, dims }];
  }
  const [at, on, off] = [condition, x, y].map((one) => placesIn(one.dims, dims));
  for (let i = 0; i < out.length; i++)
    out[i] = condition.data[at![i]!] ? x.data[on![i]!]! : y.data[off![i]!]!;
  return [{ data: out, dims }];
};

/** Bounds that are left out do not bind. */
const clip: Kernel = () => (inputs) => {
  const [x, low, high] = inputs as [Value, Value?, Value?];
  const least = low?.data[0] ?? Number.NEGATIVE_INFINITY;
  const most = high?.data[0] ?? Number.POSITIVE_INFINITY;
  const out = alike(x.data, x.data.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.min(most, Math.max(least, x.data[i]!));
  return [{ data: out, dims: x.dims }];
};

/** Codes of the element types that a value can be cast to. */
const casts: Readonly<Record<number, (length: number) => PlainData>> = {
  1: (length) => new Float32Array(length),
  6: (length) => new Int32Array(length),
  7: (length) => new Int32Array(length),
};

const cast: Kernel = ({ to }) => {
  const make = casts[to as number];
  if (make === undefined) return undefined;
  return (inputs) => {
    const { data, dims } = inputs[0]!;
    const out = make(data.length);
    out.set(data);
    return [{ data: out, dims }];
  };
};

/** log(1 + e^x) for x of any size. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const elementwise: Readonly<Record<string, Kernel>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Max: binary((a, b) => Math.max(a, b)),
  Min: binary((a, b) => Math.min(a, b)),
  Less: binary((a, b) => +(a < b), truth),
  GreaterOrEqual: binary((a, b) => +(a >= b), truth),
  Equal: binary((a, b) => +(a === b), truth),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tanh: unary(Math.tanh),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Neg: unary((x) => -x),
  Relu: unary((x) => Math.max(x, 0)),
  Reciprocal: unary((x) => 1 / x),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Softplus: unary(softplus),
  Where: where,
  Clip: clip,
  Cast: cast,
};
