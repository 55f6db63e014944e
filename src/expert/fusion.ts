/** The fusion expert: reads several kinds of field, each embedded by itself, then mixed. */
import { z } from 'zod';
import { embed, hidden } from '../tensor/blocks.js';
import { layerNorm, linear } from '../tensor/layer.js';
import type { Expert } from './expert.js';

const config = z.strictObject({
  embedding: z.int().min(1).max(512).default(32).describe('numbers that stand for one field'),
  width: z.int().min(1).max(4096).default(192).describe('units of a hidden layer'),
  depth: z.int().min(1).max(8).default(1).describe('hidden layers'),
  dropout: z.number().min(0).max(0.9).default(0.3).describe('share of units left out in training'),
});

export const fusion: Expert<z.infer<typeof config>> = {
  kind: 'fusion',
  summary: 'one small neural network over all fields, any of which may be missing',
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
  ports: ['value', 'steps', 'level', 'words', 'items', 'count', 'outline', 'template', 'phrases'],
  build: (outputs, { embedding, width, depth, dropout }) => ({
    by: 'gradient',
    forward(trace, features) {
      const fields = layerNorm(trace, 'norm', embed(trace, 'embed', features, embedding));
      const h = hidden(trace, 'hidden', trace.dropout(fields, dropout), { width, depth, dropout });
      return linear(trace, 'out', h, outputs);
    },
  }),
};
