/** The mean of what was learned at several moments (Polyak and Juditsky 1992): calmer than the last step. */
import type { Learned } from '../tensor/trace-serving.js';

type Arrays = Readonly<Record<string, Float32Array>>;

export interface WeightAverage {
  add(learned: Learned): void;
  /** The mean of what was added, at least one; throws RangeError of nothing. */
  value(): Learned;
}

type Sums = Record<string, Float64Array>;

function addTo(sums: Sums, arrays: Arrays): void {
  for (const [name, values] of Object.entries(arrays)) {
    const sum = sums[name] ?? new Float64Array(values.length);
    sums[name] = sum;
    for (let i = 0; i < values.length; i++) sum[i]! += values[i]!;
  }
}

function divided(sums: Sums, count: number): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(sums).map(([name, sum]) => [name, Float32Array.from(sum, (v) => v / count)]),
  );
}

/** An empty average. */
export function startAverage(): WeightAverage {
  const weights: Sums = {};
  const tables: Sums = {};
  let count = 0;
  return {
    add(learned) {
      addTo(weights, learned.weights);
      addTo(tables, learned.tables);
      count++;
    },
    value() {
      if (count === 0) throw new RangeError('nothing was added to the average');
      return { weights: divided(weights, count), tables: divided(tables, count) };
    },
  };
}
