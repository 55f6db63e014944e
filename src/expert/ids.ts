/** The ids expert: summed embeddings of sparse identifiers, then a hidden layer. */
import { z } from 'zod';
import { embed, hidden } from '../tensor/blocks.js';
import { linear } from '../tensor/layer.js';
import type { Expert } from './expert.js';

const config = z.strictObject({
  width: z.int().min(1).max(1024).default(48).describe('numbers that stand for one id'),
  hidden: z.int().min(1).max(4096).default(128).describe('units of the hidden layer'),
  dropout: z.number().min(0).max(0.9).default(0.2).describe('share of units left out in training'),
});

export const ids: Expert<z.infer<typeof config>> = {
  kind: 'ids',
  summary: 'embeddings of identifiers from a large sparse space, then a small neural network',
  config,
  schedule: {
    epochs: 6,
    batch: 128,
    rate: 0.001,
    tableRate: 0.04,
    weightDecay: 0.01,
    smoothing: 0.05,
    patience: 2,
  },
  ports: ['items', 'count'],
  build: (outputs, { width, hidden: units, dropout }) => ({
    by: 'gradient',
    forward(trace, features) {
      const fields = trace.dropout(embed(trace, 'embed', features, width), dropout);
      const h = hidden(trace, 'hidden', fields, { width: units, depth: 1, dropout });
      return linear(trace, 'out', h, outputs);
    },
  }),
};
