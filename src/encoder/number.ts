/** Numbers: a robust scaled value, and piecewise-linear steps over the quantiles. */
import { z } from 'zod';
import { quantileSorted } from '../core/statistic.js';
import type { Values } from '../data/column.js';
import type { Coder, Encoder } from './encoder.js';
import { rawColumn, rawPort } from './raw.js';

const config = z.strictObject({
  bins: z.int().min(1).max(512).default(48).describe('steps of the piecewise-linear encoding'),
});
type Config = z.infer<typeof config>;

export interface NumberState {
  readonly centre: number;
  readonly scale: number;
  /** Rising edges of the steps; n + 1 edges make n steps. */
  readonly edges: readonly number[];
}

/** Beyond about three robust spreads a value counts as three (RealMLP's smooth clipping). */
const reach = 3;

function finite(values: Values): Float64Array {
  return (values as Float64Array).filter((value) => Number.isFinite(value)).sort();
}

/** Strictly rising quantiles; every distinct value is an edge where there are few of them. */
function edgesOf(sorted: Float64Array, bins: number): number[] {
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  if (distinct.length <= bins + 1) return [...distinct];
  const edges: number[] = [];
  for (let i = 0; i <= bins; i++) {
    const edge = quantileSorted(sorted, i / bins);
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge);
  }
  return edges;
}

/** The spread of the middle half, or of the whole where the middle half is one value. */
function scaleOf(sorted: Float64Array): number {
  const half = quantileSorted(sorted, 0.75) - quantileSorted(sorted, 0.25);
  const whole = sorted.length === 0 ? 0 : sorted.at(-1)! - sorted[0]!;
  const scale = half > 0 ? half : whole / 2;
  return scale > 0 && Number.isFinite(scale) ? scale : 1;
}

function squash(value: number, state: NumberState): number {
  const scaled = (value - state.centre) / state.scale;
  if (!Number.isFinite(scaled)) return Math.sign(value) * reach;
  const bend = scaled / reach;
  return Math.abs(bend) > 1e8 ? Math.sign(bend) * reach : scaled / Math.sqrt(1 + bend * bend);
}

/** Fills steps 0 to 1: full below the value, a fraction in its own step (Gorishniy et al. 2022). */
function stepInto(out: Float32Array, at: number, value: number, edges: readonly number[]): void {
  for (let i = 0; i + 1 < edges.length; i++) {
    const low = edges[i]!;
    if (value <= low) return;
    const high = edges[i + 1]!;
    out[at + i] = value >= high ? 1 : (value - low) / (high - low);
  }
}

/** At most so many edges are offered as neighbours of a number. */
const mostNeighbours = 64;

/** The edges of the steps other than the number itself, those the fewest steps away first. */
function nearestEdges(number: number, edges: readonly number[]): number[] {
  const below = edges.filter((edge) => edge < number).reverse();
  const above = edges.filter((edge) => edge > number);
  return Array.from({ length: Math.max(below.length, above.length) }, (_, away) => [
    ...above.slice(away, away + 1),
    ...below.slice(away, away + 1),
  ])
    .flat()
    .slice(0, mostNeighbours);
}

function open(state: NumberState): Coder {
  const steps = state.edges.length;
  return {
    neighbours: (value) => nearestEdges(value as number, state.edges),
    ports: {
      value: { form: 'values', width: 2, cheap: true },
      steps: { form: 'values', width: steps, cheap: false },
      raw: rawPort('numbers'),
    },
    present: (values, row) => !Number.isNaN((values as Float64Array)[row]!),
    encode(values, want) {
      const numbers = values as Float64Array;
      const wide = want.includes('steps');
      const value = new Float32Array(numbers.length * 2);
      const step = new Float32Array(wide ? numbers.length * steps : 0);
      for (let row = 0; row < numbers.length; row++) {
        const number = numbers[row]!;
        if (Number.isNaN(number)) continue;
        value[row * 2] = squash(number, state);
        value[row * 2 + 1] = 1;
        if (!wide) continue;
        stepInto(step, row * steps, number, state.edges);
        step[row * steps + steps - 1] = 1;
      }
      return {
        ...(want.includes('value') ? { value: { form: 'values', width: 2, data: value } } : {}),
        ...(wide ? { steps: { form: 'values', width: steps, data: step } } : {}),
        ...(want.includes('raw') ? { raw: rawColumn(values) } : {}),
      };
    },
  };
}

/** Ports: `value` [B, 2] (scaled value, presence), `steps` [B, n] (n - 1 steps, presence), `raw`. */
export const number: Encoder<Config, NumberState> = {
  kind: 'number',
  summary: 'a quantity, a count, a rating; true and false count as 1 and 0',
  storage: 'number',
  config,
  fit(values, { bins }) {
    const sorted = finite(values);
    const edges = edgesOf(sorted, bins);
    const centre = sorted.length === 0 ? 0 : quantileSorted(sorted, 0.5);
    return { centre, scale: scaleOf(sorted), edges: edges.length === 0 ? [0] : edges };
  },
  open,
};
