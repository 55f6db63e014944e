/** Numbers of an encoder's state as text: base64 of float32, a third of what JSON would take. */
import { fromBase64, toBase64 } from '../core/base64.js';

/** float32 numbers as base64. */
export function packFloats(numbers: ArrayLike<number>): string {
  return toBase64(new Uint8Array(Float32Array.from(numbers).buffer));
}

/** The numbers that `packFloats` packed. */
export function unpackFloats(text: string): Float32Array {
  return new Float32Array(fromBase64(text).buffer);
}
