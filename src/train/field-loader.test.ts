/** What cannot be read is said with the field and the record among all rows. */
import { expect, test } from 'vitest';
import { image } from '../encoder/image.js';
import { time } from '../encoder/time.js';
import { loadBatch, tellUnread } from '../predict/load.js';
import { fieldLoader } from './field-loader.js';

const state = (broken: 'missing' | 'error') => ({
  extent: { height: 4, width: 4, channels: 1 },
  white: 255,
  reading: { limit: 100 },
  broken,
});
const good = Array<string>(16).fill('9');

test('an error of a later batch counts records from the first row on', async () => {
  const loader = fieldLoader({ photo: image.open(state('error')) }, () => undefined);
  await loader.load('photo', [good], 0);
  await expect(loader.load('photo', [good, ['1', '2']], 40)).rejects.toThrow(
    /^fields\.photo, record 42: expected the numbers of a square image/,
  );
});

test('a prediction names the field as well, and the record in its data', async () => {
  const model = {
    manifest: { fields: [{ name: 'photo' }] },
    coders: [image.open(state('error'))],
    watch: {},
  };
  const batch = { rows: 1, values: { photo: [['1', '2']] } };
  await expect(loadBatch(model, batch)).rejects.toThrow(/^photo, record 1: expected the numbers/);
  const later = loadBatch(model, { ...batch, first: 1025 });
  await expect(later).rejects.toThrow(/^photo, record 1025: expected the numbers/);
});

test('what is passed over is counted too, and a field of nothing else is refused', async () => {
  const said: string[] = [];
  const coder = time.open(time.fit(['2024-01-01', '2024-03-05'], time.config.parse({})));
  const loader = fieldLoader({ day: coder }, (_, text) => said.push(text));
  await loader.load('day', ['2024-01-01', null], 0);
  await loader.load('day', ['2024-01-02', 'never'], 2);
  loader.check();
  expect(said).toEqual([
    expect.stringMatching(/^1 of 4 values count as missing, .* fields\.day, record 4: .*"never"/),
  ]);
  const never = fieldLoader({ day: coder }, () => undefined);
  await never.load('day', [null, 'never'], 0);
  expect(() => never.check()).toThrow(/^fields\.day, record 2: expected a date, a time/);
});

test('a prediction tells what is passed over, to whoever watches', () => {
  const told: unknown[] = [];
  const coders = [time.open(time.fit(['2024-01-01'], time.config.parse({})))];
  const watch = { broken: (...seen: unknown[]) => told.push(seen) };
  const model = { manifest: { fields: [{ name: 'day' }] }, coders, watch };
  tellUnread(model, { rows: 2, first: 7, values: { day: ['2024-01-01', 'never'] } });
  expect(told).toEqual([['day', [expect.objectContaining({ where: 'record 8' })]]]);
});

test('what counts as missing is warned of once', async () => {
  const said: string[] = [];
  const loader = fieldLoader({ photo: image.open(state('missing')) }, (_, text) => said.push(text));
  await loader.load('photo', [good, ['1', '2']], 0);
  await loader.load('photo', [['3']], 2);
  loader.check();
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^2 of 3 values count as missing; the first: fields\.photo, record 2/);
});
