/** What experts share: the width of embeddings where ports are many. */
import { expect, test } from 'vitest';
import { embeddingWidth } from './expert.js';

test('embeddings narrow with the number of ports, down to 4 and never above the option', () => {
  const widths = [1, 64, 65, 128, 256, 1000].map((ports) => embeddingWidth(16, ports));
  expect(widths).toEqual([16, 16, 15, 8, 4, 4]);
  expect(embeddingWidth(2, 1000)).toBe(2);
});
