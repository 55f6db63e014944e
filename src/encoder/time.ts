/** Times: the calendar of a date or timestamp, cyclic and by name, and how far along in time it is. */
import { z } from 'zod';
import type { Column } from '../core/column.js';
import { quantileSorted } from '../core/statistic.js';
import type { Values } from '../data/column.js';
import { isMissingMark } from '../data/missing.js';
import { clockOf, daysLead, type Moment, parseTime } from './clock.js';
import type { Coder, Encoder } from './encoder.js';
import { rawColumn, rawPort } from './raw.js';
import { unreadIn } from './unread.js';

const parts = ['minute', 'hour', 'weekday', 'day', 'month', 'yearday', 'trend'] as const;
type Part = (typeof parts)[number];

const config = z.strictObject({
  parts: z
    .union([z.literal('auto'), z.array(z.enum(parts)).min(1)])
    .default('auto')
    .describe('what is read off a time; auto: every part that differs in the training rows'),
  zone: z
    .string()
    .min(1)
    .optional()
    .describe('a place such as Europe/Berlin whose clock counts; the clock as written otherwise'),
});
type Config = z.infer<typeof config>;

export interface TimeState {
  readonly parts: readonly Part[];
  readonly zone: string | null;
  /** Whether 03/04/2024 is in April. */
  readonly dayLeads: boolean;
  /** Seconds since 1970: the middle of the training rows, and the spread of their middle half. */
  readonly centre: number;
  readonly scale: number;
}

/** What a clock and a calendar on the wall say. */
interface Calendar {
  readonly minute: number;
  /** With its fraction, 0 to 24. */
  readonly hour: number;
  /** 0 is Monday. */
  readonly weekday: number;
  /** From 0. */
  readonly day: number;
  readonly month: number;
  /** With the fraction of the day, 0 to 366. */
  readonly yearday: number;
}

/** Names of each part, for a bag, and how long its cycle is. */
const cycles: Readonly<Record<Exclude<Part, 'trend'>, { names: number; length: number }>> = {
  minute: { names: 12, length: 60 },
  hour: { names: 24, length: 24 },
  weekday: { names: 7, length: 7 },
  day: { names: 31, length: 31 },
  month: { names: 12, length: 12 },
  yearday: { names: 53, length: 365.2425 },
};
const reach = 3;
const readable = 'a date, a time or a mark of a missing one such as NA';

type Texts = readonly (string | null)[];
type Cyclic = Exclude<Part, 'trend'>;

function calendarOf(wall: number): Calendar {
  const date = new Date(Math.floor(wall) * 1000);
  const midnight = Math.floor(wall / 86400) * 86400;
  const hour = (wall - midnight) / 3600;
  const year = new Date(0);
  year.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return {
    minute: date.getUTCMinutes(),
    hour,
    weekday: (date.getUTCDay() + 6) % 7,
    day: date.getUTCDate() - 1,
    month: date.getUTCMonth(),
    yearday: (wall * 1000 - year.getTime()) / 86400000,
  };
}

/** The place of a part among its names: five minutes, an hour, a day, a week of the year. */
function nameOf(part: Cyclic, value: number): number {
  const { names, length } = cycles[part];
  const each = part === 'yearday' ? 7 : length / names;
  return Math.min(names - 1, Math.max(0, Math.floor(value / each)));
}

/** Reads texts by a state: null where a text is no time that a calendar holds. */
function readerOf(zone: string | null, dayLeads: boolean): (text: string | null) => Moment | null {
  const clock = zone === null ? undefined : clockOf(zone, 'zone');
  return (text) => {
    if (text === null || text === undefined) return null;
    const moment = parseTime(text, dayLeads);
    if (moment === null || Math.abs(moment.instant) > 8e12) return null;
    if (clock === undefined || !moment.zoned) return moment;
    return { ...moment, wall: clock(moment.instant) };
  };
}

/** Parts that differ among the times; the trend always counts. */
function differing(times: readonly Moment[]): Part[] {
  const found = times.map(({ wall }) => calendarOf(wall));
  const dates = parts.filter((part): part is Cyclic => part !== 'trend');
  const kept = dates.filter((part) => new Set(found.map((one) => one[part])).size > 1);
  return [...kept, 'trend'];
}

const mostSeen = 20000;

