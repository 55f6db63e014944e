/** Values of a graph that runs in plain TypeScript, and the shapes of elementwise results. */
import { elements } from '../../onnx/types.js';

/** Whole numbers of either width are int32 here, truth values are uint8. */
export type PlainData = Float32Array | Int32Array | Int8Array | Uint8Array;

export interface Value {
  readonly data: PlainData;
  readonly dims: readonly number[];
}

/** What a node computes, once its attributes are known. */
export type Run = (inputs: readonly Value[]) => readonly Value[];

/** Attributes of a node by name. */
export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** An operator; undefined where it cannot run with these attributes. */
export type Kernel = (attributes: Attributes) => Run | undefined;

/** The place of an axis that may be counted from the end. */
export const axisAt = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The shape of an elementwise result; throws where the operands do not fit. */
export function broadcastDims(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`[${a}] and [${b}] do not fit`);
    out[rank - i] = x === 1 ? y : x;
  }
  return out;
}

/** Numbers to go on in an operand from one of the result to the next: 0 for a scalar; undefined where it varies. */
export function strideIn({ data }: Value, out: readonly number[]): number | undefined {
  if (data.length === 1) return 0;
  return data.length === elements(out) ? 1 : undefined;
}

/** The place in an operand of each number of the result. */
export function placesIn(dims: readonly number[], out: readonly number[]): Int32Array {
  const places = new Int32Array(elements(out));
  let inner = 1;
  let stride = 1;
  for (let i = 1; i <= out.length; i++) {
    const length = out[out.length - i]!;
    const own = dims[dims.length - i] ?? 1;
    if (own !== 1)
      for (let at = 0; at < places.length; at++)
        places[at]! += (Math.floor(at / inner) % length) * stride;
    inner *= length;
    stride *= own;
  }
  return places;
}
