/** Patches of pictures, channels last: what a 2-D convolution multiplies, and its reverse. */
import { apply, type Emitter, type Op, type Shape, shapeError, type Tensor } from '../tensor.js';

export interface Patch {
  /** Pixels along each side of a patch. */
  readonly size: number;
  /** Pixels from one patch to the next. */
  readonly stride: number;
}

export interface Fold extends Patch {
  /** Height and width of the picture that the patches were taken from. */
  readonly height: number;
  readonly width: number;
}

/** [B, H, W, C]: its three known lengths. */
export function pictureShape(
  name: string,
  inputs: readonly Tensor[],
): [height: number, width: number, channels: number] {
  const { shape, dtype } = inputs[0]!;
  const known = shape.slice(1).every((dim) => typeof dim === 'number');
  if (shape.length !== 4 || !known || dtype !== 'float32') {
    throw shapeError(name, 'expected float32 [B, H, W, C] with known H, W and C', inputs);
  }
  return shape.slice(1) as [number, number, number];
}

/** Patches along an axis of `length` pixels. */
const count = (length: number, stride: number): number => Math.ceil(length / stride);

/** Zeros before the first pixel, so that patches stand evenly over the axis. */
export const margin = (length: number, { size, stride }: Patch): number =>
  Math.floor(Math.max(0, (count(length, stride) - 1) * stride + size - length) / 2);

/** [h x w, size x size] the pixel at every place of every patch; `height x width` is the zero. */
function pixelsOf(height: number, width: number, patch: Patch): BigInt64Array {
  const { size, stride } = patch;
  const [rows, columns] = [count(height, stride), count(width, stride)];
  const [top, left] = [margin(height, patch), margin(width, patch)];
  return BigInt64Array.from({ length: rows * columns * size * size }, (_, i) => {
    const place = i % (size * size);
    const at = (i - place) / (size * size);
    const y = Math.floor(at / columns) * stride + Math.floor(place / size) - top;
    const x = (at % columns) * stride + (place % size) - left;
    const inside = y >= 0 && y < height && x >= 0 && x < width;
    return BigInt(inside ? y * width + x : height * width);
  });
}

/** [m, H x W] the patch places that hold each pixel, at most m; `patches x size x size` is the zero. */
function placesOf(height: number, width: number, patch: Patch): { m: number; data: BigInt64Array } {
  const pixels = pixelsOf(height, width, patch);
  const lists = Array.from({ length: height * width + 1 }, (): number[] => []);
  pixels.forEach((pixel, place) => {
    lists[Number(pixel)]!.push(place);
  });
  lists.pop();
  const m = Math.max(...lists.map(({ length }) => length));
  const data = BigInt64Array.from({ length: m * lists.length }, (_, i) =>
    BigInt(lists[i % lists.length]![Math.floor(i / lists.length)] ?? pixels.length),
  );
  return { m, data };
}

/** Rows of [B, n, C] by an index into n with one row of zeros after the last. */
function takeRows(
  graph: Emitter,
  value: string,
  index: BigInt64Array,
  dims: readonly number[],
): string {
  const pads = graph.constant([0, 0, 0, 0, 1, 0], [6], 'int64');
  const padded = graph.node('Pad', [value, pads]);
  return graph.node('Gather', [padded, graph.constant(index, dims, 'int64')], { axis: 1 });
}

/** Patches of one channel: whole rows of the batch are taken, a third of the time of single numbers. */
function takePixels(
  graph: Emitter,
  x: string,
  index: BigInt64Array,
  [pixels, ...dims]: readonly [number, ...number[]],
): string {
  const turn = (value: string) => graph.node('Transpose', [value], { perm: [1, 0] });
  const flat = graph.node('Reshape', [x, graph.constant([-1, pixels], [2], 'int64')]);
  const padded = graph.node('Pad', [turn(flat), graph.constant([0, 0, 1, 0], [4], 'int64')]);
  const places = graph.constant(index, [index.length], 'int64');
  const taken = turn(graph.node('Gather', [padded, places], { axis: 0 }));
  return graph.node('Reshape', [taken, graph.constant([-1, ...dims], [4], 'int64')]);
}

const patchesOp: Op<Patch> = {
  name: 'patches',
  shape(inputs, { size, stride }) {
    const [height, width, channels] = pictureShape('patches', inputs);
    const whole = Number.isInteger(size) && Number.isInteger(stride);
    if (!whole || stride < 1 || size < stride) {
      throw shapeError('patches', `no patches of ${size} pixels, ${stride} apart`, inputs);
    }
    const dims = [count(height, stride), count(width, stride), size * size * channels];
    return { shape: [inputs[0]!.shape[0]!, ...dims], dtype: 'float32' };
  },
  emit(graph, [x], patch, node) {
    const [height, width, channels] = pictureShape('patches', node.inputs);
    const lines = graph.constant([0, height * width, channels], [3], 'int64');
    const index = pixelsOf(height, width, patch);
    const [h, w, wide] = node.shape.slice(1) as number[];
    if (channels === 1) return takePixels(graph, x!, index, [height * width, h!, w!, wide!]);
    const taken = takeRows(graph, graph.node('Reshape', [x!, lines]), index, [
      h! * w!,
      patch.size ** 2,
    ]);
    return graph.node('Reshape', [taken, graph.constant([0, h!, w!, wide!], [4], 'int64')]);
  },
  vjp(node, gradient, patch) {
    const [height, width] = pictureShape('patches', node.inputs);
    return [fold(gradient, { ...patch, height, width })];
  },
  work: () => 0,
};

/** The reverse of `patches`: each number is added to the pixel it was taken from; a gather as well. */
const foldOp: Op<Fold> = {
  name: 'fold',
  shape(inputs, { size, height, width }) {
    const wide = pictureShape('fold', inputs)[2];
    const shape: Shape = [inputs[0]!.shape[0]!, height, width, wide / size ** 2];
    if (wide % size ** 2 !== 0) throw shapeError('fold', `no patches of ${size} pixels`, inputs);
    return { shape, dtype: 'float32' };
  },
  emit(graph, [g], fold, node) {
    const { height, width } = fold;
    const [h, w, wide] = pictureShape('fold', node.inputs);
    const channels = wide / fold.size ** 2;
    const lines = graph.constant([0, h * w * fold.size ** 2, channels], [3], 'int64');
    const { m, data } = placesOf(height, width, fold);
    const taken = takeRows(graph, graph.node('Reshape', [g!, lines]), data, [m, height * width]);
    // Over an outer axis the sum runs along whole rows: three times as fast.
    const axes = graph.constant([1], [1], 'int64');
    const sums = graph.node('ReduceSum', [taken, axes], { keepdims: 0 });
    return graph.node('Reshape', [
      sums,
      graph.constant([0, height, width, channels], [4], 'int64'),
    ]);
  },
  vjp: (_, gradient, { size, stride }) => [patches(gradient, size, stride)],
  work: (node, size) => size(node.inputs[0]!.shape),
};

/**
 * [B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), size x size x C]: the pixels around every
 * stride-th pixel, row after row, zeros beyond the edges.
 */
export function patches(x: Tensor, size: number, stride = 1): Tensor {
  return apply(patchesOp, [x], { size, stride });
}

/** The reverse of `patches`: [B, h, w, size x size x C] to [B, H, W, C], overlapping places added. */
export function fold(x: Tensor, attributes: Fold): Tensor {
  return apply(foldOp, [x], attributes);
}
