/** The log expert: embeddings of templates and of masked words of log lines, then a hidden layer. */
import { z } from 'zod';
import { hidden, project } from '../tensor/blocks.js';
import { tableInit } from '../tensor/init.js';
import { layerNorm, linear } from '../tensor/layer.js';
import type { Expert } from './expert.js';

const config = z.strictObject({
  width: z.int().min(1).max(1024).default(48).describe('numbers that stand for a template or word'),
  hidden: z.int().min(1).max(4096).default(96).describe('units of the hidden layer'),
  dropout: z.number().min(0).max(0.9).default(0.3).describe('share of units left out in training'),
});

export const log: Expert<z.infer<typeof config>> = {
  kind: 'log',
  summary: 'embeddings of templates and masked words of log lines, then a small neural network',
  config,
  schedule: {
    epochs: 12,
    batch: 64,
    rate: 0.002,
    tableRate: 0.04,
    weightDecay: 0.01,
    smoothing: 0.05,
    patience: 3,
  },
  ports: ['template', 'phrases', 'words'],
  build: (outputs, { width, hidden: units, dropout }) => ({
    by: 'gradient',
    forward(trace, features) {
      const sum = layerNorm(trace, 'norm', project(trace, 'embed', features, width, tableInit));
      const seen = trace.dropout(sum, dropout);
      const h = hidden(trace, 'hidden', seen, { width: units, depth: 1, dropout });
      return linear(trace, 'out', h, outputs);
    },
  }),
};
