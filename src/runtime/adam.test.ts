/** The vectorised AdamW against the formula in plain numbers. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { adamScalars, createAdam } from './adam.js';

const [size, decaying, steps] = [48, 32, 5];
const beta = { beta1: 0.9, beta2: 0.99 };
const plan = { ...beta, rate: 0.1, weightDecay: 0.2 };

/** Weights after some steps with the gradients `slope(step)[i]`, by the formula as it is printed. */
function printed(start: Float32Array, slope: (step: number) => Float32Array, clip: number) {
  const p = Float64Array.from(start);
  const [m, v] = [new Float64Array(size), new Float64Array(size)];
  for (let step = 1; step <= steps; step++) {
    const raw = slope(step);
    const norm = Math.sqrt(raw.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < size; i++) {
      const g = raw[i]! * Math.min(1, clip / norm);
      m[i] = beta.beta1 * m[i]! + (1 - beta.beta1) * g;
      v[i] = beta.beta2 * v[i]! + (1 - beta.beta2) * g * g;
      const first = m[i]! / (1 - beta.beta1 ** step);
      const second = Math.sqrt(v[i]! / (1 - beta.beta2 ** step));
      if (i < decaying) p[i] = p[i]! * (1 - plan.rate * plan.weightDecay);
      p[i] = p[i]! - (plan.rate * first) / (second + 1e-8);
    }
  }
  return p;
}

for (const clip of [1, 100]) {
  test(`AdamW as printed, where gradients longer than ${clip} are clipped`, () => {
    const slope = (step: number): Float32Array => {
      const stream = random(step, 'slope');
      return Float32Array.from({ length: size }, () => stream.normal());
    };
    const adam = createAdam(size, decaying, { ...beta, clip });
    adam.weights.set(slope(0));
    for (let step = 1; step <= steps; step++) {
      adam.gradients.set(slope(step));
      const norm = adam.step(adamScalars(step, plan));
      expect(norm).toBeCloseTo(Math.sqrt(slope(step).reduce((sum, x) => sum + x * x, 0)), 4);
    }
    printed(slope(0), slope, clip).forEach((wanted, i) => {
      expect(adam.weights[i], `weight ${i}`).toBeCloseTo(wanted, 4);
    });
  });
}

test('a gradient that is not a number shows in the norm', () => {
  const adam = createAdam(size, 0, { ...beta, clip: 1 });
  adam.gradients[size - 1] = Number.NaN;
  expect(adam.step(adamScalars(1, plan))).toBeNaN();
});
