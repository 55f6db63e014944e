/** Series: how lists of any form come to even steps, and what the ports say of them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ValuesColumn } from '../core/column.js';
import { type Grid, sample } from './grid.js';
import { fitRocket, kernelCount, openRocket } from './minirocket.js';
import { anyReading, guessAxis, keysOf, readingsOf, unreadCell } from './reading.js';
import { series } from './series.js';

const grid: Grid = { length: 4, fit: 'crop', timed: false, channels: 1, step: 1 };
const sampled = (items: readonly string[], options: Partial<Grid> = {}) => {
  const { values, given } = sample(readingsOf(items, 'steps'), { ...grid, ...options });
  return [[...values], [...given]];
};

test('numbers, steps, channels and records are read alike', () => {
  const steps = readingsOf(['[1, 4]', '[2, NULL]', '[3.5, nan]'], 'steps');
  expect([steps.steps, steps.channels, ...steps.data]).toEqual([3, 2, 1, 4, 2, NaN, 3.5, NaN]);
  expect(readingsOf(['[1, 2, 3.5]', '[4, NULL]'], 'channels')).toEqual(steps);
  expect(readingsOf(['{"t":1,"h":4}', '{"t":2,"h":null}', '{"t":3.5}'], 'steps')).toEqual(steps);
  expect(readingsOf(['{"at":"1970-01-01T00:01:00","v":2}'], 'steps').data[0]).toBe(60);
  expect(readingsOf(['1', 'NaN', '-2e3'], 'steps').data).toEqual(Float64Array.of(1, NaN, -2000));
  expect(guessAxis([['[1,2]', '[1,2]', '[1,2]']], 9)).toBe('steps');
  expect(guessAxis([['[1,2,3]', '[1,2,3]']], 9)).toBe('channels');
});

test('what is neither a number nor a time is told, and nothing is not', () => {
  expect(unreadCell(['1', 'x', 'y'])).toBe('x');
  expect(unreadCell(['1', 'NaN', 'NA', '', '-', 'null', '-2e3', '2024-01-01'])).toBeUndefined();
  expect(unreadCell(['1', 'inf'])).toBe('inf');
  expect(unreadCell(['[1, NULL]', '[2, soon]'])).toBe(' soon');
  expect(unreadCell(['{"t": 1, "h": true}', '{"t": null, "h": "x"}'])).toBe('x');
  expect(unreadCell(['{"t": 1, "h": "x"}'], ['t'])).toBeUndefined();
  expect(unreadCell(['{broken'])).toBe('{broken');
  expect(
    series.open(series.fit([['1', '2']], series.config.parse({}))).unread!([null, ['x']], 5),
  ).toEqual([expect.objectContaining({ where: 'record 6', found: '"x"' })]);
});

test('a number beside lists is a reading of the first channel', () => {
  expect([...readingsOf(['15', '[2, 3]'], 'steps').data]).toEqual([15, NaN, 2, 3]);
});

test('a long series keeps its end, a short one is missing before its start', () => {
  expect(sampled(['1', '2', '3', '4', '5', '6'])).toEqual([
    [3, 4, 5, 6],
    [1, 1, 1, 1],
  ]);
  expect(sampled(['5', '6'])).toEqual([
    [5, 5, 5, 6],
    [0, 0, 1, 1],
  ]);
});

test('gaps are bridged by a line and told as gaps', () => {
  expect(sampled(['1', 'NaN', 'NaN', '4'])).toEqual([
    [1, 2, 3, 4],
    [1, 0, 0, 1],
  ]);
  expect(sampled(['NaN', 'NaN'])).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
});

test('resampling stretches from the first to the last reading', () => {
  expect(sampled(['0', '6'], { fit: 'resample' })[0]).toEqual([0, 2, 4, 6]);
  const longer = ['0', '1', '2', '3', '4', '5', '6'];
  expect(sampled(longer, { fit: 'resample' })).toEqual([
    [0, 2, 4, 6],
    [1, 1, 1, 1],
  ]);
});

test('timed readings come to even steps in any order', () => {
  const items = ['[30, 3]', '[0, 0]', '[10, 1]'];
  expect(sampled(items, { timed: true, step: 10 })).toEqual([
    [0, 1, 2, 3],
    [1, 1, 0, 1],
  ]);
});

const config = (options: object = {}) =>
  series.config.parse(options) as Parameters<typeof series.fit>[1];
const wave = (frequency: number, noise = 0): string[] =>
  Array.from({ length: 32 }, (_, t) =>
    String(Math.sin(frequency * t) + noise * Math.cos(7.3 * t * t)),
  );

test('ports have even steps; where gaps were seen they also say what was given', () => {
  const whole = series.open(series.fit([wave(1), wave(2)], config()));
  expect(whole.ports.sequence).toMatchObject({ own: true, shape: [32, 1], width: 32 });
  const gaps = series.open(
    series.fit([wave(1), ['1', 'NaN', '2']], config({ length: 32, fit: 'crop' })),
  );
  expect(gaps.ports.sequence!.shape).toEqual([32, 2]);
  const { data } = gaps.encode([['1', 'NaN', '2']], ['sequence']).sequence as ValuesColumn;
  expect([...data.slice(-6)].filter((_, i) => i % 2 === 1)).toEqual([1, 0, 1]);
});

test('readings beyond all bounds stay finite', () => {
  const coder = series.open(series.fit([wave(1)], config()));
  const ports = coder.encode([['1e308', '-1e308', 'Infinity']], ['outline', 'sequence', 'rocket']);
  for (const column of Object.values(ports))
    expect((column as ValuesColumn).data.every(Number.isFinite)).toBe(true);
});

test('there are 84 kernels, and their features tell frequencies apart but not levels', () => {
  expect(kernelCount).toBe(84);
  const frames = (items: string[], level = 0) => Float32Array.from(items, (x) => Number(x) + level);
  const state = fitRocket([frames(wave(0.3, 0.1)), frames(wave(1.5, 0.1))], 1, 32, 504);
  const rocket = openRocket(state);
  expect(rocket.width).toBeGreaterThanOrEqual(504);
  const features = (x: Float32Array): Float32Array => {
    const out = new Float32Array(rocket.width);
    rocket.into(x, out, 0);
    return out;
  };
  const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((x, i) => x - b[i]!));
  const slow = features(frames(wave(0.3)));
  expect(distance(slow, features(frames(wave(1.5))))).toBeGreaterThan(20);
  expect(distance(slow, features(frames(wave(0.3), 8)))).toBeLessThan(8);
});

test('records are read at once or one by one, and looking for a reading finds what reading finds', () => {
  const item = fc.oneof(
    fc
      .record({ t: fc.oneof(fc.integer(), fc.constant(null)), h: fc.double() })
      .map((r) => JSON.stringify(r)),
    fc.constantFrom('{"t":1', '{"t":1},{"t":2}', '{}', '{"h":"x"}', '[1,2]', 'NaN', ''),
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 6 }), (items) => {
      const together = readingsOf(items, 'steps', ['t', 'h']);
      const rows = items.map((one) => {
        const { data } = readingsOf([one, '{}'], 'steps', ['t', 'h']);
        return data;
      });
      const wide = together.channels;
      const cell = (row: number, c: number) => together.data[row * wide + c] ?? Number.NaN;
      if (items.some((one) => /^[[{]/.test(one)))
        rows.forEach((row, i) => {
          for (let c = 0; c < Math.min(2, wide); c++) expect(cell(i, c)).toBe(row[c] ?? Number.NaN);
        });
      expect(anyReading(items, ['t', 'h'])).toBe(together.data.some(Number.isFinite));
    }),
  );
});

test('steps that are records are read by name: neither order nor an absent key moves a channel', () => {
  const seen = [['{"t":1,"h":4}', '{"t":2}'], null, ['{"h":3,"v":9}']];
  const keys = keysOf(seen);
  expect(keys).toEqual(['t', 'h', 'v']);
  const items = ['{"h":4,"t":1}', '{"h":5,"new":7}'];
  expect(readingsOf(items, 'steps', keys)).toEqual({
    steps: 2,
    channels: 3,
    data: Float64Array.of(1, 4, NaN, NaN, 5, NaN),
  });
  expect(keysOf([['[1, 2]'], ['3']])).toEqual([]);
});

test('a coder reads records by the names that it learned', () => {
  const step = (i: number) => `{"t":${i},"h":${(i * 7) % 5}}`;
  const lists = Array.from({ length: 30 }, (_, row) =>
    Array.from({ length: 12 }, (_, i) => step(row + i)),
  );
  const state = series.fit(lists, series.config.parse({}));
  const coder = series.open(JSON.parse(JSON.stringify(state)));
  const turned = lists[3]!.map((item) => {
    const { t, h } = JSON.parse(item);
    return JSON.stringify({ h, t });
  });
  const { outline } = coder.encode([lists[3]!, turned], ['outline']);
  const { data, width } = outline as { data: Float32Array; width: number };
  expect(data.slice(width)).toEqual(data.slice(0, width));
});

test('steps that begin with dates are in the order of these, whichever way they come', () => {
  const step = (minute: number, value: number) => `[2024-01-01 00:0${minute}:00, ${value}]`;
  const forward = [step(0, 1), step(1, 5), step(2, 2), step(3, 7)];
  const state = series.fit([forward, [...forward].reverse()], config());
  expect(state).toMatchObject({ timed: true, channels: 1, length: 4, step: 60 });
  const coder = series.open(state);
  const { sequence } = coder.encode([forward, [...forward].reverse()], ['sequence']);
  const { data } = sequence as { data: Float32Array };
  expect(data.subarray(4)).toEqual(data.subarray(0, 4));
  expect(new Set(data.subarray(0, 4)).size).toBe(4);
  // Numbers may be anything, so that only the spec can say that they are times.
  expect(series.fit([['[1, 2]', '[2, 3]']], config())).toMatchObject({ timed: false, channels: 2 });
  const records = ['{"t":"2024-01-02","v":2}', '{"t":"2024-01-01","v":1}'];
  expect(series.fit([records], config())).toMatchObject({ timed: true, channels: 1 });
});
