/** Warps: whole steps move pixels exactly, nothing to do leaves them, seeds repeat. */
import { expect, test } from 'vitest';
import { random } from '../core/random.js';
import type { Expert, GradientModel } from './expert.js';
import { fusion } from './fusion.js';
import { image } from './image.js';
import { warp } from './warp.js';

const shape = [4, 4, 2] as const;
const picture = (): Float32Array => Float32Array.from({ length: 64 }, (_, i) => i + 1);
const still = { shift: 0, rotate: 0, zoom: 0, flip: false };

test('without any reach a picture stays as it is', () => {
  const data = picture();
  warp(data, shape, still, random(1));
  data.forEach((value, i) => {
    expect(value).toBeCloseTo(i + 1, 3);
  });
});

test('a mirror turns rows round and keeps channels apart', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 8; seed++) {
    const data = picture();
    warp(data, shape, { ...still, flip: true }, random(seed));
    seen.add(Array.from(data.subarray(0, 8), Math.round).join(' '));
  }
  expect([...seen].sort()).toEqual(['1 2 3 4 5 6 7 8', '7 8 5 6 3 4 1 2']);
});

test('beyond its edge a picture goes on as it is there', () => {
  const data = new Float32Array(64).fill(1);
  warp(data, shape, { shift: 0.5, rotate: 90, zoom: 0.5, flip: false }, random(1));
  data.forEach((value) => {
    expect(value).toBeCloseTo(1, 5);
  });
});

test('every picture goes its own way, and the same seed the same', () => {
  const run = (seed: number): Float32Array => {
    const data = Float32Array.from([...picture(), ...picture()]);
    warp(data, shape, { shift: 0.2, rotate: 20, zoom: 0.2, flip: true }, random(seed));
    return data;
  };
  expect(run(3)).toEqual(run(3));
  expect(run(3)).not.toEqual(run(4));
  expect(run(3).subarray(0, 32)).not.toEqual(run(3).subarray(32, 64));
});

test.each([image, fusion])('in training $kind warps pictures, and no other port', (kind) => {
  const given = { fields: {}, loaded: undefined };
  const model = (kind as Expert).build(2, kind.config.parse({}), given) as GradientModel;
  const feeds = {
    picture: { data: picture(), dims: [1, 4, 4, 2] },
    numbers: { data: picture(), dims: [1, 64] },
  };
  model.vary!(feeds, random(1));
  expect(feeds.numbers.data).toEqual(picture());
  expect(feeds.picture.data).not.toEqual(picture());
});
