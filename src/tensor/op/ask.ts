/**
 * Experts that only answer: each multiplies exactly the rows that were sent to it. Only `sparseExperts` is
 * made of it, which the bench of the engine races.
 */
import { apply, type Emitter, noGradient, type Op, shapeError, type Tensor } from '../tensor.js';
import { asked } from './dispatch.js';

/** Choices [B, K] in the order of their experts, how many each got, and the place of each choice. */
function sorted(graph: Emitter, choice: string, experts: number) {
  const line = graph.node('Reshape', [choice, graph.constant([1, -1], [2], 'int64')]);
  const hot = asked(graph, line, experts);
  // Places of ones are listed line by line, which sorts the choices by their experts.
  const found = graph.node('NonZero', [hot]);
  const order = graph.node('Gather', [found, graph.constant([1], [], 'int64')], { axis: 0 });
  const axes = graph.constant([1], [1], 'int64');
  const counts = graph.node('ReduceSum', [graph.node('Cast', [hot], { to: 1 }), axes], {
    keepdims: 0,
  });
  const [zero, one] = [0, 1].map((value) => graph.constant([value], [], 'int64'));
  const places = graph.node('Range', [zero!, graph.node('Size', [order]), one!]);
  return {
    order,
    counts: graph.node('Cast', [counts], { to: 7 }),
    place: graph.node('ScatterElements', [order, order, places], { axis: 0 }),
  };
}

/** The matrices or biases of all experts as one of each, without the axes of length 1. */
function each(graph: Emitter, all: string, experts: number, dims: readonly number[]): string[] {
  const target = graph.constant(dims, [dims.length], 'int64');
  return graph
    .nodes('Split', [all], { axis: 0, num_outputs: experts }, experts)
    .map((one) => graph.node('Reshape', [one, target]));
}

const askOp: Op<null> = {
  name: 'ask',
  shape(inputs) {
    const [x, choice, ...layers] = inputs as [Tensor, Tensor, ...Tensor[]];
    const fits = x.shape.length === 2 && choice.shape.length === 2 && choice.dtype === 'int64';
    if (!fits || x.shape[0] !== choice.shape[0] || layers.some(({ shape }) => shape.length !== 3)) {
      throw shapeError(
        'ask',
        'expected [B, D], int64 [B, K], then [E, n, W] and [E, 1, W]',
        inputs,
      );
    }
    return { shape: [...choice.shape, layers.at(-1)!.shape[2]!], dtype: 'float32' };
  },
  emit(graph, [x, choice, ...layers], _, node) {
    const [, k, wide] = node.shape as [string, number, number];
    const shapes = node.inputs.slice(2).map(({ shape }) => shape as [number, number, number]);
    const experts = shapes[0]![0];
    const { order, counts, place } = sorted(graph, choice!, experts);
    const rows = graph.node('Div', [order, graph.constant([k], [], 'int64')]);
    const sent = graph.node('Gather', [x!, rows], { axis: 0 });
    let parts = graph.nodes('Split', [sent, counts], { axis: 0 }, experts);
    for (let i = 0; i < layers.length; i += 2) {
      const [, long, width] = shapes[i]!;
      const matrices = each(graph, layers[i]!, experts, [long, width]);
      const biases = each(graph, layers[i + 1]!, experts, [width]);
      const open = i === 0 ? parts : parts.map((part) => graph.node('Relu', [part]));
      parts = open.map((part, e) => graph.node('Gemm', [part, matrices[e]!, biases[e]!]));
    }
    const said = graph.node('Concat', parts, { axis: 0 });
    const back = graph.node('Gather', [said, place], { axis: 0 });
    return graph.node('Reshape', [back, graph.constant([-1, k, wide], [3], 'int64')]);
  },
  vjp: noGradient,
  work: (node, size) =>
    node.inputs.slice(2).reduce((sum, { shape }) => sum + size(shape.slice(1)), 0) *
    size([node.shape[1]!]),
};

/**
 * Rows x [B, D] through the layers of the experts chosen for each, [B, K] int64: [B, K, W]. Layers are
 * matrices [E, n, W] and biases [E, 1, W] by turns, with a ReLU between two. Nothing is padded: with
 * constant layers, which are packed once, it is faster than a batched product, but has no gradient.
 */
export function ask(x: Tensor, choice: Tensor, layers: readonly Tensor[]): Tensor {
  return apply(askOp, [x, choice, ...layers], null);
}
