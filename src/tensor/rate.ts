/** Learning-rate schedules as functions. */

/** From a step (from 0) to a factor of the learning rate. */
export type Schedule = (step: number) => number;

/** Always the full rate. */
export const constantRate: Schedule = () => 1;

/** Rises over `warmUp` steps, then falls along half a cosine to `floor` at step `total`. */
export function cosineRate(total: number, warmUp = 0, floor = 0): Schedule {
  return (step) => {
    if (step < warmUp) return (step + 1) / warmUp;
    const part = Math.min(1, (step - warmUp) / Math.max(1, total - warmUp));
    return floor + ((1 - floor) * (1 + Math.cos(Math.PI * part))) / 2;
  };
}

/** Falls in a straight line from 1 to `floor` at step `total`. */
export function linearRate(total: number, floor = 0): Schedule {
  return (step) => 1 - (1 - floor) * Math.min(1, step / Math.max(1, total));
}
