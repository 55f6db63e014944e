/** The MLP gate: cheap ports embedded, one hidden layer, a score per expert. */
import { z } from 'zod';
import { hidden, project } from '../tensor/blocks.js';
import { tableInit } from '../tensor/init.js';
import { activation, linear } from '../tensor/layer.js';
import { add } from '../tensor/ops.js';
import type { Gate } from './gate.js';

const config = z.strictObject({
  width: z.int().min(1).max(1024).default(32).describe('units of the hidden layer'),
  dropout: z.number().min(0).max(0.9).default(0.1).describe('share of units left out in training'),
});

export const mlp: Gate<z.infer<typeof config>> = {
  kind: 'mlp',
  summary: 'a small neural network over the cheap ports',
  config,
  learns: true,
  readsPorts: true,
  scores(trace, features, facts, { width, dropout }) {
    const bias = trace.weight('bias', [1, width], { kind: 'normal', scale: 0.5 }, { decay: false });
    const first = activation(
      'relu',
      add(project(trace, 'embed', features, width, tableInit), bias),
    );
    const h = hidden(trace, 'hidden', trace.dropout(first, dropout), { width, depth: 1, dropout });
    return linear(trace, 'out', h, facts.experts.length, { init: { kind: 'normal', scale: 0.05 } });
  },
};
