/** Stores the rows of a table as int8 with one scale each. */

export interface QuantisedRows {
  /** [rows, width], -127 to 127. */
  readonly values: Int8Array;
  /** [rows]; a number is value times the scale of its row. */
  readonly scales: Float32Array;
}

/** Symmetric rounding per row; the error is at most half a scale, the largest entry / 254. */
export function quantiseRows(data: Float32Array, rows: number, width: number): QuantisedRows {
  const values = new Int8Array(rows * width);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const end = start + width;
    let largest = 0;
    for (let i = start; i < end; i++) {
      const size = Math.abs(data[i]!);
      if (size > largest) largest = size;
    }
    if (largest === 0) continue;
    scales[row] = largest / 127;
    // As Math.round, whose slow path costs three times as much: a ratio of two float32 numbers
    // comes no nearer to a half than 2^-32, so that the sum is never rounded over it.
    for (let i = start; i < end; i++) values[i] = Math.floor((data[i]! * 127) / largest + 0.5);
  }
  return { values, scales };
}
