/**
 * Rows sent to the experts that were chosen for them and back: gathers only, no row is dropped. Only
 * `sparseExperts` is made of them.
 */
import {
  apply,
  type Dim,
  type Emitter,
  noGradient,
  type Op,
  shapeError,
  type Tensor,
} from '../tensor.js';
import { sum } from './broadcast.js';

/** The length of the longest queue of an expert, from the ranks in them. */
function longest(graph: Emitter, rank: string): string {
  const last = graph.node('ReduceMax', [rank], { keepdims: 0 });
  return graph.node('Add', [last, graph.constant([1], [], 'int64')]);
}

/** Which choices [1, N] ask for each expert: [E, N], bool; a line for each runs fast. */
export function asked(graph: Emitter, line: string, experts: number): string {
  const each = Array.from({ length: experts }, (_, e) => e);
  return graph.node('Equal', [line, graph.constant(each, [experts, 1], 'int64')]);
}

function isChoice(name: string, inputs: readonly Tensor[]): void {
  const fits = inputs.every(({ shape, dtype }) => shape.length === 2 && dtype === 'int64');
  if (!fits || typeof inputs[0]!.shape[1] !== 'number') {
    throw shapeError(name, 'expected int64 [B, K]', inputs);
  }
}

/** Place of every choice in the queue of its expert, in the order of the rows. */
const rankOp: Op<number> = {
  name: 'rank',
  shape(inputs) {
    isChoice('rank', inputs);
    return { shape: inputs[0]!.shape, dtype: 'int64' };
  },
  emit(graph, [choice], experts, node) {
    const line = graph.node('Reshape', [choice!, graph.constant([1, -1], [2], 'int64')]);
    const hot = graph.node('Cast', [asked(graph, line, experts)], { to: 1 });
    const before = graph.node('CumSum', [hot, graph.constant([1], [], 'int64')], { exclusive: 1 });
    const own = graph.node('GatherElements', [before, line], { axis: 0 });
    const rank = graph.node('Cast', [own], { to: 7 });
    const back = graph.constant([-1, node.shape[1] as number], [2], 'int64');
    return graph.node('Reshape', [rank, back]);
  },
  vjp: noGradient,
};

/** Place [B, K] of every choice among the E x C places of all queues. */
const placeOp: Op<null> = {
  name: 'place',
  shape(inputs) {
    isChoice('place', inputs);
    return { shape: inputs[0]!.shape, dtype: 'int64' };
  },
  emit(graph, [choice, rank]) {
    const start = graph.node('Mul', [choice!, longest(graph, rank!)]);
    return graph.node('Add', [start, rank!]);
  },
  vjp: noGradient,
};

interface Queues {
  readonly experts: number;
  /** Stands for the length of the longest queue. */
  readonly symbol: string;
}

/** The choice (row x K + k) that waits at every place [E, C]; B x K where nobody does. */
const queueOp: Op<Queues> = {
  name: 'queue',
  shape(inputs, { experts, symbol }) {
    isChoice('queue', inputs);
    return { shape: [experts, symbol], dtype: 'int64' };
  },
  emit(graph, [place, rank], { experts }) {
    const flat = graph.node('Reshape', [place!, graph.constant([-1], [1], 'int64')]);
    const count = graph.node('Size', [place!]);
    const experts0 = graph.constant([experts], [], 'int64');
    const size = graph.node('Mul', [longest(graph, rank!), experts0]);
    const dims = graph.node('Reshape', [size, graph.constant([1], [1], 'int64')]);
    const empty = graph.node('Expand', [count, dims]);
    const [zero, one] = [0, 1].map((value) => graph.constant([value], [], 'int64'));
    const choices = graph.node('Range', [zero!, count, one!]);
    const filled = graph.node('ScatterElements', [empty, flat, choices], { axis: 0 });
    return graph.node('Reshape', [filled, graph.constant([experts, -1], [2], 'int64')]);
  },
  vjp: noGradient,
};

