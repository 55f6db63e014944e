/** Operators that lay numbers out anew: shapes, axes, parts. */
import { elements } from '../../onnx/types.js';
import {
  axisAt,
  broadcastDims,
  type Kernel,
  type PlainData,
  placesIn,
  type Value,
} from './value.js';

/** An array of the same kind. */
export function made(data: PlainData, length: number): PlainData {
  return new (data.constructor as new (length: number) => PlainData)(length);
}

/** Numbers of `data` at `places`. */
function taken({ data }: Value, places: Int32Array, dims: readonly number[]): Value {
  const out = made(data, places.length);
  for (let i = 0; i < out.length; i++) out[i] = data[places[i]!]!;
  return { data: out, dims };
}

/** 0 keeps a length, -1 takes what is left. */
const reshape: Kernel = ({ allowzero = 0 }) => {
  if (allowzero !== 0) return undefined;
  return (inputs) => {
    const [{ data, dims }, wanted] = inputs as [Value, Value];
    const lengths = [...wanted.data].map((length, i) => (length === 0 ? dims[i]! : length));
    const known = lengths.reduce((product, length) => (length < 0 ? product : product * length), 1);
    return [{ data, dims: lengths.map((length) => (length < 0 ? data.length / known : length)) }];
  };
};

const transpose: Kernel = ({ perm }) => {
  if (perm === undefined) return undefined;
  const order = perm as readonly number[];
  return (inputs) => {
    const x = inputs[0]!;
    const strides = x.dims.map((_, i) => elements(x.dims.slice(i + 1)));
    const dims = order.map((axis) => x.dims[axis]!);
    const places = new Int32Array(x.data.length);
    let inner = 1;
    for (let i = order.length - 1; i >= 0; i--) {
      const [length, stride] = [dims[i]!, strides[order[i]!]!];
      for (let at = 0; at < places.length; at++)
        places[at]! += (Math.floor(at / inner) % length) * stride;
      inner *= length;
    }
    return [taken(x, places, dims)];
  };
};

const shapeOf: Kernel =
  ({ start = 0, end }) =>
  (inputs) => {
    const dims = inputs[0]!.dims.slice(start as number, end as number | undefined);
    return [{ data: Int32Array.from(dims), dims: [dims.length] }];
  };

const expand: Kernel = () => (inputs) => {
  const [x, wanted] = inputs as [Value, Value];
  const dims = broadcastDims(x.dims, [...wanted.data]);
  if (x.data.length > 1) return [taken(x, placesIn(x.dims, dims), dims)];
  return [{ data: made(x.data, elements(dims)).fill(x.data[0]!), dims }];
};

const squeeze: Kernel = () => (inputs) => {
  const [{ data, dims }, axes] = inputs as [Value, Value];
  const gone = [...axes.data].map((axis) => axisAt(axis, dims.length));
  return [{ data, dims: dims.filter((_, i) => !gone.includes(i)) }];
};

const unsqueeze: Kernel = () => (inputs) => {
  const [{ data, dims }, axes] = inputs as [Value, Value];
  const rank = dims.length + axes.data.length;
  const fresh = [...axes.data].map((axis) => axisAt(axis, rank));
  const rest = [...dims];
  const wide = Array.from({ length: rank }, (_, i) => (fresh.includes(i) ? 1 : rest.shift()!));
  return [{ data, dims: wide }];
};

const concat: Kernel =
  ({ axis }) =>
  (inputs) => {
    const first = inputs[0]!;
    const at = axisAt(axis as number, first.dims.length);
    const total = inputs.reduce((sum, { dims }) => sum + dims[at]!, 0);
    const dims = first.dims.map((length, i) => (i === at ? total : length));
    const outer = elements(dims.slice(0, at));
    const out = made(first.data, elements(dims));
    let to = 0;
    for (let o = 0; o < outer; o++)
      for (const { data } of inputs) {
        const run = data.length / outer;
        for (let i = 0; i < run; i++) out[to++] = data[o * run + i]!;
      }
    return [{ data: out, dims }];
  };

/** A block of a value: from where along each axis, and how long. */
function block(x: Value, from: readonly number[], dims: readonly number[]): Value {
  const places = new Int32Array(elements(dims));
  let [inner, stride] = [1, 1];
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    for (let at = 0; at < places.length; at++)
      places[at]! += (from[axis]! + (Math.floor(at / inner) % dims[axis]!)) * stride;
    inner *= dims[axis]!;
    stride *= x.dims[axis]!;
  }
  return taken(x, places, dims);
}

/** Steps forward, one by one. */
const slice: Kernel = () => (inputs) => {
  const [x, starts, ends, axes, steps] = inputs as [Value, Value, Value, Value?, Value?];
  if (steps?.data.some((step: number) => step !== 1)) throw new Error('slices of step 1');
  const rank = x.dims.length;
  const [from, dims] = [new Array<number>(rank).fill(0), [...x.dims]];
  starts.data.forEach((start: number, i: number) => {
    const axis = axisAt(axes?.data[i] ?? i, rank);
    const length = x.dims[axis]!;
    const place = (at: number) => Math.min(length, Math.max(0, at < 0 ? at + length : at));
    from[axis] = place(start);
    dims[axis] = Math.max(0, place(ends.data[i]!) - from[axis]!);
  });
  return [block(x, from, dims)];
};

/** Into parts of one length, the last of which may be shorter. */
const split: Kernel = ({ axis = 0, num_outputs: count }) => {
  if (count === undefined) return undefined;
  return (inputs) => {
    const x = inputs[0]!;
    const at = axisAt(axis as number, x.dims.length);
    const each = Math.ceil(x.dims[at]! / (count as number));
    return Array.from({ length: count as number }, (_, part) => {
      const from = x.dims.map((_, i) => (i === at ? part * each : 0));
      const length = Math.min(each, x.dims[at]! - part * each);
      return block(
        x,
        from,
        x.dims.map((own, i) => (i === at ? length : own)),
      );
    });
  };
};

const identity: Kernel = () => (inputs) => [inputs[0]!];

export const shapes: Readonly<Record<string, Kernel>> = {
  Reshape: reshape,
  Transpose: transpose,
  Shape: shapeOf,
  Expand: expand,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Slice: slice,
  Split: split,
  Identity: identity,
};
