/** Rows that are read anew for each pass are those that are read at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../core/random.js';
import { type Dataset, openDataset } from '../data/dataset.js';
import { type Folder, temporaryFolder } from '../data/fixture.js';
import { plan } from '../mixture/plan.js';
import type { Batch } from '../predict/batch.js';
import { readRows } from './rows.js';
import { openRows } from './training-rows.js';

const count = 20_000;
let folder: Folder;
let data: Dataset;
beforeAll(async () => {
  folder = temporaryFolder();
  const stream = random(1, 'rows');
  const lines = Array.from({ length: count }, (_, i) => {
    const answer = stream.uniform() < 0.02 ? '' : ['yes', 'no'][stream.below(2)];
    return `${stream.normal()},${i % 7 === 0 ? '' : `word${stream.below(50)}`},${stream.below(900)},${answer}`;
  });
  folder.write('rows.csv', `size,words,shop,answer\n${lines.join('\n')}\n`);
  data = await openDataset('rows.csv', { base: folder.path });
});
afterAll(async () => {
  await data.close();
  folder.remove();
});

const use = (memory: number, split?: object) =>
  plan({
    data: { source: 'rows.csv', target: 'answer', ...(split === undefined ? {} : { split }) },
    fields: { size: 'number', words: 'text', shop: 'category' },
    experts: { linear: 'linear' },
    training: { memory },
  });

async function gather(batches: AsyncIterable<Batch>, size?: number): Promise<Batch['values']> {
  const all: Record<string, unknown[]> = {};
  let last = size;
  for await (const { rows, values } of batches) {
    // Only the last batch may be short.
    if (size !== undefined) expect(last).toBe(size);
    last = rows;
    for (const [name, column] of Object.entries(values))
      all[name] = [...(all[name] ?? []), ...column];
  }
  return all as unknown as Batch['values'];
}

test.each([
  undefined,
  { by: 'hash', key: 'shop', folds: 3, test: 1 },
  { by: 'time', column: 'size', share: 0.3 },
  { by: 'group', column: 'shop', share: 0.2 },
])('split %j', async (split) => {
  const { values, ...keys } = await readRows(use(1, split), data, 0);
  const rows = await openRows(use(1, split), data);
  expect(rows).toMatchObject(keys);
  const all = Object.fromEntries(
    Object.entries(values).map(([name, column]) => [name, [...column]]),
  );
  expect(await gather(rows.batches())).toEqual(all);
  expect(await gather(rows.batches(1000), 1000)).toEqual(all);
  const head = await rows.head(300);
  expect([...head.values.words!]).toEqual(all.words!.slice(0, 300));
});

test('encoders learn from a bounded, seeded sample of what does not fit into memory', async () => {
  const sample = await (await openRows(use(1), data)).sample();
  expect(sample.rows).toBeGreaterThan(800);
  expect(sample.rows).toBeLessThan(5000);
  const again = await (await openRows(use(1), data)).sample();
  expect(again).toEqual(sample);
  const whole = await openRows(use(100), data);
  expect((await whole.sample()).rows).toBe(whole.rows);
});
