/** Reads one value of a series: a list of numbers, of steps with several channels, or of channels. */
import { isMissingMark } from '../data/missing.js';
import { parseTime } from './clock.js';

/** The readings of one record: [steps, channels], NaN where nothing was read. */
export interface Readings {
  readonly steps: number;
  readonly channels: number;
  readonly data: Float64Array;
}

/** Which way lists of lists lie: a list of steps, or a list of channels. */
export type Axis = 'steps' | 'channels';

const nothing = /^(null|nan|none|-nan)?$/i;

/** A text without blanks and quotes around it. */
function bare(text: string): string {
  return text.trim().replace(/^["']|["']$/g, '');
}

function isNothing(cell: unknown): boolean {
  if (typeof cell !== 'string') return cell === null || cell === undefined || Number.isNaN(cell);
  const text = bare(cell);
  return nothing.test(text) || isMissingMark(text);
}

/** A number, or a point in time in seconds; NaN for nothing and for what is neither. */
function numberOf(cell: unknown): number {
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'boolean') return Number(cell);
  if (typeof cell !== 'string' || isNothing(cell)) return Number.NaN;
  const text = bare(cell);
  const number = Number(text);
  return Number.isNaN(number) ? (parseTime(text)?.instant ?? Number.NaN) : number;
}

/** The record that an item is; undefined where it cannot be read. */
function recordOf(item: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(item) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The names in items that are records, in the order in which they first appear: one channel each. */
export function keysOf(lists: readonly (readonly string[] | null)[]): string[] {
  const keys = new Set<string>();
  for (const items of lists)
    for (const item of items ?? [])
      if (item.startsWith('{')) for (const key of Object.keys(recordOf(item) ?? {})) keys.add(key);
  return [...keys];
}

/** The cells of an item that is a list or a record, `[1.5, NULL]` or `{"t": 3, "v": 1.5}`, or one itself. */
function cellsOf(item: string, keys?: readonly string[]): readonly unknown[] {
  if (item.startsWith('{')) {
    const record = recordOf(item);
    if (record !== undefined) return (keys ?? Object.keys(record)).map((key) => record[key]);
  }
  if (!item.startsWith('[')) return [item];
  const inside = item.slice(1, item.endsWith(']') ? -1 : undefined);
  return inside.trim() === '' ? [] : inside.split(',');
}

/** The first cell of a list of texts that is something, but neither a finite number nor a time. */
export function unreadCell(items: readonly string[], keys?: readonly string[]): unknown {
  for (const item of items)
    for (const cell of cellsOf(item, keys))
      if (!Number.isFinite(numberOf(cell)) && !isNothing(cell)) return cell;
  return undefined;
}

/** True for an item that holds several numbers. */
export function isNested(item: string): boolean {
  return item.startsWith('[') || item.startsWith('{');
}

/** The cells of every item; records, as they mostly are, are parsed at once. */
function allCells(items: readonly string[], keys?: readonly string[]): (readonly unknown[])[] {
  if (keys !== undefined && items.every((item) => item.startsWith('{')))
    try {
      const records = JSON.parse(`[${items.join()}]`) as Readonly<Record<string, unknown>>[];
      if (records.length === items.length)
        return records.map((record) => keys.map((key) => record[key]));
    } catch {
      // One of them is no record: which one shows when each is read by itself.
    }
  return items.map((item) => cellsOf(item, keys));
}

function nested(items: readonly string[], axis: Axis, keys?: readonly string[]): Readings {
  const lists = allCells(items, keys).map((cells) => cells.map(numberOf));
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 0);
  const [steps, channels] = axis === 'steps' ? [lists.length, longest] : [longest, lists.length];
  const data = new Float64Array(steps * channels).fill(Number.NaN);
  lists.forEach((list, i) => {
    list.forEach((value, j) => {
      data[axis === 'steps' ? i * channels + j : j * channels + i] = value;
    });
  });
  return { steps, channels, data };
}

/** The readings of a list of texts; an empty list has none. Records are read by `keys` where they are known. */
export function readingsOf(
  items: readonly string[] | null | undefined,
  axis: Axis,
  keys?: readonly string[],
): Readings {
  if (items === null || items === undefined || items.length === 0)
    return { steps: 0, channels: 0, data: new Float64Array(0) };
  if (items.some(isNested)) return nested(items, axis, keys);
  return { steps: items.length, channels: 1, data: Float64Array.from(items, numberOf) };
}

/** True where a list of texts has a reading: it is read up to the first. */
export function anyReading(
  items: readonly string[] | null | undefined,
  keys?: readonly string[],
): boolean {
  const isRead = (item: string): boolean =>
    cellsOf(item, keys).some((cell) => Number.isFinite(numberOf(cell)));
  return items?.some(isRead) ?? false;
}

/** Lists of few long lists are channels, lists of many short ones are steps. */
export function guessAxis(lists: readonly (readonly string[] | null)[], sample: number): Axis {
  let outer = 0;
  let inner = 0;
  for (const items of lists.slice(0, sample)) {
    if (items === null || items.length === 0 || !isNested(items[0]!)) continue;
    outer += items.length;
    inner += cellsOf(items[0]!).length;
  }
  return inner > outer ? 'channels' : 'steps';
}

/** Whether the first cell of every step is a date or a time as a text: they tell when it was read. */
export function hasStamps(lists: readonly (readonly string[] | null)[], axis: Axis): boolean {
  if (axis === 'channels') return false;
  const items = lists.flatMap((list) => list ?? []);
  return items.length > 0 && items.every((item) => isNested(item) && isStamp(firstCell(item)));
}

function firstCell(item: string): unknown {
  return item.startsWith('{')
    ? Object.values(recordOf(item) ?? {})[0]
    : item.slice(1, -1).split(',')[0];
}

function isStamp(cell: unknown): boolean {
  if (typeof cell !== 'string') return false;
  const text = bare(cell);
  return Number.isNaN(Number(text)) && parseTime(text) !== null;
}
