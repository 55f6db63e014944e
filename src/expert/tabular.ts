/** The tabular expert: an MLP on piecewise-linear number embeddings and category embeddings. */
import { z } from 'zod';
import { embed, hidden } from '../tensor/blocks.js';
import { linear } from '../tensor/layer.js';
import { type Expert, embeddingWidth } from './expert.js';

const config = z.strictObject({
  width: z.int().min(1).max(4096).default(192).describe('units of a hidden layer'),
  depth: z.int().min(1).max(8).default(2).describe('hidden layers'),
  embedding: z
    .int()
    .min(1)
    .max(1024)
    .default(16)
    .describe('numbers that stand for one port; fewer, down to 4, where there are more than 64'),
  dropout: z.number().min(0).max(0.9).default(0.1).describe('share of units left out in training'),
});

/** Number embeddings after Gorishniy et al. 2022 (PLE, then a linear layer and ReLU). */
export const tabular: Expert<z.infer<typeof config>> = {
  kind: 'tabular',
  summary: 'a small neural network over numbers and categories',
  config,
  schedule: {
    epochs: 60,
    batch: 256,
    rate: 0.002,
    tableRate: 0.1,
    weightDecay: 0.01,
    smoothing: 0,
    patience: 8,
  },
  ports: ['value', 'steps', 'level', 'outline'],
  build: (outputs, { width, depth, embedding, dropout }) => ({
    by: 'gradient',
    forward(trace, features) {
      const each = embeddingWidth(embedding, Object.keys(features).length);
      const fields = embed(trace, 'embed', features, each);
      const h = hidden(trace, 'hidden', fields, { width, depth, dropout });
      return linear(trace, 'out', h, outputs);
    },
  }),
};
