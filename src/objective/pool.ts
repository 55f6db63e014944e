/** Pools: how the outputs of the experts that were asked become one answer. */
import {
  add,
  constant,
  exp,
  less,
  log,
  logSoftmax,
  logSumExp,
  mul,
  reshape,
  softplus,
  sub,
  sum,
  where,
} from '../tensor/ops.js';
import type { Tensor } from '../tensor/tensor.js';

/** Stands for the logarithm of zero: the weight of an expert that was not asked. */
export const notAsked = -1e9;

export interface Pool {
  /**
   * Scores [B, E] and how much each expert is asked (share [B, E], 0 not at all to 1 fully)
   * to log-weights [B, E]; where share is 0 the log-weight is `notAsked`.
   */
  weights(scores: Tensor, share: Tensor): Tensor;
  /** Answers [B, K, V], log-weights [B, K] and the prior answer [1, V] to pooled outputs [B, W]. */
  combine(outputs: Tensor, logWeights: Tensor, prior: Tensor): Tensor;
}

const smallest = 1e-6;

function logShare(share: Tensor): Tensor {
  const asked = log(add(share, smallest));
  return where(less(share, constant(smallest)), constant(notAsked), asked);
}

/** [B, K] to [B, K, 1] */
export function column(x: Tensor): Tensor {
  return reshape(x, [...x.shape, 1]);
}

/**
 * Fusing sources: log pi + sum g_i (z_i - log pi), normalised; the weights g are not negative and
 * need not sum to one, and the prior counts once (log-linear pool, Heskes 1998).
 */
export const product: Pool = {
  weights: (scores, share) => add(log(add(softplus(scores), smallest)), logShare(share)),
  combine(outputs, logWeights, prior) {
    const said = sub(outputs, reshape(prior, [1, 1, prior.shape[1]!]));
    const evidence = sum(mul(column(exp(logWeights)), said), [1]);
    return logSoftmax(add(evidence, prior));
  },
};

/** Competing experts: log sum w_i p_i, the weights sum to one (Jacobs et al. 1991). */
export const mixture: Pool = {
  weights: (scores, share) => logSoftmax(add(scores, logShare(share))),
  combine: (outputs, logWeights) => logSumExp(add(outputs, column(logWeights)), 1),
};
