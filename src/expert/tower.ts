/** A tower of convolutions, channels last: one picture to a row of numbers. */
import { layerNorm } from '../tensor/layer.js';
import { add, convolve, mean, relu, reshape } from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Trace } from '../tensor/trace.js';

export interface Tower {
  /** Channels of each stage, which halves the sides. */
  readonly channels: readonly number[];
  /** Residual layers in a stage. */
  readonly blocks: number;
}

/** Pixels along each side of a kernel. */
const kernel = 3;

function layer(trace: Trace, name: string, x: Tensor, width: number, stride: number): Tensor {
  const fan = kernel * kernel * (x.shape[3] as number);
  const w = trace.weight(`${name}/weight`, [fan, width], { kind: 'he' });
  const bias = trace.weight(`${name}/bias`, [width], { kind: 'zeros' });
  return convolve(x, w, kernel, stride, bias);
}

/** One picture [B, H, W, C] to [B, last channels]: stages, then the mean over what is left of it. */
export function tower(trace: Trace, name: string, x: Tensor, { channels, blocks }: Tower): Tensor {
  let h = x;
  channels.forEach((width, stage) => {
    h = relu(layer(trace, `${name}/${stage}`, h, width, 2));
    for (let block = 0; block < blocks; block++)
      h = relu(add(h, layer(trace, `${name}/${stage}/${block}`, h, width, 1)));
  });
  const [height, width, wide] = h.shape.slice(1) as number[];
  const seen = mean(reshape(h, [h.shape[0]!, height! * width!, wide!]), [1]);
  return layerNorm(trace, `${name}/norm`, seen);
}
