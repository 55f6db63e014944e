/** The static gate: one learned weight per expert, moved only by which fields are present. */
import { z } from 'zod';
import { linear as dense } from '../tensor/layer.js';
import { add } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Gate, presencePort } from './gate.js';

const config = z.strictObject({});

/** The simplest gate that learns: where rows are few it is often as good as any. */
export const fixedWeights: Gate<z.infer<typeof config>> = {
  kind: 'static',
  summary: 'a learned weight per expert that depends only on which fields are present',
  config,
  learns: true,
  readsPorts: false,
  scores(trace, features, facts) {
    const experts = facts.experts.length;
    const bias = trace.weight('bias', [1, experts], { kind: 'zeros' }, { decay: false });
    const presence = features[presencePort] as Tensor;
    const init = { kind: 'zeros' } as const;
    return add(dense(trace, 'presence', presence, experts, { bias: false, init }), bias);
  },
};
