/** Numbers of an encoder's state as text: base64 of float32, a third of what JSON would take. */

/** float32 numbers as base64. */
export function packFloats(numbers: ArrayLike<number>): string {
  return Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
}

/** The numbers that `packFloats` packed. */
export function unpackFloats(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
