/** Brings readings to a fixed number of even steps: cropped, padded, or stretched. */
import type { Readings } from './reading.js';

/** What a series of another length becomes. */
export interface Grid {
  /** Steps that every series is brought to. */
  readonly length: number;
  /** crop: the last `length` steps, missing before the first. resample: first to last, stretched. */
  readonly fit: 'crop' | 'resample';
  /** Whether the first channel holds the times of the readings. */
  readonly timed: boolean;
  /** Channels besides the times. */
  readonly channels: number;
  /** Time from one step to the next where readings are timed and cropped. */
  readonly step: number;
}

/** A series on its grid; [length, channels] each. */
export interface Sampled {
  /** Interpolated where nothing was read; 0 in a channel without any reading. */
  readonly values: Float64Array;
  /** 1 where there was a reading within half a step. */
  readonly given: Uint8Array;
}

/** Rising positions of the readings: their times, or 0, 1, 2, ... */
function positionsOf({ steps, channels, data }: Readings, timed: boolean): Float64Array {
  if (!timed) return Float64Array.from({ length: steps }, (_, i) => i);
  return Float64Array.from({ length: steps }, (_, i) => data[i * channels]!);
}

/** Order of the readings by position; those without a position are left out. */
function orderOf(positions: Float64Array): Int32Array {
  const rows = [...positions.keys()].filter((i) => Number.isFinite(positions[i]!));
  return Int32Array.from(rows.sort((a, b) => positions[a]! - positions[b]! || a - b));
}

/** First position, distance between steps. */
function axisOf(grid: Grid, first: number, last: number): [start: number, step: number] {
  if (grid.fit === 'resample') return [first, (last - first) / Math.max(1, grid.length - 1)];
  const step = grid.timed ? grid.step : 1;
  return [last - (grid.length - 1) * step, step];
}

/** Fills one channel by straight lines between its readings, which `at` and `seen` list. */
function interpolate(
  at: readonly number[],
  seen: readonly number[],
  [start, step]: readonly [number, number],
  put: (i: number, value: number, given: boolean) => void,
  length: number,
): void {
  if (at.length === 0) return;
  const near = Math.max(step, 1e-12) / 2 + 1e-9;
  let right = 0;
  for (let i = 0; i < length; i++) {
    const here = start + i * step;
    while (right < at.length - 1 && at[right]! < here) right++;
    const left = at[right]! >= here && right > 0 ? right - 1 : right;
    const span = at[right]! - at[left]!;
    const part = span > 0 ? Math.min(1, Math.max(0, (here - at[left]!) / span)) : 1;
    const given = Math.min(Math.abs(here - at[left]!), Math.abs(at[right]! - here)) <= near;
    put(i, seen[left]! + part * (seen[right]! - seen[left]!), given);
  }
}

/** The readings on the grid; all zeros, nothing given, where there are none. */
export function sample(readings: Readings, grid: Grid): Sampled {
  const { length, channels, timed } = grid;
  const values = new Float64Array(length * channels);
  const given = new Uint8Array(length * channels);
  const positions = positionsOf(readings, timed);
  const order = orderOf(positions);
  if (order.length === 0) return { values, given };
  const axis = axisOf(grid, positions[order[0]!]!, positions[order.at(-1)!]!);
  for (let c = 0; c < channels; c++) {
    const column = c + Number(timed);
    const at: number[] = [];
    const seen: number[] = [];
    for (const i of order) {
      const value =
        column < readings.channels ? readings.data[i * readings.channels + column]! : Number.NaN;
      if (!Number.isFinite(value)) continue;
      at.push(positions[i]!);
      seen.push(value);
    }
    const put = (i: number, value: number, is: boolean): void => {
      values[i * channels + c] = value;
      given[i * channels + c] = Number(is);
    };
    interpolate(at, seen, axis, put, length);
  }
  return { values, given };
}

/** Number of steps between the first and the last reading that has a position, at least 1. */
export function spanOf(readings: Readings, timed: boolean, step: number): number {
  if (!timed) return readings.steps;
  const positions = positionsOf(readings, true).filter(Number.isFinite).sort();
  if (positions.length === 0) return 0;
  return 1 + Math.round((positions.at(-1)! - positions[0]!) / step);
}

/** The median time between neighbouring readings; 1 where there is none. */
export function stepOf(all: readonly Readings[]): number {
  const gaps: number[] = [];
  for (const readings of all) {
    const positions = positionsOf(readings, true).filter(Number.isFinite).sort();
    for (let i = 1; i < positions.length; i++) gaps.push(positions[i]! - positions[i - 1]!);
  }
  const real = gaps.filter((gap) => gap > 0).sort((a, b) => a - b);
  return real[Math.floor(real.length / 2)] ?? 1;
}
