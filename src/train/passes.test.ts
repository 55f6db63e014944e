/** Passes: every row of an epoch once, in an order that the seed alone decides. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinArrays } from '../core/join.js';
import { random } from '../core/random.js';
import { blockRowsOf, lookRows, passesPerEpoch, readingOf, windowsOf } from './passes.js';

const name = { seed: 3, label: 'x' };
/** Millions of numbers take a test's own comparison a minute. */
const same = (a: ArrayLike<number>, b: Int32Array): boolean =>
  Buffer.from(Int32Array.from(a).buffer).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
const upTo = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

test('in every epoch every row is met once, by windows of bounded size', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(2000), { minLength: 1, maxLength: 500 }),
      fc.constantFrom(1, 4, 16),
      fc.integer({ min: 1, max: 8 }),
      (list, blockRows, windowBlocks) => {
        const rows = Int32Array.from(list).sort();
        const stream = random(1, 'order');
        const reading = { blockRows, windowBlocks };
        const seen = rows.slice();
        for (let epoch = 0; epoch < 2; epoch++) {
          const windows = [...windowsOf(seen, reading, epoch, stream, name)];
          for (const { rows: window } of windows)
            expect(window.length).toBeLessThanOrEqual(blockRows * windowBlocks);
          expect(windows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
          const met = windows.flatMap(({ rows: window }) => [...window]);
          expect(Int32Array.from(met).sort()).toEqual(rows);
        }
      },
    ),
  );
});

test('few rows are shuffled as a whole, pass after pass', () => {
  const [rows, plain] = [upTo(100), upTo(100)];
  const [stream, plainStream] = [random(1, 'order'), random(1, 'order')];
  for (let pass = 0; pass < 3; pass++) {
    const [window] = [...windowsOf(rows, readingOf(4096, 100), pass, stream, name)];
    expect(window!.rows).toEqual(plainStream.shuffle(plain));
  }
});

test('many rows make passes of about as many rows as are looked at once, the same by seed', () => {
  const count = 3 * lookRows + 1000;
  const passes = passesPerEpoch(count);
  expect(passes).toBe(3);
  const reading = readingOf(4096, 160);
  const orderOf = (seed: number, pass: number) => {
    const rows = upTo(count);
    const stream = random(seed, 'order');
    const all = [...windowsOf(rows, reading, pass, stream, { seed, label: 'x' })];
    expect(same(rows, upTo(count))).toBe(true);
    return joinArrays(
      Int32Array,
      all.map(({ rows: window }) => window),
    );
  };
  const each = [0, 1, 2].map((pass) => orderOf(1, pass));
  for (const rows of each) expect(Math.abs(rows.length - lookRows)).toBeLessThan(8192);
  expect(same(joinArrays(Int32Array, each).sort(), upTo(count))).toBe(true);
  expect(same(orderOf(1, 1), each[1]!)).toBe(true);
  expect(same(orderOf(2, 1), each[1]!)).toBe(false);
  // The next epoch deals the blocks anew.
  expect(same(orderOf(1, 3).sort(), each[0]!.slice().sort())).toBe(false);
});

test('blocks and windows of large rows are short', () => {
  expect(blockRowsOf(160)).toBe(4096);
  const large = blockRowsOf(50_000);
  expect(large * 50_000).toBeLessThanOrEqual(8 * 2 ** 20);
  expect(readingOf(large, 50_000).windowBlocks * large * 50_000).toBeLessThan(100 * 2 ** 20);
  expect(readingOf(4096, 8).windowBlocks * 4096).toBe(lookRows);
});
