/** Windows along a series, causal and dilated: what a 1-D convolution multiplies, and its reverse. */
import { apply, constant, type Op, type Shape, shapeError, type Tensor } from '../tensor.js';
import { add, mul, sub } from './arithmetic.js';
import { reshape } from './broadcast.js';
import { pad } from './cut.js';
import { gather } from './lookup.js';
import { matmul, transpose } from './matmul.js';
import { standardise } from './normalise.js';
import { mean } from './reduce.js';
import { rowMatmul } from './row.js';
import { slide } from './slide.js';

export interface Window {
  /** Steps that a window holds. */
  readonly size: number;
  /** Steps from one to the next. */
  readonly dilation: number;
}

/** [B, T, C]: its two known lengths. */
function lengthsOf(name: string, inputs: readonly Tensor[]): [steps: number, channels: number] {
  const [, steps, channels] = inputs[0]!.shape;
  const known = typeof steps === 'number' && typeof channels === 'number';
  if (inputs[0]!.shape.length !== 3 || !known || inputs[0]!.dtype !== 'float32') {
    throw shapeError(name, 'expected float32 [B, T, C] with known T and C', inputs);
  }
  return [steps, channels];
}

function checkWindow(name: string, { size, dilation }: Window, inputs: readonly Tensor[]): void {
  const whole = Number.isInteger(size) && Number.isInteger(dilation);
  if (!whole || size < 1 || dilation < 1) {
    throw shapeError(name, `no window of ${size} steps, ${dilation} apart`, inputs);
  }
}

/** For every step t and place k of its window, `at(t, k)`. */
function places(steps: number, size: number, at: (t: number, k: number) => number): BigInt64Array {
  return BigInt64Array.from({ length: steps * size }, (_, i) =>
    BigInt(at(Math.floor(i / size), i % size)),
  );
}

/** Pads [B, n, C] with one step of zeros after the last. */
const zeroStep = [0, 0, 0, 0, 1, 0];

const windowOp: Op<Window> = {
  name: 'window',
  shape(inputs, a) {
    checkWindow('window', a, inputs);
    const [steps, channels] = lengthsOf('window', inputs);
    return { shape: [inputs[0]!.shape[0]!, steps, a.size * channels], dtype: 'float32' };
  },
  emit(graph, [x], { size, dilation }, node) {
    const [steps, channels] = lengthsOf('window', node.inputs);
    const pads = graph.constant(zeroStep, [6], 'int64');
    const index = places(steps, size, (t, k) => {
      const from = t - (size - 1 - k) * dilation;
      return from < 0 ? steps : from;
    });
    const taken = graph.node(
      'Gather',
      [graph.node('Pad', [x!, pads]), graph.constant(index, [steps, size], 'int64')],
      { axis: 1 },
    );
    return graph.node('Reshape', [
      taken,
      graph.constant([0, steps, size * channels], [3], 'int64'),
    ]);
  },
  vjp: (_, gradient, a) => [apply(unwindowOp, [gradient], a)],
  work: () => 0,
};

/** The reverse of `window`: each number is added to the step it was taken from; a gather as well. */
const unwindowOp: Op<Window> = {
  name: 'unwindow',
  shape(inputs, { size }) {
    const [steps, wide] = lengthsOf('unwindow', inputs);
    if (wide % size !== 0) throw shapeError('unwindow', `no windows of ${size} steps`, inputs);
    const shape: Shape = [inputs[0]!.shape[0]!, steps, wide / size];
    return { shape, dtype: 'float32' };
  },
  emit(graph, [g], { size, dilation }, node) {
    const [steps, wide] = lengthsOf('unwindow', node.inputs);
    const flat = graph.constant([0, steps * size, wide / size], [3], 'int64');
    const pads = graph.constant(zeroStep, [6], 'int64');
    const padded = graph.node('Pad', [graph.node('Reshape', [g!, flat]), pads]);
    const index = places(steps, size, (s, k) => {
      const t = s + (size - 1 - k) * dilation;
      return t < steps ? t * size + k : steps * size;
    });
    const taken = graph.node('Gather', [padded, graph.constant(index, [steps, size], 'int64')], {
      axis: 1,
    });
    return graph.node('ReduceSum', [taken, graph.constant([2], [1], 'int64')], { keepdims: 0 });
  },
  vjp: (_, gradient, a) => [apply(windowOp, [gradient], a)],
};

