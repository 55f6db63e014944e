/** The route: which experts a record's scores lead to. */
import {
  add,
  cast,
  constant,
  div,
  greaterEqual,
  less,
  max,
  maximum,
  mul,
  sigmoid,
  stopGradient,
  sub,
  topKMask,
  where,
} from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';

/** Stands for minus infinity in scores: an expert that cannot be asked. */
const closed = -1e8;

export interface RoutePlan {
  /** Most experts asked besides the shared one. */
  readonly topK: number;
  /** lambda x cost of each expert, [1, E]: taken from the selection, never from the weights. */
  readonly penalty: Tensor;
  /** Balancing bias of each expert, [1, E]: added to the selection, never to the weights. */
  readonly bias: Tensor;
  /** Index of the expert that runs on every record, or -1. */
  readonly shared: number;
}

export interface Selection {
  /** score + bias - penalty, `closed` where the expert cannot be asked: [B, E]. */
  readonly selection: Tensor;
  /** Exactly who is asked: 0 or 1, [B, E]. */
  readonly mask: Tensor;
}

function oneHot(index: number, width: number): Tensor {
  return constant(
    Float32Array.from({ length: width }, (_, i) => (i === index ? 1 : 0)),
    [1, width],
  );
}

/**
 * Scores [B, E] and open [B, E] (1 where the expert has its fields and is up) to the experts asked.
 * With a shared expert another is asked only where its selection is above the shared expert's
 * score, so that asking nobody else is a legal route, or where the shared expert is closed.
 */
export function select(scores: Tensor, open: Tensor, plan: RoutePlan): Selection {
  const experts = scores.shape[1] as number;
  const wished = add(scores, sub(plan.bias, plan.penalty));
  const selection = where(less(open, 0.5), closed, wished);
  if (plan.shared < 0) {
    return { selection, mask: mul(topKMask(selection, Math.min(plan.topK, experts)), open) };
  }
  const shared = oneHot(plan.shared, experts);
  const others = sub(selection, mul(shared, -2 * closed));
  const standing = where(less(open, 0.5), 2 * closed, scores);
  const own = max(add(mul(standing, shared), mul(sub(shared, 1), -4 * closed)), 1, true);
  const worth = cast(greaterEqual(others, own), 'float32');
  // Where all others may be asked nobody need be ranked.
  const among = plan.topK < experts - 1 ? mul(topKMask(others, plan.topK), worth) : worth;
  const asked = mul(among, open);
  return { selection, mask: maximum(asked, mul(shared, open)) };
}

/**
 * A soft mask for training, [B, E]: 1 well inside the chosen, 0 well outside, in between near
 * the border; it becomes the hard mask as the temperature (a scalar) falls (annealing).
 */
export function soften(
  { selection, mask }: Selection,
  open: Tensor,
  temperature: Tensor,
  shared: number,
): Tensor {
  const inside = max(add(mul(selection, -1), mul(sub(mask, 1), -closed)), 1, true);
  const outside = max(add(selection, mul(mask, closed)), 1, true);
  const border = stopGradient(mul(sub(outside, inside), 0.5));
  const soft = mul(sigmoid(div(sub(selection, border), temperature)), open);
  if (shared < 0) return soft;
  return maximum(soft, mul(oneHot(shared, selection.shape[1] as number), open));
}
