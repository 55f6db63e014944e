/** Parts: groups stay together, time goes forward, few rows are cross-fitted. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutParts } from './parts.js';

const options = { seed: 1, holdout: 0.2, folds: 5, crossFitBelow: 100 };

test('rows of one group are never in two parts', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 300 }), (groups) => {
      const unit = Uint32Array.from(groups);
      const { fold, check } = cutParts({ rows: groups.length, unit }, options);
      const part = new Map<number, string>();
      groups.forEach((group, row) => {
        const own = `${fold[row]}/${check[row]}`;
        expect(part.get(group) ?? own).toBe(own);
        part.set(group, own);
      });
    }),
  );
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
