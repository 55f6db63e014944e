/** The image expert: a small convolutional network, channels last. */
import { z } from 'zod';
import { layerNorm, linear } from '../tensor/layer.js';
import { add, concat, convolve, mean, relu, reshape } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Trace } from '../tensor/trace.js';
import type { Expert } from './expert.js';
import { warp } from './warp.js';

const share = z.number().min(0).max(0.5);
const config = z.strictObject({
  size: z.enum(['small', 'medium', 'large']).default('medium').describe('how much it computes'),
  channels: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(6)
    .optional()
    .describe('channels of each stage, which halves the sides; by the size without it'),
  blocks: z.int().min(0).max(4).optional().describe('residual layers in a stage; by the size too'),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .describe('share of features left out in training'),
  shift: share.default(0.08).describe('training pictures are moved by up to this share of a side'),
  rotate: z.number().min(0).max(180).default(8).describe('and turned by up to so many degrees'),
  zoom: share.default(0.08).describe('and made larger or smaller by up to this share'),
  flip: z
    .boolean()
    .default(false)
    .describe('and mirrored half of the time; not for digits or text'),
});
type Config = z.infer<typeof config>;

const sizes: Readonly<Record<Config['size'], { channels: readonly number[]; blocks: number }>> = {
  small: { channels: [8, 16, 32], blocks: 0 },
  medium: { channels: [16, 32, 64], blocks: 0 },
  large: { channels: [16, 32, 64], blocks: 1 },
};

/** Pixels along each side of a kernel. */
const kernel = 3;

function layer(trace: Trace, name: string, x: Tensor, width: number, stride: number): Tensor {
  const fan = kernel * kernel * (x.shape[3] as number);
  const w = trace.weight(`${name}/weight`, [fan, width], { kind: 'he' });
  const bias = trace.weight(`${name}/bias`, [width], { kind: 'zeros' });
  return convolve(x, w, kernel, stride, bias);
}

/** One picture [B, H, W, C] to [B, last channels]: stages, then the mean over what is left of it. */
function tower(trace: Trace, name: string, x: Tensor, options: Config): Tensor {
  const { channels = sizes[options.size].channels, blocks = sizes[options.size].blocks } = options;
  let h = x;
  channels.forEach((width, stage) => {
    h = relu(layer(trace, `${name}/${stage}`, h, width, 2));
    for (let block = 0; block < blocks; block++)
      h = relu(add(h, layer(trace, `${name}/${stage}/${block}`, h, width, 1)));
  });
  const [height, width, wide] = h.shape.slice(1) as number[];
  const seen = mean(reshape(h, [h.shape[0]!, height! * width!, wide!]), [1]);
  return layerNorm(trace, `${name}/norm`, seen);
}

/** Residual stages after He et al. 2016; one layer norm at the end, since one in every layer doubles a step. */
export const image: Expert<Config> = {
  kind: 'image',
  summary: 'a convolutional neural network over pictures',
  config,
  schedule: {
    epochs: 20,
    batch: 64,
    rate: 0.003,
    tableRate: 0.05,
    weightDecay: 0.02,
    smoothing: 0.05,
    patience: 5,
  },
  ports: ['pixels'],
  build: (outputs, options) => ({
    by: 'gradient',
    forward(trace, features) {
      const towers = Object.entries(features).map(([port, x]) =>
        tower(trace, port, x as Tensor, options),
      );
      return linear(trace, 'out', trace.dropout(concat(towers, 1), options.dropout), outputs);
    },
    vary(feeds, stream) {
      for (const { data, dims } of Object.values(feeds)) {
        const shape = dims.slice(1) as [number, number, number];
        warp(data, shape, options, stream);
      }
    },
  }),
};
