/** Transposition and matrix products. */
import { apply, type Op, type Shape, sameShape, shapeError, type Tensor } from '../tensor.js';
import { broadcastShape, sum, unbroadcast } from './broadcast.js';

const transposeOp: Op<readonly number[]> = {
  name: 'transpose',
  shape(inputs, perm) {
    const x = inputs[0]!;
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw shapeError('transpose', `[${perm.join(', ')}] is not a permutation of the axes`, [x]);
    }
    return { shape: perm.map((axis) => x.shape[axis]!), dtype: x.dtype };
  },
  emit: (graph, [x], perm) => graph.node('Transpose', [x!], { perm }),
  vjp: (_, gradient, perm) => [
    transpose(
      gradient,
      perm.map((_axis, i) => perm.indexOf(i)),
    ),
  ],
  work: () => 0,
};

/** Reorders the axes: axis i of the result is axis perm[i] of `x`. */
export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  return apply(transposeOp, [x], [...perm]);
}

interface Flags {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Rows, shared length, columns. */
function lengths(inputs: readonly Tensor[], { transposeA, transposeB }: Flags): Shape {
  const [a, b] = inputs as [Tensor, Tensor];
  const ends = inputs.slice(0, 2).map((x) => x.shape.slice(-2));
  if (ends.some((end) => end.length < 2) || a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw shapeError('matmul', 'expected float32 of at least two axes', inputs);
  }
  const [rows, shared] = transposeA ? [ends[0]![1]!, ends[0]![0]!] : [ends[0]![0]!, ends[0]![1]!];
  const [inner, columns] = transposeB ? [ends[1]![1]!, ends[1]![0]!] : [ends[1]![0]!, ends[1]![1]!];
  if (shared !== inner) throw shapeError('matmul', 'the shared length differs', inputs);
  return [rows, shared, columns];
}

function lastTwoSwapped(rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
}

const matmulOp: Op<Flags> = {
  name: 'matmul',
  shape(inputs, flags) {
    const [rows, , columns] = lengths(inputs, flags) as [number, number, number];
    const heads = inputs.map((x) => ({ ...x, shape: x.shape.slice(0, -2) }));
    return { shape: [...broadcastShape('matmul', heads), rows, columns], dtype: 'float32' };
  },
  emit(graph, [a, b], { transposeA, transposeB }, node) {
    const [rankA, rankB] = node.inputs.map((x) => x.shape.length) as [number, number];
    if (rankA === 2 && rankB === 2) {
      if (!transposeA && !transposeB) return graph.node('MatMul', [a!, b!]);
      return graph.node('Gemm', [a!, b!], { transA: +transposeA, transB: +transposeB });
    }
    const turn = (value: string, rank: number): string =>
      graph.node('Transpose', [value], { perm: lastTwoSwapped(rank) });
    return graph.node('MatMul', [
      transposeA ? turn(a!, rankA) : a!,
      transposeB ? turn(b!, rankB) : b!,
    ]);
  },
  vjp(node, g, flags) {
    const [a, b] = node.inputs as [Tensor, Tensor];
    const [ga, gb] = productGradients(a, b, g, flags);
    return [unbroadcast(ga, a.shape), unbroadcast(gb, b.shape)];
  },
  work: (node, size) => size(node.shape) * size([lengths(node.inputs, node.attributes)[1]!]),
};

function productGradients(a: Tensor, b: Tensor, g: Tensor, flags: Flags): [Tensor, Tensor] {
  const { transposeA, transposeB } = flags;
  return [
    transposeA
      ? matmul(b, g, { transposeA: transposeB, transposeB: true })
      : matmul(g, b, { transposeB: !transposeB }),
    transposeB
      ? matmul(g, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, g, { transposeA: !transposeA }),
  ];
}

/** Matrix product of the last two axes [.., M, K] x [.., K, N]; leading axes broadcast. */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: Partial<Flags> = {},
): Tensor {
  return apply(matmulOp, [a, b], { transposeA, transposeB });
}

const affineOp: Op<null> = {
  name: 'affine',
  shape(inputs) {
    const [rows, , columns] = lengths(inputs, { transposeA: false, transposeB: false });
    const [x, w, bias] = inputs as [Tensor, Tensor, Tensor];
    if (x.shape.length + w.shape.length !== 4 || !sameShape(bias.shape, [columns!])) {
      throw shapeError('affine', 'expected [B, K], [K, N] and [N]', inputs);
    }
    return { shape: [rows!, columns!], dtype: 'float32' };
  },
  emit: (graph, inputs) => graph.node('Gemm', inputs),
  vjp(node, g) {
    const [x, w] = node.inputs as [Tensor, Tensor];
    return [...productGradients(x, w, g, { transposeA: false, transposeB: false }), sum(g, [0])];
  },
  work: (node, size) => size(node.shape) * size([node.inputs[1]!.shape[0]!]),
};

/** x w + bias for x [B, K], w [K, N], bias [N], as one node. */
export function affine(x: Tensor, w: Tensor, bias: Tensor): Tensor {
  return apply(affineOp, [x, w, bias], null);
}
