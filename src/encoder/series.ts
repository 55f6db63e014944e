/** Series: lists of numbers in time, of one or many channels, any length, with gaps. */
import { z } from 'zod';
import type { Column, ValuesColumn } from '../core/column.js';
import { quantileSorted } from '../core/statistic.js';
import type { Values } from '../data/column.js';
import type { Coder, Encoder } from './encoder.js';
import { type Grid, type Sampled, sample, spanOf, stepOf } from './grid.js';
import { fitRocket, openRocket, type RocketState } from './minirocket.js';
import { outlineInto, outlineWidth } from './outline.js';
import {
  type Axis,
  anyReading,
  guessAxis,
  hasStamps,
  keysOf,
  type Readings,
  readingsOf,
  unreadCell,
} from './reading.js';
import { unreadIn } from './unread.js';

const auto = z.literal('auto');
const config = z.strictObject({
  length: z
    .union([auto, z.int().min(1).max(8192)])
    .default('auto')
    .describe('steps that every series is brought to; auto: what 95 % of them have, at most 256'),
  fit: z
    .enum(['auto', 'crop', 'resample'])
    .default('auto')
    .describe(
      'crop: the last steps, missing before the first; resample: stretched; auto: by length',
    ),
  axis: z
    .enum(['auto', 'steps', 'channels'])
    .default('auto')
    .describe('whether a list of lists is one of steps or one of channels'),
  timed: z
    .union([auto, z.boolean()])
    .default('auto')
    .describe(
      'the first channel holds the times of the readings, as numbers or texts; auto: where all are dates or times as texts',
    ),
  features: z
    .int()
    .min(84)
    .max(20160)
    .default(1008)
    .describe('features of the rocket expert, 84 kernels times dilations times biases'),
});
type Config = z.infer<typeof config>;

export interface SeriesState extends Grid {
  readonly axis: Axis;
  /** The names of the channels where steps are records. */
  readonly keys?: readonly string[];
  /** By channel. */
  readonly centres: readonly number[];
  readonly scales: readonly number[];
  /** Whether gaps were seen, so that experts are shown where there are readings. */
  readonly gaps: boolean;
  readonly rocket: RocketState;
}

type Lists = readonly (readonly string[] | null)[];

const longestAuto = 256;
/** Series from which length, scales and kernels' biases are learned. */
const mostLearned = 2000;
const readable = 'finite numbers, times or nothing in a series';
/** Beyond about eight spreads a reading counts as eight. */
const reach = 8;

/** Evenly chosen series that have any reading. */
function learnedFrom(lists: Lists): (readonly string[])[] {
  const given = lists.filter((items): items is readonly string[] => (items?.length ?? 0) > 0);
  const every = Math.max(1, Math.ceil(given.length / mostLearned));
  return given.filter((_, i) => i % every === 0);
}

/** Median and the spread of the middle half of one channel. */
function scaleOf(values: number[]): [centre: number, scale: number] {
  if (values.length === 0) return [0, 1];
  const sorted = Float64Array.from(values).sort();
  const half = quantileSorted(sorted, 0.75) - quantileSorted(sorted, 0.25);
  const whole = sorted.at(-1)! - sorted[0]!;
  const scale = half > 0 ? half : whole / 2;
  const centre = quantileSorted(sorted, 0.5);
  return [centre, scale > 0 && Number.isFinite(scale) ? scale : 1];
}

function gridOf(all: readonly Readings[], { length, fit }: Config, timed: boolean): Grid {
  const step = timed ? stepOf(all) : 1;
  const spans = Float64Array.from(all, (readings) => spanOf(readings, timed, step)).sort();
  const usual = Math.max(1, Math.ceil(quantileSorted(spans, 0.95) || 1));
  const steps = length === 'auto' ? Math.min(usual, longestAuto) : length;
  const stretch = steps < usual / 2 || (length !== 'auto' && steps > 2 * usual);
  const widest = all.reduce((most, { channels }) => Math.max(most, channels), 1);
  return {
    length: steps,
    fit: fit === 'auto' ? (stretch ? 'resample' : 'crop') : fit,
    timed,
    channels: Math.max(1, widest - Number(timed)),
    step,
  };
}

/** Scaled and bent readings of one series: [length, channels]. */
function framesOf(
  { values }: Sampled,
  state: Pick<SeriesState, 'channels' | 'centres' | 'scales'>,
) {
  const { channels, centres, scales } = state;
  return Float32Array.from(values, (value, i) => {
    const c = i % channels;
    const bend = (value - centres[c]!) / scales[c]! / reach;
    return Math.abs(bend) > 1e8
      ? Math.sign(bend) * reach
      : (bend * reach) / Math.sqrt(1 + bend * bend);
  });
}

