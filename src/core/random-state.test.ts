/** A stream goes on where another of its seed was. */
import { expect, test } from 'vitest';
import { random } from './random.js';

test('a stream that loads a state gives the numbers that follow it', () => {
  const stream = random(4, 'order');
  for (let i = 0; i < 100; i++) stream.normal();
  const state = stream.state();
  const next = Array.from({ length: 50 }, () => stream.word());
  const other = random(4, 'order');
  other.load(structuredClone(state));
  expect(Array.from({ length: 50 }, () => other.word())).toEqual(next);
  expect(stream.state()).not.toEqual(state);
});
