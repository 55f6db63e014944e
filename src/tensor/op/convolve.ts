/** Convolution and pooling of pictures, channels last. */
import { constant, type Shape, shapeError, type Tensor } from '../tensor.js';
import { reshape } from './broadcast.js';
import { pad, slice } from './cut.js';
import { gather } from './lookup.js';
import { transpose } from './matmul.js';
import { margin, patches, pictureShape } from './patch.js';
import { max, mean } from './reduce.js';
import { rowMatmul } from './row.js';
import { slide } from './slide.js';

interface Kernel {
  readonly size: number;
  readonly stride: number;
}

/** Along one axis: which results a pixel is in, and with which place of the kernel. */
interface Phases {
  /** Results that lie over each other at a pixel. */
  readonly taps: number;
  /** Groups of `stride` pixels that hold the axis, and where it begins in the first of them. */
  readonly groups: number;
  readonly first: number;
  readonly skipped: number;
}

function phasesOf(length: number, kernel: Kernel): Phases {
  const { size, stride } = kernel;
  const top = margin(length, kernel);
  const first = Math.floor(top / stride);
  const groups = Math.floor((length - 1 + top) / stride) - first + 1;
  return { taps: Math.ceil(size / stride), groups, first, skipped: top - first * stride };
}

/** Groups x groups x taps x taps: which result [h, w] is seen, `h x w` for none. */
function seenResults([h, w]: readonly [number, number], y: Phases, x: Phases): BigInt64Array {
  const { taps } = y;
  return BigInt64Array.from({ length: y.groups * x.groups * taps * taps }, (_, i) => {
    const tap = i % (taps * taps);
    const group = (i - tap) / (taps * taps);
    const row = y.first + Math.floor(group / x.groups) - Math.floor(tap / taps);
    const column = x.first + (group % x.groups) - (tap % taps);
    const inside = row >= 0 && row < h && column >= 0 && column < w;
    return BigInt(inside ? row * w + column : h * w);
  });
}

/** The kernel from N channels back to the `stride x stride` pixels of a group, C channels each. */
function turned(w: Tensor, { size, stride }: Kernel, taps: number, channels: number): Tensor {
  const wide = w.shape[1] as number;
  const places = pad(reshape(w, [size * size, channels, wide]), 0, 0, 1);
  const from = BigInt64Array.from({ length: (taps * stride) ** 2 }, (_, i) => {
    const [x, y] = [i % stride, Math.floor(i / stride) % stride];
    const tap = Math.floor(i / stride ** 2);
    const row = y + stride * Math.floor(tap / taps);
    const column = x + stride * (tap % taps);
    return BigInt(row < size && column < size ? row * size + column : size * size);
  });
  const list = reshape(gather(places, constant(from), 0), [taps ** 2, stride ** 2, channels, wide]);
  const back = transpose(list, [0, 3, 1, 2]);
  return reshape(back, [taps ** 2 * wide, stride ** 2 * channels]);
}

/**
 * The gradient of the picture is a convolution too, of the results with the kernel turned: it makes
 * `stride x stride` pixels at once and moves fewer numbers than adding up the patches' gradients.
 */
function pictureGradient(x: Tensor, w: Tensor, g: Tensor, kernel: Kernel): Tensor {
  const [height, width, channels] = pictureShape('convolve', [x]);
  const [h, wide, out] = pictureShape('convolve', [g]);
  const { stride } = kernel;
  const [down, across] = [phasesOf(height, kernel), phasesOf(width, kernel)];
  const batch = x.shape[0]!;
  const results = pad(reshape(g, [batch, h * wide, out]), 1, 0, 1);
  const seen = gather(results, constant(seenResults([h, wide], down, across)), 1);
  const rows = reshape(seen, [batch, down.groups * across.groups, down.taps ** 2 * out]);
  const pixels = rowMatmul(rows, turned(w, kernel, down.taps, channels));
  const groups = [batch, down.groups, across.groups, stride, stride * channels];
  const lines = stride === 1 ? pixels : transpose(reshape(pixels, groups), [0, 1, 3, 2, 4]);
  const dims = [batch, down.groups * stride, across.groups * stride, channels];
  const whole = slice(reshape(lines, dims), 1, down.skipped, down.skipped + height);
  return slice(whole, 2, across.skipped, across.skipped + width);
}

/**
 * x [B, H, W, C] with a kernel [size x size x C, N], rows of the kernel pixel by pixel, and a bias [N]:
 * [B, ceil(H / stride), ceil(W / stride), N], zeros beyond the edges.
 */
export function convolve(x: Tensor, w: Tensor, size: number, stride = 1, bias?: Tensor): Tensor {
  const kernel = { size, stride };
  const back = (picture: Tensor, matrix: Tensor, g: Tensor): Tensor =>
    pictureGradient(picture, matrix, g, kernel);
  return slide([x, patches(x, size, stride), w, bias], { name: 'convolve', back });
}

type Reduction = (x: Tensor, axis: number) => Tensor;

/** Squares of `size` pixels reduced to one; pixels that fill no square are left out. */
function pool(name: string, x: Tensor, size: number, one: Reduction): Tensor {
  const [height, width, channels] = pictureShape(name, [x]);
  const [h, w] = [Math.floor(height / size), Math.floor(width / size)];
  if (!Number.isInteger(size) || h < 1 || w < 1) {
    throw shapeError(name, `no squares of ${size} pixels`, [x]);
  }
  const whole = slice(slice(x, 1, 0, h * size), 2, 0, w * size);
  const batch = x.shape[0]!;
  const rows: Shape = [batch, h, size, w * size * channels];
  const columns: Shape = [batch, h * w, size, channels];
  const low = one(reshape(whole, rows), 2);
  return reshape(one(reshape(low, columns), 2), [batch, h, w, channels]);
}

/** The largest of every square of `size` x `size` pixels: [B, H, W, C] to [B, H / size, W / size, C]. */
export function maxPool(x: Tensor, size: number): Tensor {
  return pool('maxPool', x, size, (y, axis) => max(y, axis));
}

/** The mean of every square of `size` x `size` pixels: [B, H, W, C] to [B, H / size, W / size, C]. */
export function averagePool(x: Tensor, size: number): Tensor {
  return pool('averagePool', x, size, (y, axis) => mean(y, [axis]));
}