function fit(values: Values, { parts: wanted, zone }: Config): TimeState {
  const texts = values as Texts;
  const dayLeads = daysLead(texts);
  const read = readerOf(zone ?? null, dayLeads);
  const times = texts.map(read).filter((moment): moment is Moment => moment !== null);
  const sorted = Float64Array.from(times, ({ instant }) => instant).sort();
  const spread = quantileSorted(sorted, 0.75) - quantileSorted(sorted, 0.25);
  const every = Math.max(1, Math.ceil(times.length / mostSeen));
  return {
    parts: wanted === 'auto' ? differing(times.filter((_, i) => i % every === 0)) : wanted,
    zone: zone ?? null,
    dayLeads,
    centre: sorted.length === 0 ? 0 : quantileSorted(sorted, 0.5),
    scale: spread > 0 ? spread : 1,
  };
}

/** Later times than any in training come near to 3 and no further. */
function bent(instant: number, { centre, scale }: TimeState): number {
  const bend = (instant - centre) / scale / reach;
  return Math.abs(bend) > 1e8
    ? Math.sign(bend) * reach
    : (bend * reach) / Math.sqrt(1 + bend * bend);
}

/** Sines and cosines of the cyclic parts, the trend, and presence. */
function valueInto(out: Float32Array, at: number, moment: Moment, state: TimeState): void {
  const calendar = calendarOf(moment.wall);
  let to = at;
  for (const part of state.parts) {
    if (part === 'trend') {
      out[to++] = bent(moment.instant, state);
      continue;
    }
    const angle = (2 * Math.PI * calendar[part]) / cycles[part].length;
    out[to++] = Math.sin(angle);
    out[to++] = Math.cos(angle);
  }
  out[to] = 1;
}

function open(state: TimeState): Coder {
  const cyclic = state.parts.filter((part): part is Cyclic => part !== 'trend');
  const read = readerOf(state.zone, state.dayLeads);
  const starts: number[] = [];
  let names = 1;
  for (const part of cyclic) {
    starts.push(names);
    names += cycles[part].names;
  }
  const width = 1 + 2 * cyclic.length + Number(state.parts.includes('trend'));
  const encoders: Record<string, (moments: readonly (Moment | null)[]) => Column> = {
    value(moments) {
      const data = new Float32Array(moments.length * width);
      moments.forEach((moment, row) => {
        if (moment !== null) valueInto(data, row * width, moment, state);
      });
      return { form: 'values', width, data };
    },
    level: (moments) => levelColumn(moments, cyclic, starts, names),
  };
  return {
    ports: {
      value: { form: 'values', width, cheap: true },
      level: { form: 'bag', width: names, cheap: true },
      raw: rawPort('texts'),
    },
    present: (values, row) => read((values as Texts)[row]!) !== null,
    unread: (values, first = 1) =>
      unreadIn(values as Texts, first, readable, (text) =>
        text === null || isMissingMark(text) || read(text) !== null ? undefined : text,
      ),
    neighbours: (value) => neighboursOf(read(value as string)),
    encode(values, want) {
      const moments = (values as Texts).map(read);
      const columns = want.map((port): [string, Column] => [
        port,
        port === 'raw' ? rawColumn(values) : encoders[port]!(moments),
      ]);
      return Object.fromEntries(columns);
    },
  };
}

/** One id for each part: its hour, its weekday, and so on. */
function levelColumn(
  moments: readonly (Moment | null)[],
  cyclic: readonly Cyclic[],
  starts: readonly number[],
  width: number,
): Column {
  const ids: number[] = [];
  const offsets = new Int32Array(moments.length + 1);
  moments.forEach((moment, row) => {
    if (moment !== null) {
      const calendar = calendarOf(moment.wall);
      cyclic.forEach((part, i) => {
        ids.push(starts[i]! + nameOf(part, calendar[part]));
      });
    }
    offsets[row + 1] = ids.length;
  });
  const weights = new Float32Array(ids.length).fill(1);
  return { form: 'bag', width, ids: Int32Array.from(ids), weights, offsets };
}

const hour = 3600;
const shifts = [hour, 3 * hour, 6 * hour, 12 * hour, 24 * hour, 72 * hour, 168 * hour, 720 * hour];

/** The same clock some hours, days or a month later and earlier. */
function neighboursOf(moment: Moment | null): string[] {
  if (moment === null) return [];
  return shifts
    .flatMap((shift) => [moment.wall + shift, moment.wall - shift])
    .filter((wall) => Math.abs(wall) < 2e11 && wall > -6.2e10)
    .map((wall) => new Date(Math.floor(wall) * 1000).toISOString().slice(0, 19));
}

/** Ports: `value` [B, n] (sines and cosines, trend, presence), `level`, a bag of calendar names. */
export const time: Encoder<Config, TimeState> = {
  kind: 'time',
  summary:
    'a date, a time of day or a timestamp: its place in the day, week and year, and the trend',
  storage: 'text',
  config,
  fit,
  open,
};
