/** The image expert: a small convolutional network, channels last. */
import { z } from 'zod';
import { linear } from '../tensor/layer.js';
import { concat } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { committee, membersOption } from './committee.js';
import type { Expert } from './expert.js';
import { type Tower, tower } from './tower.js';
import { usualWarp, warpPictures } from './warp.js';

const share = z.number().min(0).max(0.5);
const config = z.strictObject({
  size: z.enum(['small', 'medium', 'large']).default('medium').describe('how much it computes'),
  members: membersOption.default(1),
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
  shift: share
    .default(usualWarp.shift)
    .describe('training pictures are moved by up to this share of a side'),
  rotate: z
    .number()
    .min(0)
    .max(180)
    .default(usualWarp.rotate)
    .describe('and turned by up to so many degrees'),
  zoom: share.default(usualWarp.zoom).describe('and made larger or smaller by up to this share'),
  flip: z
    .boolean()
    .default(usualWarp.flip)
    .describe('and mirrored half of the time; not for digits or text'),
});
type Config = z.infer<typeof config>;

const sizes: Readonly<Record<Config['size'], Tower>> = {
  small: { channels: [8, 16, 32], blocks: 0 },
  medium: { channels: [16, 32, 64], blocks: 0 },
  large: { channels: [16, 32, 64], blocks: 1 },
};

function towerOf({ size, channels, blocks }: Config): Tower {
  return { channels: channels ?? sizes[size].channels, blocks: blocks ?? sizes[size].blocks };
}

/** Residual stages after He et al. 2016; kernels are normalised, since a layer norm in every layer doubles a step. */
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
    ...committee(options.members, (trace, features) => {
      const towers = Object.entries(features).map(([port, x]) =>
        tower(trace, port, x as Tensor, towerOf(options)),
      );
      return linear(trace, 'out', trace.dropout(concat(towers, 1), options.dropout), outputs);
    }),
    vary: (feeds, stream) => warpPictures(feeds, options, stream),
  }),
};
