/** Image fields: every form a picture may come in, and every way in which it may be broken. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import type { Values } from '../data/column.js';
import { image } from './image.js';

const folder = mkdtempSync(join(tmpdir(), 'monban-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A picture whose left half is dark and whose right half is bright. */
const grey = Uint8Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 20 : 220));
const file = (format: 'png' | 'jpeg' | 'webp'): Promise<Buffer> => {
  const raw = sharp(grey, { raw: { width: 8, height: 8, channels: 1 } }).toColourspace('b-w');
  return raw.toFormat(format, { quality: 100 }).toBuffer();
};
const listOf = (bytes: Uint8Array): string[] => Array.from(bytes, String);

async function opened(seen: Values, options: Record<string, unknown> = {}) {
  const state = await image.fit(seen, image.config.parse(options));
  return { state, coder: image.open(state) };
}

async function loadOne(value: unknown, options: Record<string, unknown> = {}) {
  const { coder } = await opened([listOf(grey)], options);
  const { values, faults } = await coder.load!([value] as Values);
  return { bytes: (values as (Uint8Array | null)[])[0], faults };
}

describe('forms of a picture', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('%s as bytes, data URI and path', async (format) => {
    const bytes = await file(format);
    const path = join(folder, `one.${format}`);
    writeFileSync(path, bytes);
    const base64 = bytes.toString('base64');
    for (const value of [base64, `data:image/${format};base64,${base64}`, path]) {
      const { bytes: found, faults } = await loadOne(value);
      expect(faults).toEqual([]);
      expect(found).toHaveLength(64);
      found!.forEach((byte, i) => {
        expect(Math.abs(byte - grey[i]!)).toBeLessThan(12);
      });
    }
  });

  test('lists: bytes, shares, sixteenths, and sides that are told', async () => {
    expect((await loadOne(listOf(grey))).bytes).toEqual(grey);
    const shares = listOf(grey).map((byte) => String(Number(byte) / 255));
    const { state, coder } = await opened([shares]);
    expect(state.white).toBe(1);
    expect((await coder.load!([shares])).values).toEqual([grey]);
    expect((await opened([Array(64).fill('16')])).state.white).toBe(16);
    const wide = await opened([listOf(grey)], { width: 16 });
    expect(wide.state.extent).toEqual({ height: 4, width: 16, channels: 1 });
    const colour = await opened([Array(192).fill('9')]);
    expect(colour.state.extent).toEqual({ height: 8, width: 8, channels: 3 });
  });

  test('other sizes are resized, grey fills colour, and loading twice changes nothing', async () => {
    const { coder } = await opened([listOf(grey)], { size: 4, channels: 3 });
    const { values, faults } = await coder.load!([listOf(grey)]);
    expect(faults).toHaveLength(1);
    const free = await opened([(await file('png')).toString('base64')], { size: 4, channels: 3 });
    const loaded = await free.coder.load!([(await file('png')).toString('base64')]);
    expect((loaded.values as Uint8Array[])[0]).toHaveLength(48);
    expect((await free.coder.load!(loaded.values)).values).toEqual(loaded.values);
    expect(values).toEqual([null]);
  });
});

describe('what cannot be read counts as missing and is said', () => {
  test.each([
    ['a file that is not there', 'nowhere.png', 'a path, bytes'],
    ['an address', 'https://example.org/a.png', 'a path, bytes'],
    ['a list that is no square', ['1', '2'], 'the numbers of a square image'],
    ['a list of one pixel', ['1', '2', '3'], 'the numbers of a square image'],
    ['a list with a text', [...listOf(grey).slice(1), 'x'], 'numbers'],
    ['a damaged data URI', 'data:image/png;base64,iVBORw0KGgoAAAA', 'a path, bytes'],
  ])('%s', async (_, value, expected) => {
    const { bytes, faults } = await loadOne(value);
    expect(bytes).toBeNull();
    expect(faults[0]?.expected).toContain(expected);
    await expect(loadOne(value, { broken: 'error' })).rejects.toThrow('record 1');
  });

  test('a cut file, a huge one, and a path out of the folder', async () => {
    const bytes = await file('png');
    const cut = bytes.subarray(0, Math.floor(bytes.length / 2)).toString('base64');
    expect((await loadOne(cut)).bytes).toBeNull();
    const huge = await loadOne(bytes.toString('base64'), { limit: 63 });
    expect(huge.faults[0]?.expected).toBe('at most 63 pixels');
    const out = await loadOne('../one.png', { folder });
    expect(out.faults[0]?.expected).toBe(`a path inside ${folder}`);
  });

  test('nothing is missing without a word', async () => {
    const { coder } = await opened([null, listOf(grey)]);
    const { values, faults } = await coder.load!([null, [], ''] as unknown as Values);
    expect([values, faults]).toEqual([[null, null, null], []]);
  });
});

test('the thumbnail is a grid of means, and encoding wants what was loaded', async () => {
  const { coder } = await opened([listOf(grey)], { size: 8 });
  const { values } = await coder.load!([listOf(grey)]);
  const { thumb, pixels } = coder.encode(values, ['thumb', 'pixels']);
  const wanted = Float32Array.from(grey, (byte) => byte / 255);
  expect((pixels as { data: Float32Array }).data).toEqual(wanted);
  expect((thumb as { data: Float32Array }).data).toEqual(wanted);
  expect(() => coder.encode([listOf(grey)], ['pixels'])).toThrow('load');
});
