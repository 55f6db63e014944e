/** Copies single rows of numbers between arrays. */

/** Copies row `i` of `from` to row `place` of `to`: of few numbers a view would cost more than the copy. */
export function copyRow(
  from: Float32Array,
  i: number,
  to: Float32Array,
  place: number,
  width: number,
): void {
  for (let j = 0; j < width; j++) to[place * width + j] = from[i * width + j]!;
}
