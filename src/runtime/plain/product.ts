/** Matrix products. */
import { elements } from '../../onnx/types.js';
import { broadcastDims, type Kernel, type PlainData, placesIn, type Value } from './value.js';

interface Matrix {
  readonly data: PlainData;
  readonly from: number;
  /** Numbers from a row to the next, and from a column to the next. */
  readonly row: number;
  readonly column: number;
}

interface Size {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** Adds a product to `out`, which begins at `at`. */
function multiply(a: Matrix, b: Matrix, out: Float32Array, at: number, size: Size): void {
  const { rows, inner, columns } = size;
  // Sums are kept as float64, one row at a time.
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) sums[j] = out[at + i * columns + j]!;
    for (let k = 0; k < inner; k++) {
      const factor = a.data[a.from + i * a.row + k * a.column]!;
      if (factor === 0) continue;
      const from = b.from + k * b.row;
      for (let j = 0; j < columns; j++) sums[j]! += factor * b.data[from + j * b.column]!;
    }
    out.set(sums, at + i * columns);
  }
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
  for (let i = 0; i < placeA.length; i++) {
    const left = { data: a.data, from: placeA[i]! * rows * inner, row: inner, column: 1 };
    const right = { data: b.data, from: placeB[i]! * inner * columns, row: columns, column: 1 };
    multiply(left, right, out, i * rows * columns, { rows, inner, columns });
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
    const left = { data: a.data, from: 0, ...(transA === 1 ? turned(n) : straight(n)) };
    const right = { data: b.data, from: 0, ...(transB === 1 ? turned(q) : straight(q)) };
    multiply(left, right, out, 0, { rows, inner, columns });
    return [{ data: out, dims: [rows, columns] }];
  };
};

const straight = (width: number) => ({ row: width, column: 1 });
const turned = (width: number) => ({ row: 1, column: width });

export const products: Readonly<Record<string, Kernel>> = { MatMul: matMul, Gemm: gemm };
