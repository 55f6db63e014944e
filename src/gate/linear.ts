/** The linear gate: a score per expert as a sum over cheap ports; its reasons can be read off. */
import { z } from 'zod';
import { project } from '../tensor/blocks.js';
import { add } from '../tensor/ops.js';

import type { Gate } from './gate.js';

const config = z.strictObject({});

export const linear: Gate<z.infer<typeof config>> = {
  kind: 'linear',
  summary: 'a weighted sum of the cheap ports per expert',
  config,
  learns: true,
  readsPorts: true,
  scores(trace, features, facts) {
    const experts = facts.experts.length;
    const bias = trace.weight('bias', [1, experts], { kind: 'zeros' }, { decay: false });
    return add(project(trace, 'direct', features, experts), bias);
  },
};
