/** Slopes as a few numbers: lengths stay, exactly for few outputs and on average for many. */
import { expect, test } from 'vitest';
import { random } from '../../core/random.js';
import { addUpToNothing, lengthSketch, outputSketch, sketched } from './sketch.js';

const squares = (list: Float32Array) => list.reduce((sum, one) => sum + one * one, 0);

/** Slopes of one row, which add up to nothing. */
function balancedRow(outputs: number, seed: number): Float32Array {
  const stream = random(seed, 'row');
  const row = Float32Array.from({ length: outputs }, () => stream.normal());
  const middle = row.reduce((a, b) => a + b, 0) / outputs;
  return row.map((one) => one - middle);
}

test('one number fewer says all of slopes that add up to nothing', () => {
  const sketch = lengthSketch(5, true, 8, random(1));
  expect(sketch.width).toBe(4);
  for (let seed = 0; seed < 20; seed++) {
    const row = balancedRow(5, seed);
    expect(addUpToNothing(row, 5)).toBe(true);
    expect(squares(sketched(row, sketch))).toBeCloseTo(squares(row), 4);
  }
  expect(lengthSketch(2, false, 8, random(1)).width).toBe(2);
  expect(addUpToNothing(Float32Array.of(1, 2), 2)).toBe(false);
  expect(addUpToNothing(Float32Array.of(0, 0), 1)).toBe(false);
});

test('of many outputs lengths stay on average', () => {
  const row = balancedRow(60, 3);
  let total = 0;
  const stream = random(2);
  for (let draw = 0; draw < 400; draw++)
    total += squares(sketched(row, lengthSketch(60, true, 8, stream)));
  expect(Math.abs(total / 400 / squares(row) - 1)).toBeLessThan(0.1);
});

test('outputs by themselves where they are few', () => {
  const sketch = outputSketch(3, true, 4, random(1));
  expect(Array.from(sketched(Float32Array.of(1, 2, -3), sketch))).toEqual([1, 2]);
});
