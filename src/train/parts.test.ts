/** Parts: groups stay together, time goes forward, few rows are cross-fitted. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutParts } from './parts.js';

const options = { seed: 1, holdout: 0.2, folds: 5, crossFitBelow: 100 };

test('rows of one group are never in two folds, and check groups are whole where there are many', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { minLength: 2, maxLength: 300 }), (groups) => {
      const unit = Uint32Array.from(groups);
      const { fold, check } = cutParts({ rows: groups.length, unit }, options);
      const many = new Set(groups.filter((_, row) => fold[row]! >= 0)).size >= 20;
      fc.pre(new Set(groups).size > 1);
      const part = new Map<number, string>();
      groups.forEach((group, row) => {
        const own = `${fold[row]}/${many ? check[row] : ''}`;
        expect(part.get(group) ?? own).toBe(own);
        part.set(group, own);
      });
    }),
  );
});

test('few groups fill every fold, and each fold has rows that route and rows that check', () => {
  const unit = Uint32Array.from({ length: 90 }, (_, row) => row % 3);
  const { fold, check, folds } = cutParts({ rows: 90, unit }, options);
  expect(folds).toBe(3);
  for (let f = 0; f < folds; f++) {
    const own = [...fold.keys()].filter((row) => fold[row] === f);
    expect(own.length).toBe(30);
    expect(new Set(own.map((row) => check[row])).size).toBe(2);
  }
  const held = cutParts({ rows: 90, unit }, { ...options, crossFitBelow: 0 });
  expect([...held.fold].filter((value) => value === 0)).toHaveLength(30);
});

test('a class that lives in one group is learned beside its held-out rows', () => {
  const unit = Uint32Array.from({ length: 400 }, (_, row) => row % 4);
  const truth = Int32Array.from(unit, (group, row) => Number(group === 2 && row < 100));
  for (const crossFitBelow of [0, 1000]) {
    const all = { ...options, crossFitBelow };
    const { fold, check, folds } = cutParts({ rows: 400, unit }, all, truth);
    const rare = [...truth.keys()].filter((row) => truth[row] === 1);
    for (let f = 0; f < folds; f++) expect(rare.some((row) => fold[row] !== f)).toBe(true);
    expect(rare.some((row) => fold[row]! >= 0 && check[row] === 1)).toBe(true);
    expect(rare.some((row) => fold[row]! >= 0 && check[row] === 0)).toBe(true);
    const others = [...unit.keys()].filter((row) => truth[row] === 0);
    const whole = cutParts({ rows: 400, unit }, all);
    expect(others.map((row) => fold[row])).toEqual(others.map((row) => whole.fold[row]));
  }
});

test('rows that are all of one group are cut row by row', () => {
  const { fold } = cutParts({ rows: 90, unit: new Uint32Array(90) }, options);
  expect(new Set(fold).size).toBe(5);
});

test('by time the held-out rows are the latest', () => {
  const time = Float64Array.from({ length: 200 }, (_, i) => i / 200);
  const { fold, folds } = cutParts(
    { rows: 200, unit: Uint32Array.from(time.keys()), time },
    options,
  );
  expect(folds).toBe(1);
  expect([...fold].indexOf(0)).toBe(160);
  expect(fold.subarray(160).every((value) => value === 0)).toBe(true);
});

test('few rows are each held out once', () => {
  const { fold, folds } = cutParts(
    { rows: 90, unit: Uint32Array.from({ length: 90 }, (_, i) => i) },
    options,
  );
  expect(folds).toBe(5);
  expect(fold.every((value) => value >= 0)).toBe(true);
});
