/** Operators that go along axes: sums, maxima and the softmax family. */
import { elements } from '../../onnx/types.js';
import { axisAt, type Kernel, type Value } from './value.js';

/** One line of numbers in an array: `length` of them, `stride` apart. */
type Fold = (data: ArrayLike<number>, from: number, stride: number, length: number) => number;

const sum: Fold = (data, from, stride, length) => {
  let total = 0;
  for (let i = 0, at = from; i < length; i++, at += stride) total += data[at]!;
  return total;
};

const largest: Fold = (data, from, stride, length) => {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0, at = from; i < length; i++, at += stride) if (data[at]! > most) most = data[at]!;
  return most;
};

/** log sum e^x, stable; minus infinity where all are. */
const logSum: Fold = (data, from, stride, length) => {
  const most = largest(data, from, stride, length);
  if (!Number.isFinite(most)) return most;
  let total = 0;
  for (let i = 0, at = from; i < length; i++, at += stride) total += Math.exp(data[at]! - most);
  return most + Math.log(total);
};

const mean: Fold = (data, from, stride, length) => sum(data, from, stride, length) / length;

/** Reduces one axis, which is left with length 1. */
function reduceAxis({ data, dims }: Value, axis: number, fold: Fold): Value {
  const length = dims[axis]!;
  const inner = elements(dims.slice(axis + 1));
  const outer = elements(dims.slice(0, axis));
  const out = new Float32Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      out[o * inner + i] = fold(data, o * length * inner + i, inner, length);
  return { data: out, dims: dims.map((dim, at) => (at === axis ? 1 : dim)) };
}

/** Folds that may be taken axis by axis; axes are an input, all without one. */
const reduction =
  (fold: Fold): Kernel =>
  ({ keepdims = 1 }) =>
  (inputs) => {
    const [x, given] = inputs as [Value, Value?];
    const rank = x.dims.length;
    const axes =
      given === undefined ? x.dims.map((_, i) => i) : [...given.data].map((a) => axisAt(a, rank));
    const kept = axes.reduce((value, axis) => reduceAxis(value, axis, fold), x);
    if (keepdims === 1) return [kept];
    return [{ data: kept.data, dims: kept.dims.filter((_, i) => !axes.includes(i)) }];
  };

/** Numbers less log sum e^x along an axis, `shape` then applied. */
const normaliser =
  (shape: (x: number) => number): Kernel =>
  ({ axis = -1 }) =>
  (inputs) => {
    const { data, dims } = inputs[0]!;
    const at = axisAt(axis as number, dims.length);
    const length = dims[at]!;
    const inner = elements(dims.slice(at + 1));
    const out = new Float32Array(data.length);
    for (let from = 0; from < data.length; from += length * inner)
      for (let i = from; i < from + inner; i++) {
        const total = logSum(data, i, inner, length);
        for (let k = 0, place = i; k < length; k++, place += inner)
          out[place] = shape(data[place]! - total);
      }
    return [{ data: out, dims }];
  };

export const reductions: Readonly<Record<string, Kernel>> = {
  ReduceSum: reduction(sum),
  ReduceMax: reduction(largest),
  ReduceMean: reduction(mean),
  ReduceLogSumExp: reduction(logSum),
  Softmax: normaliser(Math.exp),
  LogSoftmax: normaliser((x) => x),
};
