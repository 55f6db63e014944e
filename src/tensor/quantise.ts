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
    let largest = 0;
    for (let i = start; i < start + width; i++) largest = Math.max(largest, Math.abs(data[i]!));
    if (largest === 0) continue;
    scales[row] = largest / 127;
    for (let i = start; i < start + width; i++) values[i] = Math.round((data[i]! * 127) / largest);
  }
  return { values, scales };
}
