/** The text expert: hashed n-gram embeddings summed as in fastText, then a hidden layer. */
import { z } from 'zod';
import { hidden, project } from '../tensor/blocks.js';
import { tableInit } from '../tensor/init.js';
import { layerNorm, linear } from '../tensor/layer.js';
import type { Expert } from './expert.js';

const config = z.strictObject({
  width: z.int().min(1).max(1024).default(64).describe('numbers that stand for one n-gram'),
  hidden: z.int().min(1).max(4096).default(128).describe('units of the hidden layer'),
  dropout: z.number().min(0).max(0.9).default(0.3).describe('share of units left out in training'),
});

/** After Joulin et al. 2017 (bag of tricks), with one hidden layer. */
export const text: Expert<z.infer<typeof config>> = {
  kind: 'text',
  summary: 'embeddings of words and character n-grams, then a small neural network',
  config,
  schedule: {
    epochs: 6,
    batch: 64,
    rate: 0.002,
    tableRate: 0.04,
    weightDecay: 0.01,
    smoothing: 0.05,
    patience: 3,
  },
  ports: ['words'],
  build: (outputs, { width, hidden: units, dropout }) => ({
    by: 'gradient',
    forward(trace, features) {
      const sum = layerNorm(trace, 'norm', project(trace, 'embed', features, width, tableInit));
      const h = hidden(trace, 'hidden', trace.dropout(sum, dropout), {
        width: units,
        depth: 1,
        dropout,
      });
      return linear(trace, 'out', h, outputs);
    },
  }),
};
