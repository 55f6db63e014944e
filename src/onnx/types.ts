/** The element types that Monban's graphs use, with their ONNX codes and typed arrays. */

export type Dtype = 'float32' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool';
/** A length, or the name of one that is known only at run time, such as `B`. */
export type Dim = number | string;
export type Shape = readonly Dim[];
/** The typed arrays that hold tensors; int64 is BigInt64Array, bool is Uint8Array. */
export type Data = Float32Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;

/** Element type codes by name, as `TensorProto.DataType` of the ONNX standard numbers them. */
export const dtypeCodes: Readonly<Record<Dtype, number>> = {
  float32: 1,
  int64: 7,
  int32: 6,
  uint8: 2,
  int8: 3,
  bool: 9,
};

/** The name of an ONNX element type code; undefined for one that Monban never writes. */
export function dtypeOf(code: number): Dtype | undefined {
  return (Object.keys(dtypeCodes) as Dtype[]).find((name) => dtypeCodes[name] === code);
}

/** Bytes per element. */
export const dtypeBytes: Readonly<Record<Dtype, number>> = {
  float32: 4,
  int64: 8,
  int32: 4,
  uint8: 1,
  int8: 1,
  bool: 1,
};

/** Turns plain numbers into the typed array of a dtype. */
export function toData(values: ArrayLike<number>, dtype: Dtype): Data {
  if (dtype === 'float32') return Float32Array.from(values);
  if (dtype === 'int32') return Int32Array.from(values);
  if (dtype === 'int8') return Int8Array.from(values);
  if (dtype === 'int64') return BigInt64Array.from(Array.from(values, BigInt));
  return Uint8Array.from(values);
}

/** The number of elements of a shape without symbolic dimensions. */
export function elements(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
