/** A tower of convolutions, channels last: one picture to a row of numbers. */
import { layerNorm } from '../tensor/layer.js';
import {
  add,
  concat,
  constant,
  convolve,
  div,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  sqrt,
  square,
  sub,
  sum,
} from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Trace } from '../tensor/trace.js';

export interface Tower {
  /** Channels of each stage, which halves the sides. */
  readonly channels: readonly number[];
  /** Residual layers in a stage. */
  readonly blocks: number;
}

/** Pixels along each side of a kernel. */
const kernel = 3;

/** Length of a column of a kernel at the start: ReLU halves what follows. */
const gain = 1.7;
const epsilon = 1e-4;

/**
 * A kernel [fan, width] whose columns have mean 0 and a learned length (Qiao et al. 2019, Brock et al.
 * 2021): it steadies training as normalised activations do, and costs nothing per pixel.
 */
function kernelOf(trace: Trace, name: string, fan: number, width: number): Tensor {
  const w = trace.weight(`${name}/weight`, [fan, width], { kind: 'he' });
  const length = trace.weight(`${name}/gain`, [width], { kind: 'constant', value: gain });
  const level = sub(w, mean(w, [0], true));
  const norm = sqrt(add(sum(square(level), [0], true), epsilon));
  return mul(level, div(length, norm));
}

function layer(trace: Trace, name: string, x: Tensor, width: number, stride: number): Tensor {
  const w = kernelOf(trace, name, kernel * kernel * (x.shape[3] as number), width);
  const bias = trace.weight(`${name}/bias`, [width], { kind: 'zeros' });
  return convolve(x, w, kernel, stride, bias);
}

/** About the middle and the spread of pixels from 0 to 1. */
const middle = 0.5;
const spread = 0.3;

/** Pixels about zero; laid out as rows, since the runtime walks a last axis of length 1 number by number. */
function centred(x: Tensor): Tensor {
  const [batch, ...shape] = x.shape as [string, number, number, number];
  const long = shape.reduce((product, length) => product * length, 1);
  return reshape(mul(sub(reshape(x, [batch, long]), middle), 1 / spread), [batch, ...shape]);
}

/** Cells along each side of what is left of a picture: what is above is not what is below. */
const cells = 2;

/** From and to which of `length` places cell `at` reaches; cells share a place where these are odd. */
function reach(at: number, length: number, side: number): [from: number, to: number] {
  return [Math.floor((at * length) / side), Math.ceil(((at + 1) * length) / side)];
}

/** What each cell takes of each place, [side x side, height x width]: rows of equal shares. */
function shares(height: number, width: number, side: number): Float32Array {
  const data = new Float32Array(side * side * height * width);
  for (let cell = 0; cell < side * side; cell++) {
    const [top, bottom] = reach(Math.floor(cell / side), height, side);
    const [left, right] = reach(cell % side, width, side);
    const share = 1 / ((bottom - top) * (right - left));
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) data[(cell * height + y) * width + x] = share;
  }
  return data;
}

/** The places of a picture in a line: [B, H, W, C] to [B, H x W, C]. */
function inLine(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape as [string, number, number, number];
  return reshape(x, [batch, height * width, channels]);
}

/** The means over the cells of a picture: [B, H, W, C] to [B, side x side x C]. */
function cellMeans(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape as [string, number, number, number];
  const side = Math.min(cells, height, width);
  const grid = constant(shares(height, width, side), [side * side, height * width]);
  return reshape(matmul(grid, inLine(x)), [batch, side * side * channels]);
}

/**
 * One picture [B, H, W, C] to [B, 4 x last channels + C]: stages, then the means over its quarters, and
 * its own mean colour, which kernels of mean 0 cannot see.
 */
export function tower(trace: Trace, name: string, x: Tensor, { channels, blocks }: Tower): Tensor {
  const level = centred(x);
  let h = level;
  channels.forEach((width, stage) => {
    h = relu(layer(trace, `${name}/${stage}`, h, width, 2));
    for (let block = 0; block < blocks; block++)
      h = relu(add(h, layer(trace, `${name}/${stage}/${block}`, h, width, 1)));
  });
  const seen = concat([cellMeans(h), mean(inLine(level), [1])], 1);
  return layerNorm(trace, `${name}/norm`, seen);
}
