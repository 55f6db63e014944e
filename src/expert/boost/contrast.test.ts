/** Contrasts: which pairs are taken, their sign, and where absent numbers fall. */
import { expect, test } from 'vitest';
import type { ValuesColumn } from '../../core/column.js';
import { random } from '../../core/random.js';
import { contrastColumns, contrastMatrix } from './contrast.js';

const port = (values: readonly (number | undefined)[]): ValuesColumn => ({
  form: 'values',
  width: 2,
  data: Float32Array.from(values.flatMap((value) => (value === undefined ? [0, 0] : [value, 1]))),
});

const stream = random(1, 'contrast');
const base = Array.from({ length: 200 }, () => stream.uniform());
const near = base.map((value) => value + 0.1 * stream.uniform());
const against = base.map((value) => 1 - value + 0.5 * stream.uniform());
const alone = base.map(() => stream.uniform());
const wide: ValuesColumn = { form: 'values', width: 3, data: new Float32Array(600) };

test('those that go together best are taken first; what rises together is subtracted', () => {
  const ports = [port(alone), wide, port(base), port(near), port(against)];
  const [first, second] = contrastColumns(ports, contrastMatrix(ports, 2));
  first!.forEach((value, i) => {
    expect(value).toBeCloseTo(20 + base[i]! - near[i]!, 5);
  });
  second!.forEach((value, i) => {
    expect(value).toBeCloseTo(20 + base[i]! + against[i]!, 5);
  });
  expect(contrastColumns(ports, contrastMatrix(ports, 0))).toEqual([]);
});

test('with both numbers a contrast is above what it is with one, and that above none', () => {
  const matrix = contrastMatrix([port(base), port(near)], 1);
  const rows = [port([3, -3, 3, undefined, undefined]), port([-3, 3, undefined, -3, undefined])];
  const [contrast] = contrastColumns(rows, matrix);
  expect([...contrast!]).toEqual([26, 14, 13, 13, 0]);
});

test('numbers that say the same, are always the same, or never meet make none', () => {
  const same = [port(base), port(base), port(base.map(() => 1))];
  expect(contrastMatrix(same, 9)).toHaveLength(0);
  const [early, late] = [0, 1].map((part) =>
    port(base.map((value, i) => (i % 2 === part ? value : undefined))),
  );
  expect(contrastMatrix([early!, late!], 9)).toHaveLength(0);
  expect(contrastMatrix([], 9)).toHaveLength(0);
});
