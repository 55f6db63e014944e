/** The tcn expert: dilated causal convolutions over a series, pooled, then a hidden layer. */
import { z } from 'zod';
import { hidden } from '../tensor/blocks.js';
import { activation, linear, normWeights } from '../tensor/layer.js';
import { add, causal, causalNormalised, concat, max, mean, reshape, slice } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Trace } from '../tensor/trace.js';
import type { Expert } from './expert.js';

const config = z.strictObject({
  width: z.int().min(1).max(512).default(32).describe('channels of a convolution'),
  size: z.int().min(2).max(15).default(3).describe('steps that a kernel sees'),
  depth: z
    .int()
    .min(1)
    .max(10)
    .default(6)
    .describe('most blocks; each doubles the distance between the steps of a kernel'),
  hidden: z.int().min(1).max(4096).default(64).describe('units of the hidden layer'),
  dropout: z.number().min(0).max(0.9).default(0.1).describe('share of units left out in training'),
});
type Config = z.infer<typeof config>;

/** Kernel [fan, width] and bias. */
function kernelOf(trace: Trace, name: string, fan: number, width: number) {
  const w = trace.weight(`${name}/weight`, [fan, width], { kind: 'he' });
  return { w, bias: trace.weight(`${name}/bias`, [width], { kind: 'zeros' }) };
}

/** h [B, T, width] normalised, then each step with the steps that `size` and `dilation` say. */
function block(
  trace: Trace,
  name: string,
  h: Tensor,
  seen: { size: number; dilation: number },
): Tensor {
  const width = h.shape[2] as number;
  const norm = { ...normWeights(trace, `${name}/norm`, width), training: trace.training };
  const { w, bias } = kernelOf(trace, name, seen.size * width, width);
  return causalNormalised(h, norm, w, seen, bias);
}

/** Blocks until a kernel reaches over the whole series, at most `depth`. */
function blocksFor(steps: number, { size, depth }: Config): number {
  let reach = 1;
  let blocks = 0;
  for (; blocks < depth && reach < steps; blocks++) reach += (size - 1) * 2 ** blocks;
  return Math.max(1, blocks);
}

/** One series [B, T, C] to [B, 3 width]: the last step, the mean and the maximum over time. */
function summary(trace: Trace, name: string, x: Tensor, options: Config): Tensor {
  const { width, size, dropout } = options;
  const steps = x.shape[1] as number;
  const { w, bias } = kernelOf(trace, `${name}/in`, x.shape[2] as number, width);
  let h = causal(x, w, { size: 1, dilation: 1 }, bias);
  for (let i = 0; i < blocksFor(steps, options); i++) {
    const next = block(trace, `${name}/${i}`, h, { size, dilation: 2 ** i });
    h = add(h, trace.dropout(activation('relu', next), dropout));
  }
  const last = reshape(slice(h, 1, steps - 1, steps), ['B', width]);
  return concat([last, mean(h, [1]), max(h, 1)], 1);
}

/** After Bai, Kolter & Koltun 2018: residual blocks of dilated causal convolutions. */
export const tcn: Expert<Config> = {
  kind: 'tcn',
  summary: 'a small convolutional network over series, with dilated causal kernels',
  config,
  schedule: {
    epochs: 30,
    batch: 64,
    rate: 0.002,
    tableRate: 0.05,
    weightDecay: 0.01,
    smoothing: 0,
    patience: 5,
  },
  ports: ['sequence', 'outline'],
  build: (outputs, options) => ({
    by: 'gradient',
    forward(trace, features) {
      const parts = (Object.entries(features) as [string, Tensor][]).map(([port, x]) =>
        x.shape.length === 3 ? summary(trace, port, x, options) : x,
      );
      const { hidden: width, dropout } = options;
      const h = hidden(trace, 'hidden', concat(parts, 1), { width, depth: 1, dropout });
      return linear(trace, 'out', h, outputs);
    },
  }),
};
