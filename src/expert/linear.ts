/** The linear expert: every port by itself, summed; the base line that often wins on sparse data. */
import { z } from 'zod';
import { project } from '../tensor/blocks.js';
import { add } from '../tensor/ops.js';
import type { Expert } from './expert.js';

const config = z.strictObject({});

export const linear: Expert<z.infer<typeof config>> = {
  kind: 'linear',
  summary: 'a linear model over all fields: steps of numbers, categories, words, ids',
  config,
  schedule: {
    epochs: 6,
    batch: 128,
    rate: 0.01,
    tableRate: 0.08,
    weightDecay: 0,
    smoothing: 0.05,
    patience: 3,
  },
  ports: ['steps', 'level', 'words', 'items', 'count', 'outline', 'template', 'phrases'],
  build: (outputs) => ({
    by: 'gradient',
    forward(trace, features) {
      const bias = trace.weight('bias', [1, outputs], { kind: 'zeros' }, { decay: false });
      return add(project(trace, 'direct', features, outputs), bias);
    },
  }),
};