/** Where each choice waits [B, K], and who waits at each place [E, C]. */
export interface Dispatch {
  readonly place: Tensor;
  readonly queue: Tensor;
}

/**
 * Queues of the experts that were chosen, [B, K] int64 below `experts`; all are padded to the
 * longest, whose length only the data tells: `symbol` stands for it.
 */
export function dispatch(choice: Tensor, experts: number, symbol = 'C'): Dispatch {
  const rank = apply(rankOp, [choice], experts);
  const place = apply(placeOp, [choice, rank], null);
  return { place, queue: apply(queueOp, [place, rank], { experts, symbol }) };
}

/** One row of zeros after the last. */
function padded(graph: Emitter, x: string): string {
  return graph.node('Pad', [x, graph.constant([0, 0, 1, 0], [4], 'int64')]);
}

const sendOp: Op<null> = {
  name: 'send',
  shape(inputs) {
    const [x, place, queue] = inputs as [Tensor, Tensor, Tensor];
    if (x.shape.length !== 2 || x.dtype !== 'float32' || x.shape[0] !== place.shape[0]) {
      throw shapeError('send', 'expected float32 [B, D] and a dispatch of its rows', inputs);
    }
    return { shape: [...queue.shape, x.shape[1]!], dtype: 'float32' };
  },
  emit(graph, [x, , queue], _, node) {
    const k = graph.constant([node.inputs[1]!.shape[1] as number], [], 'int64');
    const rows = graph.node('Div', [queue!, k]);
    return graph.node('Gather', [padded(graph, x!), rows], { axis: 0 });
  },
  vjp(node, g) {
    const [, place, queue] = node.inputs as [Tensor, Tensor, Tensor];
    return [sum(collect(g, { place, queue }), [1]), null, null];
  },
  work: () => 0,
};

/** x [B, D] to the queues of its rows' experts: [E, C, D], zeros where nobody waits. */
export function send(x: Tensor, { place, queue }: Dispatch): Tensor {
  return apply(sendOp, [x, place, queue], null);
}

const collectOp: Op<null> = {
  name: 'collect',
  shape(inputs) {
    const [y, place, queue] = inputs as [Tensor, Tensor, Tensor];
    const head = y.shape.slice(0, 2);
    if (y.shape.length !== 3 || head.some((dim, i) => dim !== queue.shape[i])) {
      throw shapeError('collect', 'expected [E, C, W] and its dispatch', inputs);
    }
    return { shape: [...place.shape, y.shape[2]!], dtype: 'float32' };
  },
  emit(graph, [y, place], _, node) {
    const wide = graph.constant([-1, node.shape[2] as number], [2], 'int64');
    return graph.node('Gather', [graph.node('Reshape', [y!, wide]), place!], { axis: 0 });
  },
  vjp: (node, g) => [apply(returnOp, [g, node.inputs[1]!, node.inputs[2]!], null), null, null],
  work: () => 0,
};

/** What the experts said at their places [E, C, W], back to the rows that asked: [B, K, W]. */
export function collect(y: Tensor, { place, queue }: Dispatch): Tensor {
  return apply(collectOp, [y, place, queue], null);
}

/** The reverse of `collect`: [B, K, W] to [E, C, W], zeros where nobody waits. */
const returnOp: Op<null> = {
  name: 'return',
  shape([g, , queue]) {
    const dims: Dim[] = [...queue!.shape, g!.shape[2]!];
    return { shape: dims, dtype: 'float32' };
  },
  emit(graph, [g, , queue], _, node) {
    const wide = graph.constant([-1, node.shape[2] as number], [2], 'int64');
    const flat = graph.node('Reshape', [g!, wide]);
    return graph.node('Gather', [padded(graph, flat), queue!], { axis: 0 });
  },
  vjp(node, gradient) {
    const [, place, queue] = node.inputs as [Tensor, Tensor, Tensor];
    return [collect(gradient, { place, queue }), null, null];
  },
  work: () => 0,
};
