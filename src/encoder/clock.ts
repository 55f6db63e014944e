/** Reads texts as points in time, and tells the calendar of a place: no time zone is ever assumed. */
import { MonbanError, show } from '../core/fault.js';

/** A point in time as a text tells it. */
export interface Moment {
  /** Seconds since 1970 in UTC; a text without a zone counts as UTC here. */
  readonly instant: number;
  /** The same as the clock on the wall showed, in seconds as if it were UTC. */
  readonly wall: number;
  /** Whether the text says its distance to UTC. */
  readonly zoned: boolean;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const clock = String.raw`(?:[T ,:]+(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d+)?))? ?([AaPp][Mm])?)?`;
const zone = String.raw`(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)(?: ?\(.*\))?)?`;
const iso = new RegExp(
  `^([+-]?\\d{4,6})(?:[-/](\\d{1,2})(?:[-/](\\d{1,2}))?)?${clock}${zone}$`,
  'i',
);
const numeric = new RegExp(`^(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{4}|\\d\\d)${clock}${zone}$`, 'i');
const dayFirst = new RegExp(
  `^(?:\\w{3,9},? )?(\\d{1,2})[ -/]([A-Za-z]{3,9})[ -/,]+(\\d{4})${clock}${zone}$`,
  'i',
);
const monthFirst = new RegExp(
  `^(?:\\w{3,9},? )?([A-Za-z]{3,9}) +(\\d{1,2})(?:,? +(\\d{4}))?${clock}(?: (\\d{4}))?${zone}$`,
  'i',
);
const timeOnly = /^(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d+)?))? ?([AaPp][Mm])?$/;
const epoch = /^-?\d{9,19}(?:\.\d+)?$/;
const compact = /^(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(Z)?$/;

type Match = readonly (string | undefined)[];
/** Year, month (1 to 12), day of the month. */
type Day = readonly [number, number, number];

function hourOf(text: string | undefined, half: string | undefined): number {
  const hour = Number(text ?? 0);
  if (half === undefined) return hour;
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
}

/** Seconds east of UTC. */
function offsetOf(text: string | undefined): number {
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(text ?? '');
  if (parts === null) return 0;
  const seconds = Number(parts[2]) * 3600 + Number(parts[3] ?? 0) * 60;
  return parts[1] === '-' ? -seconds : seconds;
}

function moment([year, month, day]: Day, [hour, minute, second, half, at]: Match): Moment | null {
  const hours = hourOf(hour, half);
  const minutes = Number(minute ?? 0);
  const seconds = Number((second ?? '0').replace(',', '.'));
  if (month < 1 || month > 12 || day < 1 || hours > 24 || minutes > 59 || seconds >= 61)
    return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1) return null;
  const wall = date.getTime() / 1000 + hours * 3600 + minutes * 60 + seconds;
  return { instant: wall - offsetOf(at), wall, zoned: at !== undefined };
}

/** Seconds, milliseconds, micro- or nanoseconds since 1970, told apart by their size. */
function epochOf(text: string): Moment {
  const number = Number(text);
  const size = Math.abs(number);
  const unit = size < 1e11 ? 1 : size < 1e14 ? 1e3 : size < 1e17 ? 1e6 : 1e9;
  return { instant: number / unit, wall: number / unit, zoned: true };
}

function monthOf(name: string): number {
  return months.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

const century = (year: number): number =>
  year >= 100 ? year : year < 70 ? 2000 + year : 1900 + year;
/** The year of a text that tells none: a leap year, so that every day exists. */
const noYear = 1972;

function named(text: string): Moment | null | undefined {
  const first = dayFirst.exec(text);
  if (first !== null)
    return moment([Number(first[3]), monthOf(first[2]!), Number(first[1])], first.slice(4));
  const second = monthFirst.exec(text);
  if (second === null) return undefined;
  const [, month, day, year, hour, minute, seconds, half, late, at] = second;
  const told = Number(year ?? late ?? noYear);
  return moment([told, monthOf(month!), Number(day)], [hour, minute, seconds, half, at]);
}

/**
 * A text as a point in time: ISO 8601, epoch numbers, `31.01.2024 12:00`, `Jan 31, 2024`,
 * `Wed, 31 Jan 2024 12:00:00 +0100`, `31/Jan/2024:12:00:00 +0100`, a time alone. `dayLeads` says
 * what 03/04/2024 is where both could be. Null where it is none.
 */
export function parseTime(given: string, dayLeads = false): Moment | null {
  const text = given.trim();
  if (epoch.test(text)) return epochOf(text);
  const short = compact.exec(text);
  if (short !== null && Number(short[2]) <= 12) {
    const [, year, month, day, hour, minute, second, at] = short;
    return moment(
      [Number(year), Number(month), Number(day)],
      [hour, minute, second, undefined, at],
    );
  }
  const whole = iso.exec(text);
  if (whole !== null)
    return moment([Number(whole[1]), Number(whole[2] ?? 1), Number(whole[3] ?? 1)], whole.slice(4));
  const figures = numeric.exec(text);
  if (figures !== null) {
    const [a, b] = [Number(figures[1]), Number(figures[3])];
    const leads = figures[2] === '.' || a > 12 || (dayLeads && b <= 12);
    const year = century(Number(figures[4]));
    return moment(leads ? [year, b, a] : [year, a, b], figures.slice(5));
  }
  const word = named(text);
  if (word !== undefined) return word;
  const alone = timeOnly.exec(text);
  return alone === null ? null : moment([1970, 1, 1], alone.slice(1));
}

/** True where texts with two leading figures have the day first: one of them is above 12. */
export function daysLead(texts: readonly (string | null)[]): boolean {
  return texts.some((text) => {
    const figures = numeric.exec(text?.trim() ?? '');
    return figures !== null && figures[2] !== '.' && Number(figures[1]) > 12;
  });
}

/** Distances to UTC change at quarters of an hour at the most often. */
const quarter = 900;
const mostKnown = 65536;

/** The clock of a place: an instant to seconds on its wall. Throws MonbanError for an unknown zone. */
export function clockOf(name: string, where: string): (instant: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', era: 'short' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    const todo = 'write a name of the IANA list, such as Europe/Berlin, Asia/Tokyo or UTC';
    throw new MonbanError({ where, expected: 'a time zone', found: show(name), todo });
  }
  const known = new Map<number, number>();
  const offsetAt = (start: number): number => {
    const part = Object.fromEntries(
      format.formatToParts(start * 1000).map(({ type, value }) => [type, value]),
    );
    const date = new Date(0);
    const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year);
    date.setUTCFullYear(year, Number(part.month) - 1, Number(part.day));
    date.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second));
    return date.getTime() / 1000 - start;
  };
  return (instant) => {
    const start = Math.floor(instant / quarter) * quarter;
    // Beyond what a date can hold there is no calendar to ask.
    if (Math.abs(start) > 8e12) return instant;
    let offset = known.get(start);
    if (offset === undefined) {
      offset = offsetAt(start);
      if (known.size >= mostKnown) known.clear();
      known.set(start, offset);
    }
    return instant + offset;
  };
}
