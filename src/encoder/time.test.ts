/** The calendar of times: parts, cycles, trend, zones. */
import { expect, test } from 'vitest';
import type { BagColumn, ValuesColumn } from '../core/column.js';
import { type TimeState, time } from './time.js';

type Options = Parameters<typeof time.fit>[1];
const open = (texts: readonly (string | null)[], options: object = {}) =>
  time.open(time.fit(texts, time.config.parse(options) as Options));
const valuesOf = (coder: ReturnType<typeof open>, text: string): number[] => [
  ...(coder.encode([text], ['value']).value as ValuesColumn).data,
];
const levelsOf = (coder: ReturnType<typeof open>, text: string): number[] => [
  ...(coder.encode([text], ['level']).level as BagColumn).ids,
];

const hours = Array.from({ length: 48 }, (_, i) =>
  new Date(Date.UTC(2024, 0, 1, i)).toISOString().slice(0, 19),
);

test('only parts that differ are read, and dates have no hour', () => {
  const parts = (texts: string[]) => (time.fit(texts, time.config.parse({})) as TimeState).parts;
  expect(parts(['2024-01-01', '2024-03-05'])).toEqual([
    'weekday',
    'day',
    'month',
    'yearday',
    'trend',
  ]);
  expect(parts(['10:00:00', '11:00:00'])).toEqual(['hour', 'yearday', 'trend']);
  expect(parts(['2024-01-01', '2024-01-01'])).toEqual(['trend']);
});

test('an hour before midnight is as near to midnight as an hour after it', () => {
  const coder = open(hours, { parts: ['hour'] });
  const [late, none, early] = [
    '2024-01-01T23:00:00',
    '2024-01-02T00:00:00',
    '2024-01-02T01:00:00',
  ].map((text) => valuesOf(coder, text)) as [number[], number[], number[]];
  const distance = (a: number[], b: number[]) => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!);
  expect(distance(late, none)).toBeCloseTo(distance(none, early), 5);
  expect(distance(late, none)).toBeLessThan(0.3);
});

test('the trend rises with time, forwards or backwards, and never beyond three', () => {
  const coder = open([...hours].reverse(), { parts: ['trend'] });
  const trend = ['1000-01-01', '2024-01-01', '2024-01-02', '2124-01-01'].map(
    (text) => valuesOf(coder, text)[0]!,
  );
  expect([...trend].sort((a, b) => a - b)).toEqual(trend);
  expect(Math.max(...trend.map(Math.abs))).toBeLessThanOrEqual(3);
});

test('the same instant has the same calendar in a zone, and the written one without', () => {
  const both = ['2024-06-30T22:30:00Z', '2024-07-01T00:30:00+02:00'];
  const written = open(hours, { parts: ['hour', 'weekday', 'month'] });
  expect(levelsOf(written, both[0]!)).not.toEqual(levelsOf(written, both[1]!));
  const placed = open(hours, { parts: ['hour', 'weekday', 'month'], zone: 'Europe/Berlin' });
  expect(levelsOf(placed, both[0]!)).toEqual(levelsOf(placed, both[1]!));
  expect(levelsOf(placed, both[0]!)).toEqual(levelsOf(written, both[1]!));
});

test('what is no time counts as missing and is told, and neighbours are times', () => {
  const coder = open(hours);
  expect(coder.unread!(['2024-01-01', 'never', null, 'NA', ' ', '2024-02-31'], 40)).toEqual([
    expect.objectContaining({ where: 'record 41', found: '"never"' }),
    expect.objectContaining({ where: 'record 45', found: '"2024-02-31"' }),
  ]);
  expect(['2024-01-01', 'never', null].map((_, row, all) => coder.present(all, row))).toEqual([
    true,
    false,
    false,
  ]);
  const near = coder.neighbours!('2024-01-01T12:00:00') as string[];
  expect(near.slice(0, 2)).toEqual(['2024-01-01T13:00:00', '2024-01-01T11:00:00']);
  expect(near.every((_, row) => coder.present(near, row))).toBe(true);
});
