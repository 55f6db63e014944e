/** A kernel that slides over its operand: the product at the heart of every convolution. */
import { apply, type Op, sameShape, shapeError, type Tensor } from '../tensor.js';
import { sum } from './broadcast.js';
import { rowOuter } from './row.js';

interface Slide {
  readonly name: string;
  /** The gradient of the operand from that of the result. */
  back(x: Tensor, w: Tensor, g: Tensor): Tensor;
}

/**
 * The operands are x, what the kernel sees of it at each place, the kernel, and a bias or none. Only
 * what is seen is multiplied, and it serves the gradient of the kernel again; the gradient of x
 * passes it by.
 */
const slideOp: Op<Slide> = {
  name: 'slide',
  shape(inputs, { name }) {
    const [x, seen, w, bias] = inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
    const fits = w.shape.length === 2 && seen.shape.at(-1) === w.shape[0] && w.dtype === 'float32';
    if (!fits || (bias !== undefined && !sameShape(bias.shape, [w.shape[1]!]))) {
      throw shapeError(name, 'the kernel or the bias does not fit', [x, w]);
    }
    return { shape: [...seen.shape.slice(0, -1), w.shape[1]!], dtype: 'float32' };
  },
  emit(graph, [, seen, w, bias], _, node) {
    const [long, wide] = node.inputs[2]!.shape as [number, number];
    const rows = graph.node('Reshape', [seen!, graph.constant([-1, long], [2], 'int64')]);
    // A bias in the product costs less than one that is added by itself.
    const product = graph.node('Gemm', bias === undefined ? [rows, w!] : [rows, w!, bias]);
    const dims = [-1, ...(node.shape.slice(1, -1) as number[]), wide];
    return graph.node('Reshape', [product, graph.constant(dims, [dims.length], 'int64')]);
  },
  vjp(node, g, { back }) {
    const [x, seen, w, bias] = node.inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
    const slopes = [back(x, w, g), null, rowOuter(seen, g)];
    if (bias === undefined) return slopes;
    return [
      ...slopes,
      sum(
        g,
        g.shape.slice(0, -1).map((_, i) => i),
      ),
    ];
  },
  work: (node, size) => size(node.shape) * size([node.inputs[2]!.shape[0]!]),
};

/** The product of what a kernel sees of x with the kernel [n, N], and a bias [N] where one is given. */
export function slide(
  [x, seen, w, bias]: readonly [Tensor, Tensor, Tensor, Tensor | undefined],
  attributes: Slide,
): Tensor {
  return apply(slideOp, bias === undefined ? [x, seen, w] : [x, seen, w, bias], attributes);
}
