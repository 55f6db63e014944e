/** Few rows get more epochs, unless the spec says how many. */
import { expect, test } from 'vitest';
import { plan } from '../mixture/plan.js';
import { withSteps } from './schedule.js';

const { experts } = plan({
  data: { source: 'x.csv', target: 'y' },
  fields: { a: 'text' },
  experts: { words: 'text' },
});
const words = experts[0]!;

test('few rows make about 800 steps, and patience grows alike', () => {
  for (const rows of [40, 300, 700, 1999]) {
    const { schedule } = withSteps(words, rows, {});
    const steps = schedule.epochs * Math.ceil(rows / schedule.batch);
    expect(steps).toBeGreaterThanOrEqual(rows < 160 ? 300 : 800);
    expect(steps).toBeLessThan(900);
    const times = schedule.epochs / words.schedule.epochs;
    expect(Math.abs(schedule.patience / words.schedule.patience - times)).toBeLessThan(1);
  }
});

test('many rows, and epochs of the spec, are left alone', () => {
  expect(withSteps(words, 2000, {})).toBe(words);
  expect(withSteps(words, 100, { epochs: 6 })).toBe(words);
  expect(withSteps(words, 100, { patience: 3 }).schedule.patience).toBe(3);
});
