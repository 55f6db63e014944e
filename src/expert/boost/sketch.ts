/** Slopes of many outputs as a few numbers, by which splits are compared. */
import type { Random } from '../../core/random.js';

/** A matrix [outputs, width], row after row. */
export interface Sketch {
  readonly width: number;
  readonly matrix: Float32Array;
}

/** Columns of random signs, which keep lengths on average (Iosipoi and Vakhrushev 2022). */
function signs(outputs: number, width: number, stream: Random): Sketch {
  const one = 1 / Math.sqrt(width);
  const matrix = Float32Array.from({ length: outputs * width }, () =>
    stream.below(2) === 0 ? one : -one,
  );
  return { width, matrix };
}

/** Helmert's contrasts: orthonormal columns [outputs, outputs - 1] at right angles to (1, .., 1). */
function contrasts(outputs: number): Sketch {
  const width = outputs - 1;
  const matrix = new Float32Array(outputs * width);
  for (let k = 0; k < width; k++) {
    const length = Math.sqrt((k + 1) * (k + 2));
    for (let w = 0; w <= k; w++) matrix[w * width + k] = 1 / length;
    matrix[(k + 1) * width + k] = -(k + 1) / length;
  }
  return { width, matrix };
}

/** The first `width` outputs as they are. */
function leading(outputs: number, width: number): Sketch {
  const matrix = new Float32Array(outputs * width);
  for (let k = 0; k < width; k++) matrix[k * width + k] = 1;
  return { width, matrix };
}

/** Numbers that say all there is to say of the slopes: one fewer where they add up to nothing. */
const needed = (outputs: number, balanced: boolean): number => (balanced ? outputs - 1 : outputs);

/** Sums of squares over all outputs are left as they are by at most `most` numbers, or nearly so. */
export function lengthSketch(
  outputs: number,
  balanced: boolean,
  most: number,
  stream: Random,
): Sketch {
  if (needed(outputs, balanced) > most) return signs(outputs, most, stream);
  return balanced ? contrasts(outputs) : leading(outputs, outputs);
}

/** Outputs by themselves, where they are few, or at most `most` mixtures of them. */
export function outputSketch(
  outputs: number,
  balanced: boolean,
  most: number,
  stream: Random,
): Sketch {
  const width = needed(outputs, balanced);
  return width > most ? signs(outputs, most, stream) : leading(outputs, width);
}

/** Whether the slopes [N, outputs] of every row add up to nothing, as under softmax. */
export function addUpToNothing(slopes: Float32Array, outputs: number): boolean {
  for (let at = 0; at < slopes.length; at += outputs) {
    let sum = 0;
    let size = 0;
    for (let w = 0; w < outputs; w++) {
      sum += slopes[at + w]!;
      size += Math.abs(slopes[at + w]!);
    }
    if (Math.abs(sum) > 1e-5 * size) return false;
  }
  return outputs > 1;
}

/** Slopes [N, outputs] times the matrix: [N, width]. */
export function sketched(slopes: Float32Array, { width, matrix }: Sketch): Float32Array {
  const outputs = matrix.length / width;
  const out = new Float32Array((slopes.length / outputs) * width);
  for (let from = 0, to = 0; to < out.length; from += outputs, to += width) {
    for (let k = 0; k < width; k++) {
      let sum = 0;
      for (let w = 0; w < outputs; w++) sum += slopes[from + w]! * matrix[w * width + k]!;
      out[to + k] = sum;
    }
  }
  return out;
}
