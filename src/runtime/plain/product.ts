/** Matrix products. */
import { elements } from '../../onnx/types.js';
import { broadcastDims, type Kernel, placesIn, type Value } from './value.js';

interface Size {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** Where two matrices, row after row, and their product begin. */
interface Places {
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

/** Products are of float32 only: loops over one kind of array are several times as fast. */
function floats({ data }: Value): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/** Numbers that a product works on; it is done before another begins. */
let scratch = new Float64Array(256);

function room(length: number): Float64Array {
  if (scratch.length < length) scratch = new Float64Array(length);
  return scratch;
}

/** Adds a product to `out`; sums are kept as float64, one row at a time. */
function multiply(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  at: Places,
  { rows, inner, columns }: Size,
): void {
  const sums = room(columns);
  for (let i = 0; i < rows; i++) {
    const to = at.out + i * columns;
    for (let j = 0; j < columns; j++) sums[j] = out[to + j]!;
    for (let k = 0; k < inner; k++) {
      const factor = a[at.a + i * inner + k]!;
      if (factor === 0) continue;
      const from = at.b + k * columns;
      for (let j = 0; j < columns; j++) sums[j]! += factor * b[from + j]!;
    }
    for (let j = 0; j < columns; j++) out[to + j] = sums[j]!;
  }
}

/** A matrix with rows and columns exchanged. */
function turned(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return out;
}

/** The products of the last two axes, the axes before them broadcast; matrices of rank 2 at least. */
const matMul: Kernel = () => (inputs) => {
  const [a, b] = inputs as [Value, Value];
  const [rows, inner] = [a.dims.at(-2)!, a.dims.at(-1)!];
  const columns = b.dims.at(-1)!;
  const [headA, headB] = [a.dims.slice(0, -2), b.dims.slice(0, -2)];
  const head = broadcastDims(headA, headB);
  const [placeA, placeB] = [placesIn(headA, head), placesIn(headB, head)];
  const out = new Float32Array(elements(head) * rows * columns);
  const [left, right] = [floats(a), floats(b)];
  const size = { rows, inner, columns };
  for (let i = 0; i < placeA.length; i++) {
    const [from, other] = [placeA[i]! * rows * inner, placeB[i]! * inner * columns];
    multiply(left, right, out, { a: from, b: other, out: i * rows * columns }, size);
  }
  return [{ data: out, dims: [...head, rows, columns] }];
};

/** a b + c of two matrices, either of which may be turned. */
const gemm: Kernel = ({ transA = 0, transB = 0, alpha = 1, beta = 1 }) => {
  if (alpha !== 1 || beta !== 1) return undefined;
  return (inputs) => {
    const [a, b, c] = inputs as [Value, Value, Value?];
    const [m, n] = a.dims as [number, number];
    const [p, q] = b.dims as [number, number];
    const [rows, inner] = transA === 1 ? [n, m] : [m, n];
    const columns = transB === 1 ? p : q;
    const out = new Float32Array(rows * columns);
    if (c !== undefined) {
      const places = placesIn(c.dims, [rows, columns]);
      for (let i = 0; i < out.length; i++) out[i] = c.data[places[i]!]!;
    }
    const left = transA === 1 ? turned(floats(a), m, n) : floats(a);
    const right = transB === 1 ? turned(floats(b), p, q) : floats(b);
    multiply(left, right, out, { a: 0, b: 0, out: 0 }, { rows, inner, columns });
    return [{ data: out, dims: [rows, columns] }];
  };
};

export const products: Readonly<Record<string, Kernel>> = { MatMul: matMul, Gemm: gemm };
