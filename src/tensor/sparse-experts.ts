/** Experts of one shape side by side: each computes only the rows that are sent to it. */
import { type Activation, activation } from './layer.js';
import { add, collect, dispatch, matmul, send } from './ops.js';
import type { Tensor } from './tensor.js';
import type { Trace } from './trace-types.js';

export interface SparseOptions {
  /** E */
  readonly experts: number;
  /** Widths of the layers of an expert. */
  readonly widths: readonly number[];
  readonly activation?: Activation;
}

/** h [E, C, n] through a layer of its own for each expert: [E, C, width]. */
function linears(t: Trace, name: string, h: Tensor, width: number): Tensor {
  const [experts, , length] = h.shape as [number, string, number];
  const w = t.weight(`${name}/weight`, [experts, length, width], { kind: 'he' });
  const zeros = { kind: 'zeros' } as const;
  return add(matmul(h, w), t.weight(`${name}/bias`, [experts, 1, width], zeros, { decay: false }));
}

/**
 * Rows x [B, n] through the experts chosen for each, [B, K] int64: what these said, [B, K, width].
 * Sparsely gated after Shazeer et al. 2017, without a limit of capacity: queues are padded to the
 * longest, so uneven routes cost time and never a row.
 */
export function sparseExperts(
  t: Trace,
  name: string,
  x: Tensor,
  choice: Tensor,
  { experts, widths, activation: kind = 'relu' }: SparseOptions,
): Tensor {
  const queues = dispatch(choice, experts, `${name}/C`);
  const said = widths.reduce(
    (h, width, i) => linears(t, `${name}/${i}`, i === 0 ? h : activation(kind, h), width),
    send(x, queues),
  );
  return collect(said, queues);
}
