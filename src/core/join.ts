/** Joins typed arrays. */

type Joined = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** One array of all numbers, in order. */
export function joinArrays<A extends Joined>(
  make: new (length: number) => A,
  arrays: readonly A[],
): A {
  const out = new make(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array as never, at);
    at += array.length;
  }
  return out;
}
