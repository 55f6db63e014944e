/** The tower: it knows where in a picture something is, and kernels have the length that is learned. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { openSession } from '../runtime/session.js';
import { emit } from '../tensor/emit.js';
import { initialise } from '../tensor/init.js';
import { constant } from '../tensor/ops.js';
import { servingTrace, trainingTrace } from '../tensor/trace.js';
import type { Learned } from '../tensor/trace-serving.js';
import { tower } from './tower.js';

type Weights = Record<string, Float32Array>;
type Shape = [batch: number, height: number, width: number, channels: number];

const pictures = (shape: Shape, data: ArrayLike<number>) =>
  constant(Float32Array.from(data), shape);

/** The starting values of a tower over pictures of this shape. */
function starts(shape: Shape, channels: number[]): Weights {
  const trace = trainingTrace();
  const zeros = pictures(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  tower(trace, 't', zeros, { channels, blocks: 0 });
  return Object.fromEntries(
    trace.weights.map(({ name, shape: dims, init }) => [
      name,
      initialise(init, dims, random(1, name)),
    ]),
  );
}

async function run(shape: Shape, data: ArrayLike<number>, channels: number[], weights: Weights) {
  const learned: Learned = { weights, tables: {} };
  const y = tower(servingTrace(learned), 't', pictures(shape, data), { channels, blocks: 0 });
  const session = await openSession(emit({ name: 'tower', outputs: { y } }));
  const found = (await session.run({})).y!;
  await session.close();
  return Array.from(found.data as Float32Array, Number);
}

test('a mark is seen in the quarter where it is', async () => {
  const [height, width] = [3, 5];
  const shape: Shape = [1, height, width, 1];
  const marks: [row: number, column: number, quarter: number][] = [
    [0, 0, 0],
    [0, 4, 1],
    [2, 1, 2],
    [2, 3, 3],
  ];
  for (const [row, column, quarter] of marks) {
    const data = new Float32Array(height * width);
    data[row * width + column] = 1;
    const said = await run(shape, data, [], starts(shape, []));
    expect(said).toHaveLength(5);
    expect(said.indexOf(Math.max(...said))).toBe(quarter);
  }
});

test('two pictures of one colour each are told apart by more than their edges', async () => {
  const shape: Shape = [2, 8, 8, 1];
  const data = Float32Array.from({ length: 128 }, (_, i) => (i < 64 ? 0.2 : 0.8));
  const said = await run(shape, data, [4], starts(shape, [4]));
  const wide = said.length / 2;
  expect(said[wide - 1]! - said[2 * wide - 1]!).toBeLessThan(-1);
});

test('the level and the length of the columns of a kernel do not matter', async () => {
  const shape: Shape = [1, 8, 8, 3];
  const data = Float32Array.from({ length: 192 }, (_, i) => (i % 7) / 7);
  const weights = starts(shape, [4]);
  const kernel = Object.keys(weights).find((name) => name.endsWith('0/weight'))!;
  const moved = { ...weights, [kernel]: weights[kernel]!.map((w, i) => 3 * w + (i % 4)) };
  const [one, other] = [await run(shape, data, [4], weights), await run(shape, data, [4], moved)];
  for (const [i, value] of one.entries()) expect(other[i]).toBeCloseTo(value, 2);
  const longer = { ...weights, 't/0/gain': weights['t/0/gain']!.map((g, i) => g * (i + 1)) };
  expect(await run(shape, data, [4], longer)).not.toEqual(one);
});
