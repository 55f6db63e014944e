/** MiniRocket (Dempster, Schmidt & Webb 2021): fixed dilated kernels, pooled as shares above a bias. */
import { combine } from '../core/hash.js';
import { quantileSorted } from '../core/statistic.js';
import { packFloats, unpackFloats } from './packed.js';

/** All ways to place three 2s among nine weights; the others are -1, so that levels cancel out. */
const kernels: readonly (readonly [number, number, number])[] = Array.from({ length: 9 }, (_, a) =>
  Array.from({ length: 9 }, (_, b) =>
    Array.from({ length: 9 }, (_, c) => [a, b, c] as const).filter(() => a < b),
  )
    .flat()
    .filter(([, b, c]) => b < c),
).flat();

export const kernelCount = kernels.length;
const reach = 4;
const mostDilations = 32;
const golden = (Math.sqrt(5) + 1) / 2;
/** Training series whose outputs give the biases, for each dilation and kernel. */
const examples = 8;

/** Plain JSON. */
export interface RocketState {
  readonly length: number;
  readonly channels: number;
  readonly dilations: readonly number[];
  /** Biases of one kernel at one dilation. */
  readonly biases: number;
  /** [dilations, kernels, biases], then mean and deviation of each feature, as base64 of float32. */
  readonly levels: string;
  readonly means: string;
  readonly deviations: string;
}

/** A series [length, channels] row after row. */
export type Frames = Float32Array;

/** Dilations from 1 on in even ratios, as long as nine steps fit into the series. */
function dilationsOf(length: number, perKernel: number): number[] {
  const most = Math.max(0, Math.log2((length - 1) / 8));
  const count = Math.min(perKernel, mostDilations);
  const all = Array.from({ length: count }, (_, i) =>
    Math.max(1, Math.floor(2 ** (count === 1 ? 0 : (most * i) / (count - 1)))),
  );
  return [...new Set(all)];
}

/** The channels that a kernel adds up at a dilation: all of one, else a fixed choice of up to nine. */
function channelsOf(channels: number, place: number): number[] {
  if (channels === 1) return [0];
  const most = Math.log2(Math.min(channels, 9) + 1);
  const draw = (i: number): number => combine(combine(0x90c3e7, place), i) / 4294967296;
  const count = Math.max(1, Math.floor(2 ** (most * draw(0))));
  const left = Array.from({ length: channels }, (_, c) => c);
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor(draw(i + 1) * left.length);
    return left.splice(at, 1)[0]!;
  });
}

/** x(t + (j - 4) d) for the nine j of one channel: [9, length]; edges are held. */
function shifted(frames: Frames, channels: number, c: number, d: number, out: Float32Array): void {
  const length = frames.length / channels;
  for (let j = 0; j < 9; j++) {
    for (let t = 0; t < length; t++) {
      const from = Math.min(length - 1, Math.max(0, t + (j - reach) * d));
      out[j * length + t] = frames[from * channels + c]!;
    }
  }
}

interface Work {
  /** [channels, 9, length] and [channels, length]: nine shifts, and their sum. */
  readonly shifts: Float32Array;
  readonly sums: Float32Array;
  readonly output: Float32Array;
}

function workFor(length: number, channels: number): Work {
  return {
    shifts: new Float32Array(channels * 9 * length),
    sums: new Float32Array(channels * length),
    output: new Float32Array(length),
  };
}

function shiftAll(frames: Frames, channels: number, d: number, { shifts, sums }: Work): void {
  const length = frames.length / channels;
  sums.fill(0);
  for (let c = 0; c < channels; c++) {
    const own = shifts.subarray(c * 9 * length, (c + 1) * 9 * length);
    shifted(frames, channels, c, d, own);
    for (let j = 0; j < 9; j++)
      for (let t = 0; t < length; t++) sums[c * length + t]! += own[j * length + t]!;
  }
}

/** The output of kernel k over some channels into `work.output`. */
function convolve(k: number, chosen: readonly number[], length: number, work: Work): void {
  const { shifts, sums, output } = work;
  output.fill(0);
  for (const c of chosen) {
    for (const j of kernels[k]!) {
      const from = (c * 9 + j) * length;
      for (let t = 0; t < length; t++) output[t]! += 3 * shifts[from + t]!;
    }
    for (let t = 0; t < length; t++) output[t]! -= sums[c * length + t]!;
  }
}

/** Every other kernel looks only where all of it lies inside the series, if it does anywhere. */
function insideOf(place: number, length: number, d: number): [from: number, to: number] {
  const edge = reach * d;
  return place % 2 === 0 || length <= 2 * edge ? [0, length] : [edge, length - edge];
}

