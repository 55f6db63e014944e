/** Products in which every axis but the last counts rows: one large product instead of a batch. */
import { apply, type Emitter, type Op, sameShape, shapeError, type Tensor } from '../tensor.js';
import { transpose } from './matmul.js';

/** The last axis of each operand; the axes before must agree. */
function flatRows(graph: Emitter, value: string, width: number): string {
  return graph.node('Reshape', [value, graph.constant([-1, width], [2], 'int64')]);
}

const rowMatmulOp: Op<null> = {
  name: 'rowMatmul',
  shape(inputs) {
    const [x, w] = inputs as [Tensor, Tensor];
    const fits = w.shape.length === 2 && x.shape.length >= 2 && x.shape.at(-1) === w.shape[0];
    if (!fits || x.dtype !== 'float32' || w.dtype !== 'float32') {
      throw shapeError('rowMatmul', 'expected float32 [.., K] and [K, N]', inputs);
    }
    return { shape: [...x.shape.slice(0, -1), w.shape[1]!], dtype: 'float32' };
  },
  emit: (graph, inputs) => graph.node('MatMul', inputs),
  vjp(node, g) {
    const [x, w] = node.inputs as [Tensor, Tensor];
    return [rowMatmul(g, transpose(w, [1, 0])), rowOuter(x, g)];
  },
  work: (node, size) => size(node.shape) * size([node.inputs[1]!.shape[0]!]),
};

/** The gradient of the matrix: x [.., K] and g [.., N] to [K, N], summed over all rows. */
const rowOuterOp: Op<null> = {
  name: 'rowOuter',
  shape(inputs) {
    const [x, g] = inputs as [Tensor, Tensor];
    if (!sameShape(x.shape.slice(0, -1), g.shape.slice(0, -1))) {
      throw shapeError('rowOuter', 'expected [.., K] and [.., N]', inputs);
    }
    return { shape: [x.shape.at(-1)!, g.shape.at(-1)!], dtype: 'float32' };
  },
  emit(graph, [x, g], _, node) {
    const [k, n] = node.inputs.map(({ shape }) => shape.at(-1) as number) as [number, number];
    const [a, b] = [flatRows(graph, x!, k), flatRows(graph, g!, n)];
    if (k <= n) return graph.node('Gemm', [a, b], { transA: 1 });
    // The wider operand is best read as it lies: a fifth less time at 16,384 x 96 and 32. As a Gemm the
    // runtime would turn it back.
    const turn = (value: string) => graph.node('Transpose', [value], { perm: [1, 0] });
    return turn(graph.node('MatMul', [turn(b), a]));
  },
  vjp(node, gradient) {
    const [x, g] = node.inputs as [Tensor, Tensor];
    return [rowMatmul(g, transpose(gradient, [1, 0])), rowMatmul(x, gradient)];
  },
  work: (node, size) => size(node.inputs[0]!.shape) * size([node.inputs[1]!.shape.at(-1)!]),
};

/** x [.., K] times w [K, N]: [.., N]; the gradient of w is one product over all rows. */
export function rowMatmul(x: Tensor, w: Tensor): Tensor {
  return apply(rowMatmulOp, [x, w], null);
}

/** x [.., K] and g [.., N] to [K, N]: the products of their last axes, summed over all rows. */
export function rowOuter(x: Tensor, g: Tensor): Tensor {
  return apply(rowOuterOp, [x, g], null);
}
