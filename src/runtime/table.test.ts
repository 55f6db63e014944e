/** Hashed tables: sums, Adagrad, and that only used rows cost anything. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BagColumn } from '../core/column.js';
import { random } from '../core/random.js';
import { makeTables, sum, type Table, update } from './table.js';

function bagsOf(width: number, lists: readonly (readonly [number, number][])[]): BagColumn {
  const flat = lists.flat();
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, i) => {
    offsets[i + 1] = offsets[i]! + list.length;
  });
  return {
    form: 'bag',
    width,
    ids: Int32Array.from(flat, ([id]) => id),
    weights: Float32Array.from(flat, ([, weight]) => weight),
    offsets,
  };
}

const table = (rows: number, width: number): Table =>
  makeTables([{ rows, width, init: { kind: 'normal', scale: 1 }, random: random(3) }])[0]!;

test('sums are weighted, empty bags are zero, widths need not divide by four', () => {
  const bags = bagsOf(9, [
    [[0, 1]],
    [],
    [
      [1, 2],
      [2, -1],
      [3, 1],
      [4, 1],
      [5, 0.5],
    ],
  ]);
  for (const width of [1, 3, 8]) {
    const t = table(9, width);
    const out = new Float32Array(2 * width).fill(9);
    sum(t, bags, Int32Array.of(2, 1), out);
    for (let j = 0; j < width; j++) {
      const at = (row: number): number => t.data[row * width + j]!;
      expect(out[j]).toBeCloseTo(2 * at(1) - at(2) + at(3) + at(4) + 0.5 * at(5), 5);
      expect(out[width + j]).toBe(0);
    }
  }
});

test('a row used twice gets the sum of its gradients in one Adagrad step', () => {
  const t = table(4, 2);
  const before = t.data.slice();
  const bags = bagsOf(4, [
    [
      [1, 1],
      [3, 2],
    ],
    [[1, 0.5]],
  ]);
  const touched = update(t, bags, Int32Array.of(0, 1), Float32Array.of(1, 2, -2, 4), 0.1);
  expect(touched).toBe(2);
  const check = (row: number, g: [number, number]): void => {
    const mean = (g[0] ** 2 + g[1] ** 2) / 2;
    expect(t.accumulators[row]).toBeCloseTo(mean, 5);
    for (const j of [0, 1] as const) {
      expect(t.data[row * 2 + j]).toBeCloseTo(
        before[row * 2 + j]! - (0.1 * g[j]) / Math.sqrt(mean),
        5,
      );
    }
  };
  check(1, [1 * 1 + 0.5 * -2, 1 * 2 + 0.5 * 4]);
  check(3, [2, 4]);
  expect(Array.from(t.data.slice(0, 2))).toEqual(Array.from(before.slice(0, 2)));
});

test('decay pulls a touched row to zero', () => {
  const bags = bagsOf(2, [[[0, 1]]]);
  const pulled = table(2, 1);
  const free = table(2, 1);
  const before = free.data[0]!;
  update(pulled, bags, Int32Array.of(0), Float32Array.of(1), 0.1, { l2: 0.5 });
  update(free, bags, Int32Array.of(0), Float32Array.of(1), 0.1);
  expect(pulled.data[0]! - free.data[0]!).toBeCloseTo(-0.05 * before, 6);
});

test('tables in one memory learn as they do by themselves, whatever the batches', () => {
  const shapes = fc.array(
    fc.record({ rows: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 70 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(
      shapes,
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
      (all, batches) => {
        const spec = (shape: { rows: number; width: number }, i: number) => ({
          ...shape,
          init: { kind: 'normal', scale: 1 } as const,
          random: random(3, `${i}`),
        });
        const together = makeTables(all.map(spec));
        const alone = all.map((shape, i) => makeTables([spec(shape, i)])[0]!);
        const draw = random(9);
        for (const size of batches)
          all.forEach(({ rows, width }, i) => {
            const entry = (): [number, number] => [draw.below(rows), draw.normal()];
            const lists = Array.from({ length: size }, () =>
              Array.from({ length: draw.below(5) }, entry),
            );
            const bags = bagsOf(rows, lists);
            const batch = Int32Array.from({ length: size }, (_, b) => b);
            const gradient = Float32Array.from({ length: size * width }, () => draw.normal());
            const said = [together[i]!, alone[i]!].map((one) => {
              const out = new Float32Array(size * width);
              sum(one, bags, batch, out);
              update(one, bags, batch, gradient, 0.1, { l2: 0.1 });
              return out;
            });
            expect(said[0]).toEqual(said[1]);
          });
        for (const [i, one] of together.entries()) expect(one.data).toEqual(alone[i]!.data);
      },
    ),
    { numRuns: 40 },
  );
});

test('a table goes on when the batch of another has moved the memory', () => {
  const spec = {
    rows: 3,
    width: 64,
    init: { kind: 'normal', scale: 1 } as const,
    random: random(3),
  };
  const [a, b] = makeTables([spec, spec]);
  const before = a!.data.slice();
  const bags = bagsOf(3, [[[2, 1]]]);
  const ask = (one: Table, rows: number) => {
    const out = new Float32Array(rows * 64);
    sum(one, bags, new Int32Array(rows), out);
    return out;
  };
  const first = ask(a!, 1);
  ask(b!, 5000);
  expect(ask(a!, 1)).toEqual(first);
  update(a!, bags, Int32Array.of(0), new Float32Array(64), 0.1);
  expect(a!.data).toEqual(before);
});

test('a bag may be longer than what is summed at once', () => {
  const t = table(3000, 5);
  const entries = Array.from({ length: 2500 }, (_, i): [number, number] => [i, (i % 7) - 3]);
  const out = new Float32Array(5);
  sum(t, bagsOf(3000, [entries]), Int32Array.of(0), out);
  for (let j = 0; j < 5; j++) {
    const wanted = entries.reduce((total, [id, weight]) => total + weight * t.data[id * 5 + j]!, 0);
    expect(out[j]).toBeCloseTo(wanted, 2);
  }
});

test('of a million buckets only the used rows change, and only they are counted', () => {
  const rows = 1_000_000;
  const t = makeTables([{ rows, width: 4, init: { kind: 'zeros' }, random: random(1) }])[0]!;
  const draw = random(5);
  const lists = Array.from({ length: 32 }, () =>
    Array.from({ length: 20 }, (): [number, number] => [draw.below(rows), 1]),
  );
  const used = new Set(lists.flat().map(([id]) => id));
  const batch = Int32Array.from({ length: 32 }, (_, i) => i);
  const gradient = new Float32Array(32 * 4).fill(1);
  expect(update(t, bagsOf(rows, lists), batch, gradient, 0.1)).toBe(used.size);
  let changed = 0;
  for (let row = 0; row < rows; row++) if (t.data[row * 4] !== 0) changed++;
  expect(changed).toBe(used.size);
  expect(t.scratch.touched.length).toBe(32 * 20);
});
