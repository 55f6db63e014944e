/**
 * Experts of one shape side by side: each computes only the rows that are sent to it. No expert kind is
 * made of them: they are the sparse step and the routed inference that `npm run bench` races against PyTorch.
 */
import { add, ask, collect, dispatch, matmul, relu, send } from './ops.js';
import type { Tensor } from './tensor.js';
import type { Trace } from './trace-types.js';

export interface SparseOptions {
  /** E */
  readonly experts: number;
  /** Widths of the layers of an expert, with a ReLU between two. */
  readonly widths: readonly number[];
}

interface Layer {
  /** [E, n, width] */
  readonly weight: Tensor;
  /** [E, 1, width] */
  readonly bias: Tensor;
}

/** A layer of its own for each expert. */
function layersOf(t: Trace, name: string, length: number, options: SparseOptions): Layer[] {
  const { experts, widths } = options;
  return widths.map((width, i) => {
    const from = i === 0 ? length : widths[i - 1]!;
    const zeros = { kind: 'zeros' } as const;
    return {
      weight: t.weight(`${name}/${i}/weight`, [experts, from, width], { kind: 'he' }),
      bias: t.weight(`${name}/${i}/bias`, [experts, 1, width], zeros, { decay: false }),
    };
  });
}

/**
 * Rows x [B, n] through the experts chosen for each, [B, K] int64: what these said, [B, K, width].
 * Sparsely gated after Shazeer et al. 2017, without a limit of capacity: in training queues are padded
 * to the longest, so uneven routes cost time and never a row.
 */
export function sparseExperts(
  t: Trace,
  name: string,
  x: Tensor,
  choice: Tensor,
  options: SparseOptions,
): Tensor {
  const layers = layersOf(t, name, x.shape[1] as number, options);
  if (!t.training) {
    const list = layers.flatMap(({ weight, bias }) => [weight, bias]);
    return ask(x, choice, list);
  }
  const queues = dispatch(choice, options.experts, `${name}/C`);
  const said = layers.reduce(
    (h, { weight, bias }, i) => add(matmul(i === 0 ? h : relu(h), weight), bias),
    send(x, queues),
  );
  return collect(said, queues);
}
