/** The rocket expert: fixed random-like kernels over a series, and one linear layer. */
import { z } from 'zod';
import { linear } from '../tensor/layer.js';
import { add } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Expert } from './expert.js';

const config = z.strictObject({
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.3)
    .describe('share of features left out in training'),
});

/** After MiniRocket (Dempster et al. 2021); levels, which its kernels cannot see, by the outline. */
export const rocket: Expert<z.infer<typeof config>> = {
  kind: 'rocket',
  summary: 'a linear model over MiniRocket features of series: fast, and hard to beat on few rows',
  config,
  schedule: {
    epochs: 30,
    batch: 64,
    rate: 0.002,
    tableRate: 0.05,
    weightDecay: 0.05,
    smoothing: 0,
    patience: 5,
  },
  ports: ['rocket', 'outline'],
  build: (outputs, { dropout }) => ({
    by: 'gradient',
    forward(trace, features) {
      const small = { kind: 'normal', scale: 0.01 } as const;
      const named = Object.entries(features) as [string, Tensor][];
      const terms = named.map(([port, x]) =>
        linear(
          trace,
          `direct/${port}`,
          trace.dropout(x, port.endsWith(':rocket') ? dropout : 0),
          outputs,
          {
            init: small,
          },
        ),
      );
      return terms.reduce((a, b) => add(a, b));
    },
  }),
};
