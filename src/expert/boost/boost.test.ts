/** Where boosting starts, and how far a tree may go. */
import { expect, test } from 'vitest';
import { random } from '../../core/random.js';
import { boost, repeat, startOf, type Task } from './boost.js';

/** Rows of labels below 5, each class more seldom than the one before, among `outputs` classes. */
function rowsOf(outputs: number): { task: Task; truth: Int32Array } {
  const rows = 2000;
  const stream = random(3, 'boost');
  const truth = Int32Array.from({ length: rows }, () =>
    Math.floor(5 * stream.uniform() * stream.uniform()),
  );
  const slopes: Task['slopes'] = (said, gradient, curvature) => {
    for (let row = 0; row < rows; row++) {
      const own = said.subarray(row * outputs, (row + 1) * outputs);
      const top = Math.max(...own);
      const total = own.reduce((sum, x) => sum + Math.exp(x - top), 0);
      own.forEach((x, w) => {
        const p = Math.exp(x - top) / total;
        gradient[row * outputs + w] = p - Number(truth[row] === w);
        curvature[row * outputs + w] = p * (1 - p);
      });
    }
  };
  const weights = new Float32Array(rows).fill(1);
  return { task: { rows, outputs, weights, slopes, stream }, truth };
}

test.each([5, 60])(
  'it starts with the shares of the classes, %i of which there may be',
  (outputs) => {
    const { task, truth } = rowsOf(outputs);
    const { base } = startOf(task);
    const total = base.reduce((sum, x) => sum + Math.exp(x), 0);
    base.forEach((x, w) => {
      const share = truth.filter((label) => label === w).length / truth.length;
      expect(Math.abs(Math.exp(x) / total - share)).toBeLessThan(0.002);
    });
  },
);

test('no leaf takes an output further than a few steps, however little it bends', () => {
  const { task } = rowsOf(5);
  const sure: Task = {
    ...task,
    slopes: (_, gradient, curvature) => {
      gradient.fill(-1);
      curvature.fill(1e-9);
    },
  };
  const start = {
    base: new Float32Array(5),
    gradient: repeat(new Float32Array(5), 1),
    balanced: false,
  };
  const options = { depth: 2, rate: 0.5, l2: 0, rowShare: 1, featureShare: 1 };
  const { leaves } = boost(sure, start, [], options)();
  expect([...leaves]).toEqual([2, 2, 2, 2, 2]);
});