/** Quantiles of the outputs over a few training series, at low-discrepancy places. */
function levelsOf(
  series: readonly Frames[],
  channels: number,
  dilations: readonly number[],
  biases: number,
): Float32Array {
  const length = (series[0]?.length ?? 0) / channels;
  const levels = new Float32Array(dilations.length * kernelCount * biases);
  const chosen = Array.from({ length: Math.min(examples, series.length) }, (_, i) =>
    Math.floor(((i + 0.5) * series.length) / Math.min(examples, series.length)),
  );
  const works = chosen.map(() => workFor(length, channels));
  dilations.forEach((d, di) => {
    chosen.forEach((row, i) => {
      shiftAll(series[row]!, channels, d, works[i]!);
    });
    for (let k = 0; k < kernelCount; k++) {
      const place = di * kernelCount + k;
      const all = works.flatMap((work) => {
        convolve(k, channelsOf(channels, place), length, work);
        return [...work.output];
      });
      const sorted = Float64Array.from(all).sort();
      for (let b = 0; b < biases; b++) {
        const share = ((place * biases + b + 1) * golden) % 1;
        levels[place * biases + b] = sorted.length === 0 ? 0 : quantileSorted(sorted, share);
      }
    }
  });
  return levels;
}

/** Computes the share of steps above each bias, [dilations x kernels x biases], not standardised. */
function pooled(
  frames: Frames,
  state: Pick<RocketState, 'channels' | 'dilations' | 'biases'>,
  levels: Float32Array,
  work: Work,
  out: Float32Array,
): void {
  const { channels, dilations, biases } = state;
  const length = frames.length / channels;
  dilations.forEach((d, di) => {
    shiftAll(frames, channels, d, work);
    for (let k = 0; k < kernelCount; k++) {
      const place = di * kernelCount + k;
      convolve(k, channelsOf(channels, place), length, work);
      const [from, to] = insideOf(place, length, d);
      for (let b = 0; b < biases; b++) {
        const level = levels[place * biases + b]!;
        let above = 0;
        for (let t = from; t < to; t++) if (work.output[t]! > level) above++;
        out[place * biases + b] = above / (to - from);
      }
    }
  });
}

/** Series whose features give means and deviations. */
const mostMeasured = 256;

/** Learns biases, and the mean and deviation of every feature, from training series. */
export function fitRocket(
  series: readonly Frames[],
  channels: number,
  length: number,
  features: number,
): RocketState {
  const perKernel = Math.max(1, Math.round(features / kernelCount));
  const dilations = dilationsOf(length, perKernel);
  const biases = Math.max(1, Math.round(perKernel / dilations.length));
  const levels = levelsOf(series, channels, dilations, biases);
  const sums = new Float64Array(levels.length);
  const squares = new Float64Array(levels.length);
  const work = workFor(length, channels);
  const row = new Float32Array(levels.length);
  const every = Math.max(1, Math.floor(series.length / mostMeasured));
  let count = 0;
  for (let i = 0; i < series.length; i += every, count++) {
    pooled(series[i]!, { channels, dilations, biases }, levels, work, row);
    for (let f = 0; f < row.length; f++) {
      sums[f]! += row[f]!;
      squares[f]! += row[f]! ** 2;
    }
  }
  const means = sums.map((sum) => sum / Math.max(1, count));
  const spread = squares.map((sum, f) => sum / Math.max(1, count) - means[f]! ** 2);
  return {
    length,
    channels,
    dilations,
    biases,
    levels: packFloats(levels),
    means: packFloats(means),
    // A feature that hardly varies is not blown up: shares are parts of one.
    deviations: packFloats(spread.map((value) => Math.max(0.02, Math.sqrt(Math.max(0, value))))),
  };
}

/** Features of one series. */
export interface Rocket {
  /** Numbers per series. */
  readonly width: number;
  /** Multiply-adds of one series. */
  readonly work: number;
  /** Writes the features of a series to `out` from `at` on. */
  into(frames: Frames, out: Float32Array, at: number): void;
}

/** Opens a state. */
export function openRocket(state: RocketState): Rocket {
  const { length, channels, dilations, biases } = state;
  const levels = unpackFloats(state.levels);
  const means = unpackFloats(state.means);
  const deviations = unpackFloats(state.deviations);
  const work = workFor(length, channels);
  const row = new Float32Array(levels.length);
  return {
    width: levels.length,
    work: dilations.length * length * (9 * channels + kernelCount * (4 + biases)),
    into(frames, out, at) {
      pooled(frames, state, levels, work, row);
      for (let f = 0; f < row.length; f++) out[at + f] = (row[f]! - means[f]!) / deviations[f]!;
    },
  };
}
