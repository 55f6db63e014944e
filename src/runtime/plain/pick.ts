/** Operators that read and write by place. */
import { elements } from '../../onnx/types.js';
import { made } from './shape.js';
import { axisAt, type Kernel, type PlainData, type Value } from './value.js';

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

/** The place of the largest of a line that comes after `before`: less, or as much and further on. */
function nextLargest(line: Lined, before: number): number {
  const { data, from, length } = line;
  const most = before < 0 ? Number.POSITIVE_INFINITY : data[from + before]!;
  let best = -1;
  for (let i = 0; i < length; i++) {
    const value = data[from + i]!;
    if (value > most || (value === most && i <= before)) continue;
    if (best < 0 || value > data[from + best]!) best = i;
  }
  return best;
}

interface Lined {
  readonly data: PlainData;
  readonly from: number;
  readonly length: number;
}

/** The k largest of each line of the last axis and their places, ties to the lower place. */
const topK: Kernel = ({ axis = -1, largest = 1 }) => {
  if (axis !== -1 || largest !== 1) return undefined;
  return (inputs) => {
    const [{ data, dims: given }, { data: counts }] = inputs as [Value, Value];
    const [k, length] = [counts[0]!, given.at(-1)!];
    const rows = data.length / length;
    const values = new Float32Array(rows * k);
    const places = new Int32Array(rows * k);
    for (let row = 0; row < rows; row++) {
      const line = { data, from: row * length, length };
      for (let i = 0, place = -1; i < k; i++) {
        place = nextLargest(line, place);
        places[row * k + i] = place;
        values[row * k + i] = data[line.from + place]!;
      }
    }
    const dims = [...given.slice(0, -1), k];
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
