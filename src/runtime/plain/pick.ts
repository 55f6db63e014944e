/** Operators that read and write by place. */
import { elements } from '../../onnx/types.js';
import { made } from './shape.js';
import { axisAt, type Kernel, type Value } from './value.js';

/** Rows of an axis by their numbers. */
const gather: Kernel =
  ({ axis = 0 }) =>
  (inputs) => {
    const [x, places] = inputs as [Value, Value];
    const at = axisAt(axis as number, x.dims.length);
    const length = x.dims[at]!;
    const inner = elements(x.dims.slice(at + 1));
    const outer = elements(x.dims.slice(0, at));
    const count = places.data.length;
    const out = made(x.data, outer * count * inner);
    let to = 0;
    for (let o = 0; o < outer; o++)
      for (let p = 0; p < count; p++) {
        const from = (o * length + axisAt(places.data[p]!, length)) * inner;
        for (let i = 0; i < inner; i++) out[to++] = x.data[from + i]!;
      }
    return [{ data: out, dims: [...x.dims.slice(0, at), ...places.dims, ...x.dims.slice(at + 1)] }];
  };

/** The place of each number in an array that is longer along the last axis. */
const inRows = (width: number, wide: number, at: number, to: number): number =>
  Math.floor(at / width) * wide + axisAt(to, wide);

const onLast = (axis: unknown, rank: number): boolean =>
  axisAt((axis as number | undefined) ?? 0, rank) === rank - 1;

const gatherElements: Kernel =
  ({ axis }) =>
  (inputs) => {
    const [x, places] = inputs as [Value, Value];
    if (!onLast(axis, x.dims.length)) throw new Error('elements of the last axis');
    const out = made(x.data, places.data.length);
    const [width, wide] = [places.dims.at(-1)!, x.dims.at(-1)!];
    for (let i = 0; i < out.length; i++) out[i] = x.data[inRows(width, wide, i, places.data[i]!)]!;
    return [{ data: out, dims: places.dims }];
  };

const scatterElements: Kernel = ({ axis, reduction = 'none' }) => {
  if (reduction !== 'none') return undefined;
  return (inputs) => {
    const [x, places, updates] = inputs as [Value, Value, Value];
    if (!onLast(axis, x.dims.length)) throw new Error('elements of the last axis');
    const out = x.data.slice();
    const [width, wide] = [places.dims.at(-1)!, x.dims.at(-1)!];
    for (let i = 0; i < places.data.length; i++)
      out[inRows(width, wide, i, places.data[i]!)] = updates.data[i]!;
    return [{ data: out, dims: x.dims }];
  };
};

/** The k largest of each line of the last axis and their places, ties to the lower place. */
const topK: Kernel = ({ axis = -1, largest = 1 }) => {
  if (axis !== -1 || largest !== 1) return undefined;
  return (inputs) => {
    const [x, { data: counts }] = inputs as [Value, Value];
    const [k, wide] = [counts[0]!, x.dims.at(-1)!];
    const rows = x.data.length / wide;
    const values = new Float32Array(rows * k);
    const places = new Int32Array(rows * k);
    for (let row = 0; row < rows; row++) {
      const line = x.data.subarray(row * wide, (row + 1) * wide);
      const order = Array.from(line.keys()).sort((p, q) => line[q]! - line[p]! || p - q);
      for (let i = 0; i < k; i++) {
        places[row * k + i] = order[i]!;
        values[row * k + i] = line[order[i]!]!;
      }
    }
    const dims = [...x.dims.slice(0, -1), k];
    return [
      { data: values, dims },
      { data: places, dims },
    ];
  };
};

export const picks: Readonly<Record<string, Kernel>> = {
  Gather: gather,
  GatherElements: gatherElements,
  ScatterElements: scatterElements,
  TopK: topK,
};