function fit(values: Values, given: Config): SeriesState {
  const lists = learnedFrom(values as Lists);
  const axis = given.axis === 'auto' ? guessAxis(lists, 100) : given.axis;
  const names = keysOf(lists);
  const keys = names.length > 0 ? { keys: names } : {};
  const all = lists.map((items) => readingsOf(items, axis, keys.keys));
  const timed = given.timed === 'auto' ? hasStamps(lists.slice(0, 100), axis) : given.timed;
  const grid = gridOf(all, given, timed);
  const sampled = all.map((readings) => sample(readings, grid));
  const scales = Array.from({ length: grid.channels }, (_, c) =>
    scaleOf(
      sampled.flatMap(({ values: steps, given: is }) =>
        [...steps].filter((_, i) => i % grid.channels === c && is[i] === 1),
      ),
    ),
  );
  const state = {
    ...grid,
    axis,
    ...keys,
    centres: scales.map(([centre]) => centre),
    scales: scales.map(([, scale]) => scale),
    gaps: sampled.some(({ given: is }) => is.includes(0)),
  };
  const frames = sampled.map((one) => framesOf(one, state));
  return { ...state, rocket: fitRocket(frames, grid.channels, grid.length, given.features) };
}

interface Shaped {
  readonly width: number;
  readonly own?: true;
  readonly shape?: readonly number[];
}

/** A column of zeros for a port. */
function empty(rows: number, { width, own, shape }: Shaped): ValuesColumn {
  const form = { ...(own === undefined ? {} : { own }), ...(shape === undefined ? {} : { shape }) };
  return { form: 'values', width, data: new Float32Array(rows * width), ...form };
}

/** Readings side by side with whether they were given, step by step. */
function stepsInto(
  out: Float32Array,
  at: number,
  frames: Float32Array,
  given: Uint8Array,
  channels: number,
): void {
  for (let i = 0; i < frames.length; i++) {
    const step = Math.floor(i / channels);
    const to = at + step * 2 * channels + (i % channels);
    out[to] = given[i] === 1 ? frames[i]! : 0;
    out[to + channels] = given[i]!;
  }
}

function open(state: SeriesState): Coder {
  const { length, channels, gaps, axis, keys } = state;
  const rocket = openRocket(state.rocket);
  const shape = [length, gaps ? 2 * channels : channels];
  const ports = {
    outline: { form: 'values', width: outlineWidth(channels), cheap: true },
    sequence: { form: 'values', width: shape[0]! * shape[1]!, cheap: false, own: true, shape },
    rocket: { form: 'values', width: rocket.width, cheap: false, own: true, work: rocket.work },
  } as const;
  const writers: Record<
    string,
    (out: Float32Array, at: number, frames: Float32Array, sampled: Sampled, steps: number) => void
  > = {
    outline: (out, at, frames, { given }, steps) =>
      outlineInto(out, at, { frames, given, channels, steps }),
    sequence(out, at, frames, { given }) {
      if (gaps) stepsInto(out, at, frames, given, channels);
      else out.set(frames, at);
    },
    rocket: (out, at, frames) => rocket.into(frames, out, at),
  };
  return {
    ports,
    present: (values, row) => anyReading((values as Lists)[row], keys),
    unread: (values, first = 1) =>
      unreadIn(values as Lists, first, readable, (items) => unreadCell(items ?? [], keys)),
    encode(values, want) {
      const lists = values as Lists;
      const columns: Record<string, ValuesColumn> = {};
      for (const port of want)
        columns[port] = empty(lists.length, ports[port as keyof typeof ports]);
      lists.forEach((items, row) => {
        const readings = readingsOf(items, axis, keys);
        if (!readings.data.some(Number.isFinite)) return;
        const sampled = sample(readings, state);
        const frames = framesOf(sampled, state);
        for (const [port, { data, width }] of Object.entries(columns))
          writers[port]!(data, row * width, frames, sampled, readings.steps);
      });
      return columns as Record<string, Column>;
    },
  };
}

/**
 * Ports: `outline` [B, 8 C + 2] (level, spread, extremes, end, trend, roughness, share given, per channel),
 * `sequence` [B, T, C or 2 C] (readings; where gaps were seen, also whether they were given),
 * `rocket` [B, n] (MiniRocket features).
 */
export const series: Encoder<Config, SeriesState> = {
  kind: 'series',
  summary: 'numbers in time: a list of them, or a list of steps or of channels; gaps are allowed',
  storage: 'list',
  config,
  fit,
  open,
};
