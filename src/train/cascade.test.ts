/** Which price is taken: the cheapest that is nearly as good as asking always. */
import { expect, test } from 'vitest';
import { cheapest, type Judged } from './cascade.js';

const at = (cost: number, headline: number, worth: number): Judged => ({
  cost,
  headline,
  worth: Float64Array.of(worth, worth),
});

test('the cheapest price within the tolerance is taken', () => {
  const prices = [
    at(1, 0.9, -0.3),
    at(1.3, 0.9495, -0.105),
    at(1.5, 0.95, -0.1),
    at(2, 0.95, -0.1),
  ];
  expect(cheapest([prices], 0.001, 1)).toBe(prices[1]);
  expect(cheapest([prices], 0.0001, 1)).toBe(prices[2]);
});

test('what keeps the headline by luck but loses the likelihood is not enough', () => {
  const prices = [at(1, 0.9, -0.6), at(1.2, 0.95, -0.4), at(1.6, 0.95, -0.2), at(2, 0.95, -0.1)];
  expect(cheapest([prices], 0.001, 1)).toBe(prices[2]);
});

test('the best gate that asks always is what all are held to, and remains', () => {
  const weak = [at(1, 0.9, -0.5), at(2, 0.94, -0.2)];
  const strong = [at(1, 0.9, -0.5), at(1.5, 0.948, -0.12), at(2, 0.95, -0.1)];
  expect(cheapest([weak, strong], 0.001, 1)).toBe(strong[2]);
});

test('of gates that cost nearly the same the first, which is the simplest, is taken', () => {
  const linear = [at(1, 0.9, -0.5), at(1.31, 0.95, -0.1), at(2, 0.95, -0.1)];
  const mlp = [at(1, 0.9, -0.5), at(1.28, 0.95, -0.1), at(2, 0.95, -0.1)];
  expect(cheapest([linear, mlp], 0.001, 1)).toBe(linear[1]);
});

test('where the shared expert is as good alone nobody else is asked', () => {
  const prices = [at(1, 0.95, -0.101), at(1.5, 0.951, -0.1), at(2, 0.9505, -0.1)];
  expect(cheapest([prices], 0.001, 1)).toBe(prices[0]);
});
