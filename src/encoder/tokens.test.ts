/** Buckets of texts: the quick way for ASCII and the way for any script find the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combine, murmur3 } from '../core/hash.js';
import { scratch } from './bag.js';
import { type Grams, pushBuckets } from './tokens.js';

const bits = 21;

function bucketsOf(text: string, grams: Grams): number[] {
  const out = scratch();
  pushBuckets(text, grams, bits, out);
  return [...out.items.subarray(0, out.length)].sort((a, b) => a - b);
}

test('one character outside ASCII, between words, changes nothing', () => {
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 60 });
  fc.assert(
    fc.property(ascii, fc.integer({ min: 1, max: 3 }), (text, words) => {
      const grams: Grams = { words, characters: [3, 5] };
      expect(bucketsOf(`${text} ·`, grams)).toEqual(bucketsOf(text, grams));
    }),
  );
});

test('words, pairs of words, and character n-grams shorter than the word', () => {
  const mask = 2 ** bits - 1;
  const [red, x] = [murmur3('red', 0x9e37), murmur3('x', 0x9e37)];
  const characters = ['<red', 'red>', '<re', 'red', 'ed>'].map((gram) => murmur3(gram, 0x51ab));
  const wanted = [red, ...characters, x, combine(red, x)].map((hash) => hash & mask);
  const found = bucketsOf('RED, x', { words: 2, characters: [3, 5] });
  expect(found).toEqual(wanted.sort((a, b) => a - b));
});
