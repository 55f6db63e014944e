/** Augmentation: pictures moved, turned, zoomed and mirrored at random, in place. */
import type { Random } from '../core/random.js';
import type { DenseFeed } from './expert.js';

export interface Warp {
  /** Pictures are moved by up to this share of their sides. */
  readonly shift: number;
  /** And turned by up to so many degrees. */
  readonly rotate: number;
  /** And made larger or smaller by up to this share. */
  readonly zoom: number;
  /** Whether half of them are mirrored. */
  readonly flip: boolean;
}

/** What leaves a digit what it is. */
export const usualWarp: Warp = { shift: 0.08, rotate: 8, zoom: 0.08, flip: false };

type Shape = readonly [height: number, width: number, channels: number];

/** Into 0 to `most`. */
const within = (at: number, most: number): number => Math.min(most, Math.max(0, at));

/** One picture [H, W, C] of `from` by an inverse affine map with bilinear steps; outside it goes on as its edge. */
function resample(
  from: Float32Array,
  to: Float32Array,
  [height, width, channels]: Shape,
  [a, b, c, d, e, f]: readonly number[],
): void {
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      const u = a! * x + b! * y + c!;
      const v = d! * x + e! * y + f!;
      const left = Math.floor(u);
      const top = Math.floor(v);
      const right = u - left;
      const low = v - top;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let corner = 0; corner < 4; corner++) {
          const i = within(left + (corner & 1), width - 1);
          const j = within(top + (corner >> 1), height - 1);
          const weight = (corner & 1 ? right : 1 - right) * (corner >> 1 ? low : 1 - low);
          sum += weight * from[(j * width + i) * channels + channel]!;
        }
        to[at + channel] = sum;
      }
    }
  }
}

/** Where each pixel of the result comes from: (x, y) to (a x + b y + c, d x + e y + f). */
function draw(
  { shift, rotate, zoom, flip }: Warp,
  [height, width]: Shape,
  stream: Random,
): number[] {
  const even = (reach: number): number => reach * (2 * stream.uniform() - 1);
  const angle = (even(rotate) * Math.PI) / 180;
  const scale = 1 + even(zoom);
  const [right, down] = [even(shift) * width, even(shift) * height];
  const mirror = flip && stream.uniform() < 0.5 ? -1 : 1;
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  const [a, b, d, e] = [mirror * cos, mirror * sin, -sin, cos];
  return [a, b, x - a * (x + right) - b * (y + down), d, e, y - d * (x + right) - e * (y + down)];
}

/** Warps every picture of `data` [B, H, W, C], each in its own way. */
export function warp(data: Float32Array, shape: Shape, how: Warp, stream: Random): void {
  const length = shape[0] * shape[1] * shape[2];
  const before = new Float32Array(length);
  for (let at = 0; at < data.length; at += length) {
    const map = draw(how, shape, stream);
    const picture = data.subarray(at, at + length);
    before.set(picture);
    resample(before, picture, shape, map);
  }
}

/** Warps the pictures [B, H, W, C] among the ports of a batch. */
export function warpPictures(
  feeds: Readonly<Record<string, DenseFeed>>,
  how: Warp,
  stream: Random,
): void {
  for (const { data, dims } of Object.values(feeds)) {
    if (dims.length !== 4) continue;
    const [, height, width, channels] = dims as [number, number, number, number];
    warp(data, [height, width, channels], how, stream);
  }
}
