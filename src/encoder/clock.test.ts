/** Texts as points in time: every form that init takes for a time, and time zones kept honest. */
import { expect, test } from 'vitest';
import { faultOf } from '../data/fixture.js';
import { clockOf, daysLead, parseTime } from './clock.js';

const utc = (text: string): number => Date.parse(text) / 1000;

test.each([
  ['2024-01-31', '2024-01-31T00:00:00Z'],
  ['2024-01-31T12:30:15', '2024-01-31T12:30:15Z'],
  ['2024-01-31 12:30:15.250', '2024-01-31T12:30:15.250Z'],
  ['2024-01-31T12:30:15+02:00', '2024-01-31T10:30:15Z'],
  ['2024-01-31 12:30:15-0330', '2024-01-31T16:00:15Z'],
  ['2024/01/31 12:30', '2024-01-31T12:30:00Z'],
  ['20240131T123015Z', '2024-01-31T12:30:15Z'],
  ['31.01.2024 12:30', '2024-01-31T12:30:00Z'],
  ['01/31/2024', '2024-01-31T00:00:00Z'],
  ['31/01/2024 12:30:15', '2024-01-31T12:30:15Z'],
  ['1/2/2024 1:05 PM', '2024-01-02T13:05:00Z'],
  ['Jan 31 2024', '2024-01-31T00:00:00Z'],
  ['January 31, 2024', '2024-01-31T00:00:00Z'],
  ['31 January 2024', '2024-01-31T00:00:00Z'],
  ['Wed, 31 Jan 2024 12:30:15 +0100', '2024-01-31T11:30:15Z'],
  ['31/Jan/2024:12:30:15 +0100', '2024-01-31T11:30:15Z'],
  ['1706704215', '2024-01-31T12:30:15Z'],
  ['1706704215000', '2024-01-31T12:30:15Z'],
  ['1706704215000000', '2024-01-31T12:30:15Z'],
  ['12:30:15', '1970-01-01T12:30:15Z'],
  ['2024', '2024-01-01T00:00:00Z'],
  ['Jun  1 16:56:04', '1972-06-01T16:56:04Z'],
])('reads %s as %s', (text, instant) => {
  expect(parseTime(text)?.instant).toBeCloseTo(utc(instant), 3);
});

test.each(['', 'soon', '2024-13-01', '2023-02-30', '2024-01-31T25:00', '12', 'x2024-01-01', '1.5'])(
  'does not take %s for a time',
  (text) => {
    expect(parseTime(text)).toBeNull();
  },
);

test('days lead where a figure above twelve says so, and always with full stops', () => {
  expect(daysLead(['03/04/2024', '31/01/2024', null])).toBe(true);
  expect(daysLead(['03/04/2024', '01/31/2024'])).toBe(false);
  expect(parseTime('03/04/2024', true)?.wall).toBe(utc('2024-04-03'));
  expect(parseTime('03/04/2024', false)?.wall).toBe(utc('2024-03-04'));
  expect(parseTime('03.04.2024')?.wall).toBe(utc('2024-04-03'));
});

test('the wall shows what was written; a zone moves only what says its distance to UTC', () => {
  const there = parseTime('2024-07-01T12:00:00+02:00')!;
  expect([there.wall - there.instant, there.zoned]).toEqual([7200, true]);
  expect(parseTime('2024-07-01T12:00:00')!.zoned).toBe(false);
  const berlin = clockOf('Europe/Berlin', 'zone');
  expect(berlin(utc('2024-01-01T12:00:00Z')) - utc('2024-01-01T12:00:00Z')).toBe(3600);
  expect(berlin(utc('2024-07-01T12:00:00Z')) - utc('2024-07-01T12:00:00Z')).toBe(7200);
  // The hour that comes twice: an hour after 02:30 summer time it is 02:30 again.
  expect(berlin(utc('2024-10-27T00:30:00Z'))).toBe(berlin(utc('2024-10-27T01:30:00Z')));
});

test('an unknown place is a fault that says what to write', async () => {
  const fault = await faultOf(Promise.resolve().then(() => clockOf('Berlin', 'fields.when.zone')));
  expect(fault).toMatch(/^fields.when.zone: expected a time zone, got "Berlin"; .*Europe\/Berlin/);
});
