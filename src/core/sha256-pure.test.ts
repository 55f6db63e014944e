/** The hash written here against the library's, and base64 against Node's. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64, toBase64 } from './base64.js';
import { sha256 as library } from './sha256.js';
import { sha256 } from './sha256-pure.js';

test('the hash is that of the library, for bytes and for texts', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'grapheme' }),
      (bytes, text) => {
        expect(sha256(bytes)).toBe(library(bytes));
        expect(sha256(text)).toBe(library(text));
      },
    ),
  );
  const large = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  expect(sha256(large)).toBe(library(large));
});

test('base64 is as Node has it and goes back to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(fromBase64(toBase64(bytes))).toEqual(Uint8Array.from(bytes));
    }),
  );
});
