import { expect, test } from 'vitest';
import { type SyntheticOptions, synthetic } from './synthetic.js';

const options: SyntheticOptions = {
  seed: 7,
  regimes: 4,
  classes: 3,
  sources: ['category', 'text', 'ids', 'series'],
  missing: 0.2,
  imbalance: 2,
  noise: 0.2,
};
const data = synthetic(options);
const { columns } = data.chunk(0, 3000);

test('any part of the rows is the same, whatever is made with it', () => {
  const part = data.chunk(100, 103).columns;
  for (const [name, values] of Object.entries(part))
    expect([...values], name).toEqual([...columns[name]!.slice(100, 103)]);
  expect(synthetic({ ...options, seed: 8 }).chunk(0, 3).columns).not.toEqual(
    data.chunk(0, 3).columns,
  );
});

test('regimes have the shares that are asked for', () => {
  [8, 4, 2, 1].forEach((wanted, r) => {
    const regime = columns.regime as string[];
    const share = regime.filter((name) => name === `regime${r + 1}`).length / regime.length;
    expect(Math.abs(share - wanted / 15), `regime ${r + 1}`).toBeLessThan(0.03);
  });
});

test('what is missing tells nothing of the regime, and its share is as asked', () => {
  const regime = columns.regime as string[];
  const text = columns.text as (string | null)[];
  const gone = (keep: (row: number) => boolean) => {
    const rows = text.filter((_, row) => keep(row));
    return rows.filter((cell) => cell === null).length / rows.length;
  };
  for (const name of ['regime1', 'regime2', 'regime3'])
    expect(Math.abs(gone((row) => regime[row] === name) - 0.2)).toBeLessThan(0.05);
  for (const name of data.context)
    expect((columns[name] as Float64Array).some(Number.isNaN), name).toBe(false);
});

test('regime and target are no fields, and a target may be an amount', () => {
  expect(Object.keys(data.fields)).not.toContain('regime');
  expect(Object.keys(data.fields)).not.toContain('target');
  const amounts = synthetic({ ...options, classes: 0 }).chunk(0, 50).columns.target;
  expect(amounts).toBeInstanceOf(Float64Array);
  expect((amounts as Float64Array).every(Number.isFinite)).toBe(true);
});
