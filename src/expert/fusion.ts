/** The fusion expert: reads several kinds of field, each embedded by itself, then mixed. */
import { z } from 'zod';
import { embed, hidden, isBag } from '../tensor/blocks.js';
import { linears } from '../tensor/layer.js';
import { concat, expand, reshape, standardise, transpose } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Feature, Features, Trace } from '../tensor/trace.js';
import { membersOption, sideBySide } from './committee.js';
import { type Expert, embeddingWidth } from './expert.js';
import { type Tower, tower } from './tower.js';
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

/** What the tables and matrices of all members say of the rows: [members, B, ports x each]. */
function read(trace: Trace, rows: Features, members: number, each: number): Tensor[] {
  const ports = Object.keys(rows).length;
  if (ports === 0) return [];
  // One wide row of a table is looked up and shared out: it is the looking up that takes time.
  const wide = embed(trace, 'embed', rows, members * each);
  const shared = transpose(reshape(wide, ['B', ports, members, each]), [2, 0, 1, 3]);
  return [reshape(shared, [members, 'B', ports * each])];
}

/** What one tower sees of each picture, for every member: [members, B, numbers]. */
function look(trace: Trace, pictures: [string, Tensor][], members: number, how: Tower): Tensor[] {
  return pictures.map(([port, x]) => {
    const seen = tower(trace, port, x, how);
    return expand(seen, [members, ...seen.shape]);
  });
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
  build: (outputs, { members, embedding, width, depth, dropout, ...how }) => ({
    by: 'gradient',
    ...sideBySide((trace, features) => {
      const { rows, pictures } = part(features);
      const each = embeddingWidth(embedding, Object.keys(features).length);
      const seen = [...read(trace, rows, members, each), ...look(trace, pictures, members, how)];
      // No gain and shift are learned: a linear layer follows.
      const fields = standardise(concat(seen, 2), { balanced: false, apart: false });
      const open = trace.dropout(fields, dropout);
      const h = hidden(trace, 'hidden', open, { width, depth, dropout }, linears);
      return linears(trace, 'out', h, outputs);
    }),
    vary: (feeds, stream) => warpPictures(feeds, usualWarp, stream),
  }),
};
