/** The fusion expert: reads several kinds of field, each embedded by itself, then mixed. */
import { z } from 'zod';
import { embed, hidden, isBag } from '../tensor/blocks.js';
import { layerNorm, linear } from '../tensor/layer.js';
import { concat, reshape, slice } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Feature, Features } from '../tensor/trace.js';
import { committee, membersOption } from './committee.js';
import { type Expert, embeddingWidth } from './expert.js';
import { tower } from './tower.js';
import { usualWarp, warpPictures } from './warp.js';

const config = z.strictObject({
  members: membersOption.default(4),
  embedding: z
    .int()
    .min(1)
    .max(512)
    .default(12)
    .describe('numbers that stand for one port; fewer, down to 4, where there are more than 64'),
  width: z.int().min(1).max(4096).default(192).describe('units of a hidden layer'),
  depth: z.int().min(1).max(8).default(1).describe('hidden layers'),
  dropout: z.number().min(0).max(0.9).default(0.3).describe('share of units left out in training'),
  channels: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(6)
    .default([16, 32, 64])
    .describe('of pictures: channels of each stage, which halves the sides'),
  blocks: z.int().min(0).max(4).default(0).describe('of pictures: residual layers in a stage'),
});

const isPicture = (feature: Feature): feature is Tensor =>
  !isBag(feature) && feature.shape.length === 4;

/** Features that are rows of numbers or bags, and pictures [B, H, W, C]. */
function part(features: Features): { rows: Features; pictures: [string, Tensor][] } {
  const all = Object.entries(features);
  return {
    rows: Object.fromEntries(all.filter(([, feature]) => !isPicture(feature))),
    pictures: all.filter((one): one is [string, Tensor] => isPicture(one[1])),
  };
}

/** x [B, ports x members x each] to the part [B, ports x each] of one member. */
function partOf(x: Tensor, member: number, members: number, each: number): Tensor {
  if (members === 1) return x;
  const ports = (x.shape[1] as number) / (members * each);
  const own = slice(
    reshape(x, ['B', ports, members * each]),
    2,
    member * each,
    (member + 1) * each,
  );
  return reshape(own, ['B', ports * each]);
}

export const fusion: Expert<z.infer<typeof config>> = {
  kind: 'fusion',
  summary: 'small neural networks over all fields, any of which may be missing',
  config,
  schedule: {
    epochs: 6,
    batch: 128,
    rate: 0.002,
    tableRate: 0.05,
    weightDecay: 0.01,
    smoothing: 0.05,
    patience: 3,
  },
  ports: [
    ...['value', 'steps', 'level', 'words', 'items', 'count', 'outline', 'template', 'phrases'],
    'pixels',
  ],
  build: (outputs, { members, embedding, width, depth, dropout, ...look }) => ({
    by: 'gradient',
    ...committee(members, (trace, features) => {
      const { rows, pictures } = part(features);
      const each = embeddingWidth(embedding, Object.keys(features).length);
      const all =
        Object.keys(rows).length === 0 ? undefined : embed(trace, 'embed', rows, each * members);
      const seen = pictures.map(([port, x]) => tower(trace, port, x, look));
      return (own, member) => {
        const read = all === undefined ? [] : [partOf(all, member, members, each)];
        const fields = layerNorm(own, 'norm', concat([...read, ...seen], 1));
        const h = hidden(own, 'hidden', own.dropout(fields, dropout), { width, depth, dropout });
        return linear(own, 'out', h, outputs);
      };
    }),
    vary: (feeds, stream) => warpPictures(feeds, usualWarp, stream),
  }),
};
