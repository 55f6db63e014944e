/** Digests tell values apart and do not mind the order of keys. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digest } from './digest.js';

test('equal values have equal digests, others do not', () => {
  const value = fc.anything({ withMap: true, withSet: true, withTypedArray: true });
  fc.assert(
    fc.property(value, value, (a, b) => {
      // Equality of the runner has looser rules for sets and maps; one way is enough there.
      if (digest(a) === digest(b)) expect(a).toEqual(b);
      expect(digest(structuredClone(a))).toBe(digest(a));
    }),
  );
});

test.each([
  [
    { a: 1, b: [2, null] },
    { a: 1, b: [2] },
  ],
  [
    [['a'], 'b'],
    ['a', ['b']],
  ],
  [{ a: undefined }, {}],
  [0, -0],
  [1, '1'],
  [Float32Array.of(1), Float64Array.of(1)],
  [Float32Array.of(1), [1]],
  [new Map([['a', 1]]), { a: 1 }],
])('%j is not %j', (a, b) => {
  expect(digest(a)).not.toBe(digest(b));
});

test('the order of keys says nothing, and shared memory is like any other', () => {
  expect(digest({ a: 1, b: 2 })).toBe(digest({ b: 2, a: 1 }));
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set([3, 4]);
  expect(digest(shared)).toBe(digest(Uint8Array.of(3, 4)));
  expect(digest(Uint8Array.of(1, 3, 4).subarray(1))).toBe(digest(shared));
});

test('what has no content to hash is refused', () => {
  expect(() => digest({ f: () => 1 })).toThrow('no digest of [object Function]');
  expect(() => digest(/a/)).toThrow('no digest of [object RegExp]');
});
