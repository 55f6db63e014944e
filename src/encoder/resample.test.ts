/** Pixels in another size are those of libvips, which resizes them in Node. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import { resample } from './resample.js';

test.each([
  [9, 7, 20, 14, 1],
  [9, 7, 5, 3, 3],
  // Where much is lost libvips averages whole blocks first.
  [40, 24, 6, 17, 12],
  [12, 12, 12, 6, 1],
  [3, 1, 8, 8, 1],
])('%i x %i to %i x %i', async (height, width, high, wide, most) => {
  const stream = random(height, 'pixels');
  const bytes = Uint8Array.from({ length: height * width * 3 }, () => stream.below(256));
  const own = { height, width, channels: 3 } as const;
  const options = { fit: 'fill', kernel: 'linear' } as const;
  const theirs = await sharp(bytes, { raw: own }).resize(wide, high, options).raw().toBuffer();
  const ours = resample(bytes, own, high, wide);
  expect(ours).toHaveLength(theirs.length);
  const gaps = Array.from(ours, (byte, i) => Math.abs(byte - theirs[i]!));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(most);
});

test('one size is left as it is', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  expect(resample(bytes, { height: 2, width: 2, channels: 1 }, 2, 2)).toBe(bytes);
});
