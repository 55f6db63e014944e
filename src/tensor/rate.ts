/** The learning-rate schedule. */

/** From a step (from 0) to a factor of the rate, which falls in a straight line from 1 to `floor` at step `total`. */
export function linearRate(total: number, floor = 0): (step: number) => number {
  return (step) => 1 - (1 - floor) * Math.min(1, step / Math.max(1, total));
}