/**
 * [B, T, C] to [B, T, size x C]: at step t the steps t - (size - 1) dilation, ..., t - dilation, t
 * one after the other, zeros before the first step. A matrix over the last axis makes it a causal
 * dilated convolution (Bai et al. 2018).
 */
export function window(x: Tensor, size: number, dilation = 1): Tensor {
  return apply(windowOp, [x], { size, dilation });
}

/** The kernel from N channels back to C. */
function turned(w: Tensor, size: number, channels: number): Tensor {
  const wide = w.shape[1] as number;
  const places = transpose(reshape(w, [size, channels, wide]), [0, 2, 1]);
  return reshape(places, [size * wide, channels]);
}

/** Each step is seen by the `size` steps after it, `dilation` apart: a convolution the other way. */
function seriesGradient(x: Tensor, w: Tensor, g: Tensor, { size, dilation }: Window): Tensor {
  const [steps, channels] = lengthsOf('causal', [x]);
  const back = turned(w, size, channels);
  if (size === 1) return rowMatmul(g, back);
  const index = places(steps, size, (t, k) => Math.min(steps, t + (size - 1 - k) * dilation));
  const seen = gather(pad(g, 1, 0, 1), constant(index), 1);
  return rowMatmul(reshape(seen, [x.shape[0]!, steps, back.shape[0]!]), back);
}

/** [T, size] 1 where a place of the window of a step lies within the series, 0 before its begin. */
function within(steps: number, { size, dilation }: Window): Tensor {
  const data = Float32Array.from({ length: steps * size }, (_, i) => {
    const back = (size - 1 - (i % size)) * dilation;
    return Math.floor(i / size) >= back ? 1 : 0;
  });
  return constant(data, [steps, size]);
}

export interface Norm {
  /** [C] */
  readonly gain: Tensor;
  /** [C] */
  readonly shift: Tensor;
  /** Whether there are many rows at once, as in training. */
  readonly training: boolean;
}

/**
 * `causal` of a layer normalisation with this gain [C] and shift [C] (Ba et al. 2016): both are put into
 * the kernel and the bias [N], which are small, so that gradients need fewer passes over the series.
 * Columns of the kernel lose their mean, which numbers of mean 0 do not feel.
 */
export function causalNormalised(
  x: Tensor,
  { gain, shift, training }: Norm,
  w: Tensor,
  seen: Window,
  bias: Tensor,
): Tensor {
  const [steps, channels] = lengthsOf('causalNormalised', [x]);
  const wide = w.shape[1] as number;
  const kernel = reshape(w, [seen.size, channels, wide]);
  const scaled = mul(kernel, reshape(gain, [channels, 1]));
  const level = reshape(sub(scaled, mean(scaled, [1], true)), w.shape);
  const y = causal(standardise(x, { balanced: true, apart: training }), level, seen);
  const shifts = reshape(matmul(reshape(shift, [1, channels]), kernel), [seen.size, wide]);
  return add(y, add(matmul(within(steps, seen), shifts), bias));
}

/**
 * x [B, T, C] with a kernel [size x C, N], its rows step by step, and a bias [N]: [B, T, N]; every
 * step sees itself and those before it, `dilation` apart (Bai et al. 2018).
 */
export function causal(x: Tensor, w: Tensor, { size, dilation }: Window, bias?: Tensor): Tensor {
  const back = (series: Tensor, matrix: Tensor, g: Tensor): Tensor =>
    seriesGradient(series, matrix, g, { size, dilation });
  const seen = size === 1 ? x : window(x, size, dilation);
  return slide([x, seen, w, bias], { name: 'causal', back });
}
