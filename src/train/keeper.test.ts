/** Keepers write in time, seldom where it is costly, and never what could not be read again. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKeeper, type Place } from './keeper.js';
import { readKept } from './kept-file.js';

let folder = '';
let now = 0;
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'monban-keeper-'));
  now = 0;
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const placeIn = (at: string, key = 'k'): Place => ({
  ...{ key, every: 3000 },
  part: join(at, 'a.part'),
  done: join(at, 'a.done'),
});
const open = (place: Place) =>
  openKeeper(place, { clock: () => now, warn: (text) => void said.push(text) });

test('writes when the time has come, and waits the longer the more it takes', () => {
  const place = placeIn(folder);
  const keeper = open(place);
  const written: number[] = [];
  /** Making the state takes 200 milliseconds. */
  const state = () => {
    written.push(now);
    now += 200;
    return { epoch: written.length };
  };
  for (now = 0; now < 40_000; now += 1000) keeper.reached(state);
  expect(written).toEqual([3000, 13_200, 23_400, 33_600]);
  expect(open(place).kept).toEqual({ epoch: written.length });
});

test('what came out takes the place of what was reached', () => {
  const place = placeIn(folder);
  const keeper = open(place);
  now = 5000;
  keeper.reached(() => ({ data: Float32Array.of(1, 2) }));
  keeper.finish({ learned: Float32Array.of(3) });
  expect(readdirSync(folder)).toEqual(['a.done']);
  expect(readKept(place.done, 'k')).toEqual({ value: { learned: Float32Array.of(3) } });
  expect(readKept(place.done, 'another')).toBe('damaged');
  expect(said).toEqual([]);
});

test('a state of another key or a damaged one is not given out', () => {
  now = 0;
  const keeper = open(placeIn(folder));
  now = 5000;
  keeper.reached(() => 'state');
  expect(open(placeIn(folder, 'other')).kept).toBeUndefined();
  expect(said).toEqual([`${join(folder, 'a.part')} is damaged and is not used`]);
  writeFileSync(join(folder, 'a.part'), 'x');
  expect(open(placeIn(folder)).kept).toBeUndefined();
});

test('after a write that failed nothing is tried again', () => {
  const place = placeIn(join(folder, 'file'));
  writeFileSync(join(folder, 'file'), '');
  const keeper = open(place);
  now = 5000;
  let made = 0;
  for (; now < 60_000; now += 5000) keeper.reached(() => ++made);
  keeper.finish('output');
  expect(made).toBe(1);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('nothing more is kept for a later run; ');
  expect(existsSync(place.done)).toBe(false);
});
